"""How exceptions are logged: the first line each time, and the trace once a minute for each kind.

An error often hits many requests: if the database is unavailable, the same trace would fill the log.
"""

import sys
import threading
import time
import traceback
from typing import Any

from structlog.typing import EventDict, WrappedLogger

from app.resources import CODE

TRACE_SECONDS = 60.0

_MAX_KINDS = 1_000
_MAX_CHAIN = 5
_MAX_MESSAGE = 300
_CHARTER = tuple(f"{CODE / name}/" for name in ("app", "handlers", "models"))
# A team's code, wherever its project is; what is installed is the code of others.
_PROJECT = ("/handlers/", "/services/", "/models/")


class TraceLimiter:
    """Remembers which traces were logged in the last minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # For each kind: when it was logged, with which request, and how many traces were left out since.
        self._kinds: dict[object, list[Any]] = {}

    def is_due(self, kind: object, request_id: object) -> tuple[bool, Any]:
        """Return whether to log the trace now.

        Returns:
            True and the number of traces that were left out since the last one; or False and the request whose log
            line has the trace.
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
        """Replace exc_info by the first line of the error and, if it is due, the trace.

        Values that database errors contain are left out.
        """
        exc_info = event.pop("exc_info", None)
        error = exc_info
        if isinstance(exc_info, tuple):
            error = exc_info[1]
        elif exc_info is True:
            error = sys.exc_info()[1]
        if not isinstance(error, BaseException):
            return event
        event["error"] = f"{type(error).__name__}: {first_line(error)}"
        kind = (event.get("event"), event.get("reason"), type(error), _place(error))
        due, related = self.is_due(kind, event.get("request_id"))
        if due:
            event["exception"] = _trace(error)
            if related:
                event["traces_left_out"] = related
        elif related is not None:
            event["trace_with"] = related
        return event


def first_line(error: BaseException) -> str:
    """Return the first line of an error message: the DETAIL lines of PostgreSQL contain whole rows, with hashes."""
    line = (str(error).splitlines() or [""])[0][:_MAX_MESSAGE]
    if type(error).__name__ == "DataError" or (getattr(error, "pgcode", None) or "").startswith("22"):
        line = line.partition(":")[0]
    return escape_unprintable(line)


def escape_unprintable(text: str) -> str:
    """Return the text with unprintable characters escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _place(error: BaseException) -> tuple[str, int] | None:
    """Return file and line of the innermost frame of our own code; if there is none, of the innermost frame."""
    place, frame = None, error.__traceback__
    ours = False
    while frame is not None:
        name = frame.tb_frame.f_code.co_filename
        is_ours = _is_ours(name)
        if is_ours or not ours:
            place, ours = (name, frame.tb_lineno), is_ours
        frame = frame.tb_next
    return place


def _is_ours(file: str) -> bool:
    return file.startswith(_CHARTER) or ("site-packages" not in file and any(part in file for part in _PROJECT))


def _trace(error: BaseException | None) -> str:
    parts: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen and len(seen) < _MAX_CHAIN:
        seen.add(id(error))
        parts.insert(0, f"{_frames(error)}{type(error).__name__}: {first_line(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nfollowed by:\n".join(parts)


def _frames(error: BaseException) -> str:
    """Return file, line and function of each frame, without the marks under the part of the line that failed.

    For the marks, Python 3.11 parses the line, and two threads that parse at the same time can get a SystemError.
    """
    frames = traceback.extract_tb(error.__traceback__)
    plain = [(frame.filename, frame.lineno or 0, frame.name, frame.line) for frame in frames]
    return "".join(traceback.StackSummary.from_list(plain).format())
