"""What is told once: the failures, or the gaps, of one operation with one cause; and how a run ended, in a sentence."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

_MAX_NAMES = 6
_INSTEAD = re.compile(r"\d{3}[A-Z_ ]* instead of [0-9A-Z_ ]*(?:or [0-9A-Z_ ]+)*")
# What differs from one request to the next: ids, numbers and times.
_VALUES = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|ck[0-9a-f]{8}[-.\w]*|\d+")


@dataclass
class Cause:
    """Failures, or gaps, of one operation that have one cause.

    Attributes:
        told: the cause.
        rows: the failures or gaps, as the report has them.
    """

    operation: str
    told: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    def each(self, key: str) -> list[str]:
        """Return the different values that the rows have of a key."""
        return list(dict.fromkeys(row[key] for row in self.rows if row[key]))

    @property
    def name(self) -> str:
        """The operation, for people."""
        return self.operation or "the deployment"

    @property
    def who(self) -> str:
        """Who met a failure: one caller by name, several by number; empty if that does not matter."""
        callers = self.each("caller")
        return f"as {callers[0]}" if len(callers) == 1 else f"{len(callers)} callers" if callers else ""


def failures_by_cause(failures: Iterable[dict[str, Any]]) -> list[Cause]:
    """Return the failures by operation and cause, the most frequent cause first."""
    found: dict[tuple[str, str], Cause] = {}
    for failure in failures:
        first = failure["message"].partition("\n")[0]
        match = _INSTEAD.match(first)
        told = match[0].strip() if match else first
        key = (failure["operation"], _VALUES.sub("", told) if not match else told)
        found.setdefault(key, Cause(failure["operation"], told)).rows.append(failure)
    return sorted(found.values(), key=lambda cause: -len(cause.rows))


def gaps_by_cause(gaps: Iterable[dict[str, Any]]) -> list[Cause]:
    """Return the gaps that keep a run from being a proof, by operation and reason."""
    found: dict[tuple[str, str], Cause] = {}
    for gap in gaps:
        if not gap["accepted"]:
            key = (gap["operation"], _VALUES.sub("", gap["reason"]))
            found.setdefault(key, Cause(gap["operation"], gap["reason"])).rows.append(gap)
    return list(found.values())


def what(cause: Cause) -> str:
    """Return what could not be tried: calls as many are told by their number."""
    tried = [f"{gap['check']}: {gap['what']}" for gap in cause.rows]
    calls = [one for one in tried if ": a call as " in one]
    rest = [one for one in tried if one not in calls]
    told = [f"{calls[0].partition(':')[0]}: calls as {len(calls)} callers"] if len(calls) > 1 else calls
    return ", ".join(dict.fromkeys([*told, *rest]))


def number(count: int, noun: str = "") -> str:
    """Return a number with its thousands apart, and a noun in the number that fits."""
    return f"{count:,}" + (f" {noun}{'' if count == 1 else 's'}" if noun else "")


def sentence(report: dict[str, Any]) -> tuple[str, list[str]]:
    """Return how a run ended, in a sentence that a colon may follow, and the operations that it is about."""
    failures, gaps = report["failures"], gaps_by_cause(report["gaps"])
    shown = sum(row["count"] for row in report["shown"])
    if failures:
        names = [name for name, _ in Counter(failure["operation"] for failure in failures).most_common() if name]
        told = f"{number(len(failures))} of {number(shown + len(failures), 'statement')} did not hold"
        return told + (f", in {number(len(names), 'operation')}" if names else ""), names
    if report["reason"]:
        return report["reason"], []
    if gaps:
        names = list(dict.fromkeys(cause.operation for cause in gaps if cause.operation))
        told = f"all {number(shown, 'statement')} held, but not everything could be tried"
        return told + (f", in {number(len(names), 'operation')}" if names else ""), names
    if report["left_behind"]:
        return f"all {number(shown, 'statement')} held, but not everything that was made could be removed", []
    return f"all {number(shown, 'statement')} held", []


def in_words(told: str, names: list[str]) -> str:
    """Return the sentence with the names of the operations."""
    if not names:
        return told
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return f"{told}: {', '.join(names[:_MAX_NAMES])}{more}"
