"""What a run found: what was shown, what failed, and what could not be tried."""

import threading
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from app.contract_kit.exchange import Response

# More failures of one kind say nothing new.
_MAX_ALIKE = 3
_LONGEST_BODY = 1500


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that is not as the document says.

    Attributes:
        operation: the operationId; empty if it is about no single operation.
        curl: a command that repeats the request; empty if several requests are needed.
    """

    check: str
    operation: str
    caller: str
    message: str
    curl: str = ""
    response: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was not tried, with the reason.

    Attributes:
        accepted: whether nobody could try it from outside, or --skip left it out.
    """

    check: str
    operation: str
    what: str
    reason: str
    accepted: bool


@dataclass
class Results:
    """Collects what the checks find. It may be used from several threads.

    Attributes:
        seen: how often (operation, caller, check, status, code) was a response.
        shown: how many statements held, by (check, operation).
        seconds: how long each check took.
    """

    seen: Counter[tuple[str, str, str, int, str]] = field(default_factory=Counter)
    shown: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    left_behind: list[str] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=dict)
    _alike: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def saw(self, check: str, response: Response) -> None:
        """Count a response."""
        request = response.request
        key = (request.operation or "", request.caller, check, response.status, response.code or "")
        with self._lock:
            self.seen[key] += 1
            if request.operation and response.ok:
                self.times.setdefault(request.operation, []).append(response.seconds)

    def expect(
        self, held: bool, message: str, *, check: str, operation: str, response: Response | None = None, url: str = ""
    ) -> bool:
        """Record a statement that held, or a failure; return whether it held."""
        with self._lock:
            if held:
                self.shown[check, operation] += 1
                return True
            # Values differ from one request to the next; the words of a message do not.
            kind = (check, operation, "".join(letter for letter in message if not letter.isdigit())[:60])
            self._alike[kind] += 1
            if self._alike[kind] <= _MAX_ALIKE:
                caller = response.request.caller if response else ""
                curl = response.request.curl(url) if response else ""
                told = _told(response) if response else ""
                self.failures.append(Failure(check, operation, caller, message, curl, told))
            return False

    def gap(self, check: str, operation: str, what: str, reason: str, *, accepted: bool = False) -> None:
        """Record what was not tried; a gap that is known already is recorded once."""
        found = Gap(check, operation, what, reason, accepted)
        with self._lock:
            if found not in self.gaps:
                self.gaps.append(found)

    def statuses(self, operation: str) -> set[tuple[int, str]]:
        """Return the (status, code) pairs that an operation was seen to respond with."""
        return {(status, code) for name, _, _, status, code in self.seen if name == operation}

    @property
    def open_gaps(self) -> list[Gap]:
        """The gaps that keep a run from being a proof."""
        return [gap for gap in self.gaps if not gap.accepted]

    def as_json(self) -> dict[str, Any]:
        """Return it for the report."""
        seen = [
            {"operation": operation, "caller": caller, "check": check, "status": status, "code": code, "count": count}
            for (operation, caller, check, status, code), count in sorted(self.seen.items())
        ]
        shown = [
            {"check": check, "operation": operation, "count": count}
            for (check, operation), count in sorted(self.shown.items())
        ]
        times = {name: _quantiles(seconds) for name, seconds in sorted(self.times.items())}
        return {
            "failures": [asdict(failure) for failure in self.failures],
            "gaps": [asdict(gap) for gap in self.gaps],
            "left_behind": self.left_behind,
            "notes": self.notes,
            "seen": seen,
            "shown": shown,
            "seconds": {name: round(seconds, 3) for name, seconds in self.seconds.items()},
            "milliseconds": times,
        }


def _quantiles(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    at = {"p50": 0.5, "p95": 0.95}
    return {
        name: round(ordered[min(int(len(ordered) * part), len(ordered) - 1)] * 1000, 2) for name, part in at.items()
    }


def _told(response: Response) -> str:
    body = response.body.decode("utf-8", "replace")
    return f"{response.status}\n{body[:_LONGEST_BODY]}"
