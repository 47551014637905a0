"""What got worse since an earlier report."""

from collections.abc import Iterator
from typing import Any

Report = dict[str, Any]
# A time that is only a little longer is noise.
_SLOWER = 2.0
_LEAST_MILLISECONDS = 5.0


def worse(old: Report, new: Report) -> list[str]:
    """Return a line for each thing that is worse in the new report.

    Raises:
        ValueError: the old report is none of this kit.
    """
    if old.get("report_version") != new["report_version"] or "operations" not in old:
        raise ValueError("it is no report of this version of charter contract")
    return list(_worse(old, new))


def _worse(old: Report, new: Report) -> Iterator[str]:
    before = {_kind(failure) for failure in old["failures"]}
    told = set()
    for failure in new["failures"]:
        kind = _kind(failure)
        if kind not in before and kind not in told:
            told.add(kind)
            yield f"fails now: {failure['check']}: {failure['operation'] or 'the deployment'}: {failure['message']}"
    now = {operation["name"]: operation for operation in new["operations"]}
    for operation in old["operations"]:
        name = operation["name"]
        if name not in now:
            yield f"gone from the document: {name}"
            continue
        if operation["verdict"] == "passed" and now[name]["verdict"] == "not covered":
            yield f"not covered any more: {name}"
        seen = {(ending["status"], ending["code"]) for ending in now[name]["documented"] if ending["seen"]}
        for ending in operation["documented"]:
            pair = (ending["status"], ending["code"])
            if ending["seen"] and pair not in seen:
                yield f"not seen any more: {name} {ending['status']} {ending['code']}".rstrip()
    for name, times in old["milliseconds"].items():
        later = new["milliseconds"].get(name)
        if later and later["p50"] > max(times["p50"] * _SLOWER, _LEAST_MILLISECONDS):
            yield f"slower: {name} takes {later['p50']} ms instead of {times['p50']} ms (median)"


def _kind(failure: dict[str, Any]) -> tuple[str, str, str]:
    words = "".join(letter for letter in failure["message"] if not letter.isdigit())
    return failure["check"], failure["operation"], words[:60]
