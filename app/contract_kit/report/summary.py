"""The summary of a run on one screen."""

from collections import Counter
from typing import Any

from app.contract_kit.report.causes import failures_by_cause, gaps_by_cause, in_words, number, sentence, what

_MAX_FAILURES = 8
_MAX_WORSE = 12
_LONGEST_LINE = 400


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
        documented = number(len(endings))
        lines.append(f"  statuses     {number(seen)} of {documented} documented ones seen, with each error code")
        lines.append(f"  statements   {number(shown)} held, {number(len(report['failures']))} did not")
        waited = (
            f", {report['waited_seconds']:.0f} s of them waiting for limits" if report["waited_seconds"] >= 1 else ""
        )
        lines.append(f"  requests     {number(report['requests'])} in {report['total_seconds']:.0f} s{waited}")
    if worse is not None:
        lines += ["", "Worse than before:" if worse else "Nothing is worse than before."]
        lines += [f"  {line}" for line in worse[:_MAX_WORSE]]
    lines += [*_failures(report["failures"]), *_gaps(report["gaps"])]
    lines += [f"  left behind  {what}" for what in report["left_behind"]]
    told, names = sentence(report)
    reason = f"; {report['reason']}" if report["reason"] and report["reason"] != told else ""
    lines += ["", f"{report['verdict'].upper()}: {in_words(told, names)}{reason}"]
    return "\n".join(lines)


def _failures(failures: list[dict[str, Any]]) -> list[str]:
    if not failures:
        return []
    causes = failures_by_cause(failures)
    by_check = Counter(failure["check"] for failure in failures)
    lines = ["", "Failures: " + ", ".join(f"{check} {count}" for check, count in by_check.most_common())]
    for cause in causes[:_MAX_FAILURES]:
        who = f" {cause.who}" if cause.who.startswith("as ") else f", {cause.who}" if cause.who else ""
        lines.append(f"  {cause.name}{who}: {cause.told} ({', '.join(cause.each('check'))})")
        lines += [_shortened(f"    {command}") for command in cause.each("curl")[:1]]
    if len(causes) > _MAX_FAILURES:
        lines.append(f"  and {len(causes) - _MAX_FAILURES} other causes, in the report")
    return lines


def _shortened(line: str) -> str:
    return line if len(line) < _LONGEST_LINE else f"{line[: _LONGEST_LINE - 3]}..."


def _gaps(gaps: list[dict[str, Any]]) -> list[str]:
    missing = gaps_by_cause(gaps)
    if not missing:
        return []
    lines = ["", "Not covered:"]
    lines += [_shortened(f"  {cause.name}: {cause.told} ({what(cause)})") for cause in missing[:_MAX_FAILURES]]
    if len(missing) > _MAX_FAILURES:
        lines.append(f"  and {len(missing) - _MAX_FAILURES} more, in the report")
    return lines
