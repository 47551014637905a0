"""The log: one line for each event on standard error, as JSON, or readable with colours in development.

Messages of libraries that use the standard library's logging are written too, from WARNING upwards. Secrets never
appear in a line (law 10), and no value can end its line and forge another one.
"""

import json
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

from app.config import Config
from app.database import jobs
from app.observability.log_writer import LogWriter, flush, open_log_writer
from app.observability.traces import TraceLimiter, escape_unprintable

__all__ = ["configure", "flush", "log_failure", "log_request"]

MASK = "***"
_SECRET_KEY = re.compile(
    r"passw|secret|token|authorization|cookie|credential|api_?key|refresh_?key|hash|jwt", re.ASCII | re.IGNORECASE
)
# The last alternative also matches text that only begins like a token; it stays as it is. So no text is searched twice.
_SECRET_TEXT = re.compile(
    r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)|(?<=[Bb]earer )\S+|(?P<begun>eyJ[\w-]+)(?P<rest>\.[\w-]+\.[\w-]*)?", re.ASCII
)
_CONTROL_BYTES = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
_MAX_DEPTH = 5
# A request line stays under PIPE_BUF (4096 bytes): a pipe may mix longer ones with the lines of other workers.
_MAX_PATH = 1000

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class LibraryLogHandler(logging.Handler):
    """Writes the records of the standard library's logging to our log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record; if it cannot be formatted, log its template."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        structlog.get_logger(record.name).log(
            min(record.levelno, logging.CRITICAL), message, logger=record.name, exc_info=record.exc_info
        )


class _RequestLog:
    """How log_request writes; configure() sets it.

    Attributes:
        writer: writes the lines, which are JSON; None: they are for people, and the logger makes them.
        writes_info, writes_warnings: whether lines of these levels are written.
    """

    slow_ms: float = 500.0
    logger: Any = structlog.get_logger("charter")
    writer: LogWriter | None = None
    writes_info = writes_warnings = True


def configure(config: Config, *, descriptor: int = 2) -> None:
    """Set up the log of this process; a second call replaces the first setup.

    Args:
        config: log_level, log_format, env and slow_request_ms are used.
        descriptor: the lines are written to it.
    """
    readable = config.log_format == "console" or (config.log_format == "auto" and config.env == "development")
    render: Any = _readable(descriptor) if readable else [_as_json]
    level = structlog.make_filtering_bound_logger(_LEVELS[config.log_level])
    writer = open_log_writer(descriptor, lambda number: _dropped(number, render))
    structlog.configure(
        processors=[structlog.processors.add_log_level, _stamp, _add_job, TraceLimiter().describe, _mask, *render],
        wrapper_class=level,
        logger_factory=lambda *_: writer,
    )
    # The request line has fixed keys without secrets, so it needs no mask. Every request writes one: as JSON it is made
    # without structlog, which takes four times as long.
    _RequestLog.logger = structlog.wrap_logger(
        writer,
        processors=[structlog.processors.add_log_level, _stamp, *render],
        wrapper_class=level,
    ).bind()
    _RequestLog.writer = None if readable else writer
    _RequestLog.writes_info = _LEVELS[config.log_level] <= _LEVELS["info"]
    _RequestLog.writes_warnings = _LEVELS[config.log_level] <= _LEVELS["warning"]
    _RequestLog.slow_ms = config.slow_request_ms
    # Debug messages of libraries contain SQL parameters, headers and bodies, so they are never logged.
    logging.basicConfig(
        handlers=[LibraryLogHandler()], level=max(_LEVELS[config.log_level], logging.WARNING), force=True
    )
    logging.captureWarnings(capture=True)
    # Without these hooks, Python writes such errors to standard error by itself.
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
    """Write the line of a request; as a warning if it was slow or failed with a server error.

    Args:
        operation_id: None if the request matches no operation.
        path: as received, without the query; a long one is cut.
        duration_ms: from the arrival to the response.
        user_id: the owner of the access token; None without one.
        queries: number of SQL statements.
        code: the code of the error; None for a success.
    """
    slow = duration_ms > _RequestLog.slow_ms
    is_warning = slow or status >= 500
    if not (_RequestLog.writes_warnings if is_warning else _RequestLog.writes_info):
        return
    fields = {
        "request_id": request_id,
        "operation_id": operation_id,
        "method": method,
        "path": path[:_MAX_PATH],
        "status": status,
        "duration_ms": round(duration_ms, 2),
        "user_id": user_id,
        "queries": queries,
        "code": code,
        "slow": slow,
    }
    if _RequestLog.writer is None:
        (_RequestLog.logger.warning if is_warning else _RequestLog.logger.info)("request", **fields)
    else:
        head = {"timestamp": _timestamp(), "level": "warning" if is_warning else "info", "event": "request"}
        _RequestLog.writer.write(_json_line({**head, **fields}))


def log_failure(cause: BaseException | None, *, request_id: str, code: str, reason: str | None = None) -> None:
    """Write why a request failed with a server error, for people who look up its request id.

    The trace is written once a minute for each kind of error; the other lines name the request that has it.
    """
    structlog.get_logger("charter").error("failure", request_id=request_id, code=code, reason=reason, exc_info=cause)


def _stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["timestamp"] = _timestamp()
    return event


class _Second:
    """The latest second and its text, as one value: several threads use it."""

    known: tuple[int, str] = (0, "")


def _timestamp() -> str:
    second, millisecond = divmod(time.time_ns() // 1_000_000, 1000)
    known = _Second.known
    if known[0] != second:
        known = _Second.known = (second, datetime.fromtimestamp(second, UTC).isoformat()[:-6])
    return f"{known[1]}.{millisecond:03d}Z"


def _add_job(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add the request that the thread works on, unless the line names one."""
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
    if depth >= _MAX_DEPTH:
        return MASK
    if isinstance(value, Mapping):
        return {
            str(key): MASK if _SECRET_KEY.search(str(key)) else _masked(item, depth + 1) for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(item, depth + 1) for item in value]
    return _masked(str(value), depth + 1)


def _mask_of(match: re.Match[str]) -> str:
    return match[0] if match["begun"] and match["rest"] is None else MASK


def _as_json(_logger: WrappedLogger, _method: str, event: EventDict) -> bytes:
    ordered = {"timestamp": event.pop("timestamp", None), "level": event.pop("level", None)}
    ordered["event"] = event.pop("event", None)
    return _json_line({**ordered, **event})


def _json_line(event: Mapping[str, Any]) -> bytes:
    try:
        line = orjson.dumps(event, default=str)
    except TypeError:  # lone surrogates, integers over 64 bits, keys that are no text
        line = json.dumps(event, default=str).encode()
    # JSON escapes most line ends. These characters end a line for some readers, or change the direction of the text.
    if not line.isascii() or b"\x7f" in line:
        line = _CONTROL_BYTES.sub(lambda match: b"\\u%04x" % ord(match[0].decode()), line)
    return line


def _dropped(number: int, render: list[Any]) -> bytes:
    event: Any = {"event": "log_lines_dropped", "level": "warning", "lines": number}
    for step in (_stamp, *render):
        event = step(None, "warning", event)
    return event if isinstance(event, bytes) else str(event).encode("utf-8", "replace")


def _log_unraisable(error: Any) -> None:
    structlog.get_logger("charter").error("unraisable", exc_info=error.exc_value)


def _log_thread(error: Any) -> None:
    structlog.get_logger("charter").error("thread_died", exc_info=error.exc_value)


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
        key: escape_unprintable(value) if isinstance(value, str) and key != "exception" else value
        for key, value in event.items()
        if value is not None and value is not False
    }
