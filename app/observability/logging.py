"""The log: one line for each event on standard error, as JSON, or readable with colours in development.

Lines of libraries that use the standard library's logging come out of the same pipe, from WARNING upwards. What is
secret never gets into a line (law 10), and no value can end its line and forge another.
"""

import json
import logging
import os
import re
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

from app.config import Config
from app.database import jobs
from app.observability.lines import flush, open_lines
from app.observability.traces import Traces, printable

__all__ = ["configure", "flush", "log_failure", "log_request"]

MASK = "***"
_SECRET_KEY = re.compile(
    r"passw|secret|token|authorization|cookie|credential|api_?key|refresh_?key|hash|jwt", re.ASCII | re.IGNORECASE
)
# What begins as a token and is none is found too, last of all, and left as it is: so no text is searched twice.
_SECRET_TEXT = re.compile(
    r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)|(?<=[Bb]earer )\S+|(?P<begun>eyJ[\w-]+)(?P<rest>\.[\w-]+\.[\w-]*)?", re.ASCII
)
_CONTROL_BYTES = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
_DEEPEST = 5
# The line of a request stays under PIPE_BUF (4096 bytes): what is longer, a pipe may mix with other workers' lines.
_LONGEST_PATH = 1000

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


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


def configure(config: Config, *, descriptor: int = 2) -> None:
    """Set up the log of this process; doing it again replaces what was set up before.

    Args:
        settings: of which log_level, log_format, env and slow_request_ms count.
        descriptor: where the lines go.
    """
    readable = config.log_format == "console" or (config.log_format == "auto" and config.env == "development")
    render: Any = _readable(descriptor) if readable else [_as_json]
    level = structlog.make_filtering_bound_logger(_LEVELS[config.log_level])
    lines = open_lines(descriptor, lambda number: _dropped(number, render))
    structlog.configure(
        processors=[structlog.processors.add_log_level, _stamp, _add_job, Traces().describe, _mask, *render],
        wrapper_class=level,
        logger_factory=lambda *_: lines,
    )
    # The request line has fixed keys, none of them secret: it needs no mask, and it is on every request's path.
    _RequestLog.logger = structlog.wrap_logger(
        lines,
        processors=[structlog.processors.add_log_level, _stamp, *render],
        wrapper_class=level,
    ).bind()
    _RequestLog.slow_ms = config.slow_request_ms
    # Debug lines of libraries carry SQL parameters, headers and bodies: never those.
    logging.basicConfig(handlers=[FromLibraries()], level=max(_LEVELS[config.log_level], logging.WARNING), force=True)
    logging.captureWarnings(capture=True)
    # Left alone, these write to standard error by themselves, whoever stands behind it.
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _log_unraisable
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _log_thread


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


def log_failure(cause: BaseException | None, *, request_id: str, code: str, reason: str | None = None) -> None:
    """Write why a request failed on our side, for the person who looks up its request id.

    The trace is written once a minute for each kind; the other lines say which request it was written with.
    """
    structlog.get_logger("charter").error("failure", request_id=request_id, code=code, reason=reason, exc_info=cause)


def _stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["timestamp"] = datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
    return event


def _add_job(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Say which request a thread works for, where the line does not say so itself."""
    job = jobs.current()
    if job is not None:
        event.setdefault("request_id", job.request_id)
        event.setdefault("operation_id", job.operation_id)
    return event


def _mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: MASK if _SECRET_KEY.search(str(key)) else _masked(value) for key, value in event.items()}


def _masked(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return _SECRET_TEXT.sub(_mask_of, value)
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


def _mask_of(found: re.Match[str]) -> str:
    return found[0] if found["begun"] and found["rest"] is None else MASK


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


def _dropped(number: int, render: list[Any]) -> bytes:
    event: Any = {"event": "log_lines_dropped", "level": "warning", "lines": number}
    for step in (_stamp, *render):
        event = step(None, "warning", event)
    return event if isinstance(event, bytes) else str(event).encode("utf-8", "replace")


def _log_unraisable(what: Any) -> None:
    structlog.get_logger("charter").error("unraisable", exc_info=what.exc_value)


def _log_thread(what: Any) -> None:
    structlog.get_logger("charter").error("thread_died", exc_info=what.exc_value)


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
        key: printable(value) if isinstance(value, str) and key != "exception" else value
        for key, value in event.items()
        if value is not None and value is not False
    }
