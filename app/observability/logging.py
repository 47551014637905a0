"""The log: one line for each event on standard error, as JSON, or readable with colours in development.

Lines of libraries that use the standard library's logging come out of the same pipe, from WARNING upwards. What is
secret never gets into a line (law 10), and no value can end its line and forge another.
"""

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

from app.settings import Settings

__all__ = ["configure", "log_failure", "log_request"]

MASK = "***"
_SECRET_KEY = re.compile(
    r"passw|secret|token|authorization|cookie|credential|api_?key|refresh_?key|hash|jwt", re.ASCII | re.IGNORECASE
)
_SECRET_TEXT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)|(?<=[Bb]earer )\S+", re.ASCII)
_CONTROL_BYTES = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
_DEEPEST = 5
_LONGEST_MESSAGE = 300
# The line of a request stays under PIPE_BUF (4096 bytes): what is longer, a pipe may mix with other workers' lines.
_LONGEST_PATH = 1000

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class Lines:
    """Writes finished lines to a file descriptor, each with one system call so that workers do not mix theirs."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def msg(self, line: str | bytes) -> None:
        """Write a line; a log that cannot be written (disk full, reader gone) must not fail a request."""
        data = line if isinstance(line, bytes) else line.encode("utf-8", "replace")
        try:  # noqa: SIM105  # suppress() costs a microsecond, on every request
            os.write(self._descriptor, data + b"\n")
        except OSError:
            pass

    debug = info = warning = error = critical = exception = msg


class FromLibraries(logging.Handler):
    """Hands records of the standard library's logging to the pipe."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record; one that cannot be formatted is logged by its template."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        structlog.get_logger(record.name).log(
            min(record.levelno, logging.CRITICAL), message, logger=record.name, exc_info=record.exc_info
        )


class _RequestLog:
    """What log_request writes through; configure() sets it once a process."""

    slow_ms: float = 500.0
    logger: Any = structlog.get_logger("charter")


def configure(settings: Settings, *, descriptor: int = 2) -> None:
    """Set up the log of this process; doing it again replaces what was set up before.

    Args:
        settings: of which log_level, log_format, env and slow_request_ms count.
        descriptor: where the lines go.
    """
    readable = settings.log_format == "console" or (settings.log_format == "auto" and settings.env == "development")
    render: Any = _readable(descriptor) if readable else [_as_json]
    level = structlog.make_filtering_bound_logger(_LEVELS[settings.log_level])
    lines = Lines(descriptor)
    structlog.configure(
        processors=[structlog.processors.add_log_level, _stamp, _describe_exception, _mask, *render],
        wrapper_class=level,
        logger_factory=lambda *_: lines,
    )
    # The request line has fixed keys, none of them secret: it needs no mask, and it is on every request's path.
    _RequestLog.logger = structlog.wrap_logger(
        lines,
        processors=[structlog.processors.add_log_level, _stamp, *render],
        wrapper_class=level,
    ).bind()
    _RequestLog.slow_ms = settings.slow_request_ms
    # Debug lines of libraries carry SQL parameters, headers and bodies: never those.
    logging.basicConfig(handlers=[FromLibraries()], level=max(_LEVELS[settings.log_level], logging.WARNING), force=True)
    logging.captureWarnings(capture=True)


def log_request(
    *,
    request_id: str,
    operation_id: str | None,
    method: str,
    path: str,
    status: int,
    duration_ms: float,
    user_id: str | None,
    queries: int,
    code: str | None = None,
) -> None:
    """Write the one line of a request; a slow one, or one that failed on our side, as a warning.

    Args:
        operation_id: None when the request fits no operation.
        path: as it came, without the query; a long one is cut.
        duration_ms: from the arrival to the answer.
        user_id: whose token it came with; None without one.
        queries: SQL statements run for it.
        code: of the error it was answered with; None for a success.
    """
    slow = duration_ms > _RequestLog.slow_ms
    (_RequestLog.logger.warning if slow or status >= 500 else _RequestLog.logger.info)(
        "request",
        request_id=request_id,
        operation_id=operation_id,
        method=method,
        path=path[:_LONGEST_PATH],
        status=status,
        duration_ms=round(duration_ms, 2),
        user_id=user_id,
        queries=queries,
        code=code,
        slow=slow,
    )


def log_failure(cause: BaseException, *, request_id: str, code: str, reason: str | None = None) -> None:
    """Write why a request failed on our side, with the trace, for the person who looks up its request id."""
    structlog.get_logger("charter").error("failure", request_id=request_id, code=code, reason=reason, exc_info=cause)


def _stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["timestamp"] = datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
    return event


def _mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: MASK if _SECRET_KEY.search(str(key)) else _masked(value) for key, value in event.items()}


def _masked(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return _SECRET_TEXT.sub(MASK, value)
    if value is None or isinstance(value, int | float):
        return value
    if depth >= _DEEPEST:
        return MASK
    if isinstance(value, Mapping):
        return {
            str(key): MASK if _SECRET_KEY.search(str(key)) else _masked(item, depth + 1) for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(item, depth + 1) for item in value]
    return _masked(str(value), depth + 1)


def _describe_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace exc_info by the trace, without the values that exceptions of the database repeat."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given is True else given
    if not isinstance(error, BaseException):
        return event
    parts: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen and len(seen) < _DEEPEST:
        seen.add(id(error))
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.insert(0, f"{frames}{type(error).__name__}: {_first_line(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    event["exception"] = "\n\nfollowed by:\n".join(parts)
    return event


def _first_line(error: BaseException) -> str:
    """Return the head of an exception's message: PostgreSQL's DETAIL lines show whole rows, hashes included."""
    line = (str(error).splitlines() or [""])[0][:_LONGEST_MESSAGE]
    if type(error).__name__ == "DataError" or (getattr(error, "pgcode", None) or "").startswith("22"):
        line = line.partition(":")[0]
    return _printable(line)


def _as_json(_logger: WrappedLogger, _method: str, event: EventDict) -> bytes:
    ordered = {"timestamp": event.pop("timestamp", None), "level": event.pop("level", None)}
    ordered["event"] = event.pop("event", None)
    ordered.update(event)
    try:
        line = orjson.dumps(ordered, default=str)
    except TypeError:  # lone surrogates, integers over 64 bits, keys that are no text
        line = json.dumps(ordered, default=str).encode()
    # JSON escapes what ends a line for most readers; these end it for some, or turn a terminal's text around.
    if not line.isascii() or b"\x7f" in line:
        line = _CONTROL_BYTES.sub(lambda found: b"\\u%04x" % ord(found[0].decode()), line)
    return line


def _readable(descriptor: int) -> list[Any]:
    colors = os.isatty(descriptor) and not os.environ.get("NO_COLOR")
    return [
        _without_controls,
        structlog.dev.ConsoleRenderer(
            colors=colors, pad_event_to=8, sort_keys=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]


def _without_controls(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {
        key: _printable(value) if isinstance(value, str) and key != "exception" else value
        for key, value in event.items()
        if value is not None and value is not False
    }


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
