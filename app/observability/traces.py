"""What is logged of an exception: its first line each time, and its trace once a minute for each kind.

What breaks for one request breaks for many: a database that is away would fill the log with one trace a thousand times.
"""

import sys
import threading
import time
import traceback
from typing import Any

from structlog.typing import EventDict, WrappedLogger

TRACE_SECONDS = 60.0

_MAX_KINDS = 1_000
_DEEPEST = 5
_LONGEST_MESSAGE = 300
_OURS = ("/app/", "/handlers/", "/models/")


class Traces:
    """Which traces were logged of late."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By kind: when it was logged, with which request, and how many were left out since.
        self._kinds: dict[object, list[Any]] = {}

    def is_due(self, kind: object, request_id: object) -> tuple[bool, Any]:
        """Say whether to log the trace now.

        Returns:
            Whether, and how many were left out since the last one; or the request that it was logged with.
        """
        now = time.monotonic()
        with self._lock:
            known = self._kinds.get(kind)
            if known is not None and now - known[0] < TRACE_SECONDS:
                known[2] += 1
                return False, known[1]
            left_out = known[2] if known else 0
            self._kinds.pop(kind, None)
            self._kinds[kind] = [now, request_id, 0]
            if len(self._kinds) > _MAX_KINDS:
                del self._kinds[next(iter(self._kinds))]
            return True, left_out

    def describe(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Replace exc_info by the error's first line and, when it is due, the trace.

        The values that exceptions of the database repeat are left out.
        """
        given = event.pop("exc_info", None)
        error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given is True else given
        if not isinstance(error, BaseException):
            return event
        event["error"] = f"{type(error).__name__}: {first_line(error)}"
        kind = (event.get("event"), event.get("reason"), type(error), _place(error))
        due, beside = self.is_due(kind, event.get("request_id"))
        if due:
            event["exception"] = _trace(error)
            if beside:
                event["traces_left_out"] = beside
        elif beside is not None:
            event["trace_with"] = beside
        return event


def first_line(error: BaseException) -> str:
    """Return the head of an exception's message: PostgreSQL's DETAIL lines show whole rows, hashes included."""
    line = (str(error).splitlines() or [""])[0][:_LONGEST_MESSAGE]
    if type(error).__name__ == "DataError" or (getattr(error, "pgcode", None) or "").startswith("22"):
        line = line.partition(":")[0]
    return printable(line)


def printable(text: str) -> str:
    """Return the text with what is not printable escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _place(error: BaseException) -> tuple[str, int] | None:
    """Return file and line of the innermost frame of ours; where there is none, of the innermost at all."""
    place, found = None, error.__traceback__
    ours = False
    while found is not None:
        name = found.tb_frame.f_code.co_filename
        is_ours = "site-packages" not in name and any(part in name for part in _OURS)
        if is_ours or not ours:
            place, ours = (name, found.tb_lineno), is_ours
        found = found.tb_next
    return place


def _trace(error: BaseException | None) -> str:
    parts: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen and len(seen) < _DEEPEST:
        seen.add(id(error))
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.insert(0, f"{frames}{type(error).__name__}: {first_line(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nfollowed by:\n".join(parts)
