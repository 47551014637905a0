"""The summary of a run on one screen."""

from collections import Counter
from typing import Any

_MAX_FAILURES = 8
_MAX_WORSE = 12


def summary(report: dict[str, Any], *, worse: list[str] | None = None) -> str:
    """Return the summary, without a line break at the end.

    Args:
        worse: what got worse since an earlier report; None: it was not compared.
    """
    lines = [""]
    if report["document"]:
        lines.append(f"{report['document']} at {report['url']}")
    operations = Counter(operation["verdict"] for operation in report["operations"])
    endings = [ending for operation in report["operations"] for ending in operation["documented"]]
    seen = sum(ending["seen"] for ending in endings)
    shown = sum(row["count"] for row in report["shown"])
    if endings:
        told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(operations.items(), reverse=True))
        lines.append(f"  operations   {told}")
        lines.append(f"  statuses     {seen} of {len(endings)} documented ones seen, with each error code")
        lines.append(f"  statements   {shown} held, {len(report['failures'])} did not")
        waited = (
            f", {report['waited_seconds']:.0f} s of them waiting for limits" if report["waited_seconds"] >= 1 else ""
        )
        lines.append(f"  requests     {report['requests']} in {report['total_seconds']:.0f} s{waited}")
    if worse is not None:
        lines += ["", "Worse than before:" if worse else "Nothing is worse than before."]
        lines += [f"  {line}" for line in worse[:_MAX_WORSE]]
    lines += [*_failures(report["failures"]), *_gaps(report["gaps"])]
    lines += [f"  left behind  {what}" for what in report["left_behind"]]
    reason = f": {report['reason']}" if report["reason"] else ""
    lines += ["", f"{report['verdict'].upper()}{reason}"]
    return "\n".join(lines)


def _failures(failures: list[dict[str, Any]]) -> list[str]:
    if not failures:
        return []
    by_check = Counter(failure["check"] for failure in failures)
    lines = ["", "Failures: " + ", ".join(f"{check} {count}" for check, count in by_check.most_common())]
    for failure in failures[:_MAX_FAILURES]:
        who = f" as {failure['caller']}" if failure["caller"] else ""
        lines.append(f"  {failure['check']}: {failure['operation'] or 'the deployment'}{who}: {failure['message']}")
        if failure["curl"]:
            lines.append(f"    {failure['curl'] if len(failure['curl']) < 400 else failure['curl'][:397] + '...'}")
    if len(failures) > _MAX_FAILURES:
        lines.append(f"  and {len(failures) - _MAX_FAILURES} more, in the report")
    return lines


def _gaps(gaps: list[dict[str, Any]]) -> list[str]:
    missing = [gap for gap in gaps if not gap["accepted"]]
    if not missing:
        return []
    lines = ["", "Not covered:"]
    lines += [
        f"  {gap['check']}: {gap['operation'] or 'the deployment'}: {gap['what']}: {gap['reason']}"
        for gap in missing[:_MAX_FAILURES]
    ]
    if len(missing) > _MAX_FAILURES:
        lines.append(f"  and {len(missing) - _MAX_FAILURES} more, in the report")
    return lines
