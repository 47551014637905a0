"""The envelope of every response, and the one place where an error becomes a response."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from app.clock import rfc3339
from app.errors import AppError, HeadersTooLarge, Violation
from app.pipeline.response import Response

VERSION = "1.0"
JSON = (b"content-type", b"application/json")

# The document allows no longer ones, and a name that the client sent can have any length.
_MAX_MESSAGE = 500
_MAX_FIELD = 256

_CHALLENGES = {
    "UNAUTHENTICATED": b'Bearer realm="charter"',
    "INVALID_TOKEN": b'Bearer realm="charter", error="invalid_token"',
    "SESSION_ENDED": b'Bearer realm="charter", error="invalid_token"',
    "INVALID_CREDENTIALS": b'Bearer realm="charter"',
    "INVALID_REFRESH_TOKEN": b'Bearer realm="charter", error="invalid_grant"',
}


def envelope(data: bytes, request_id: str, now: datetime, *, more_meta: bytes = b"") -> bytes:
    """Return the envelope of a success.

    Args:
        data: JSON text.
        now: aware, in UTC.
        more_meta: JSON members, beginning with a comma.
    """
    return b'{"data":%b,"meta":%b,"errors":null}' % (data, _meta(request_id, now, more_meta))


def error_response(error: AppError, request_id: str, now: datetime) -> Response:
    """Return the response to an error: the envelope with one entry for each violation."""
    entries = b",".join(_entry(error.code, violation) for violation in _without_repeats(error.details))
    body = b'{"data":null,"meta":%b,"errors":[%b]}' % (_meta(request_id, now, b""), entries)
    headers = [JSON]
    if error.code in _CHALLENGES:
        headers.append((b"www-authenticate", _CHALLENGES[error.code]))
    headers += [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
    if isinstance(error, HeadersTooLarge):
        headers.append((b"connection", b"close"))
    return Response(error.status, headers, body)


def _meta(request_id: str, now: datetime, more: bytes) -> bytes:
    return b'{"timestamp":"%b","version":"%b","request_id":"%b"%b}' % (
        rfc3339(now).encode(),
        VERSION.encode(),
        request_id.encode(),
        more,
    )


def _entry(code: str, violation: Violation) -> bytes:
    field = None if violation.field is None else violation.field[:_MAX_FIELD]
    return orjson.dumps({"code": code, "message": violation.message[:_MAX_MESSAGE], "field": field})


def _without_repeats(details: Sequence[Violation]) -> list[Violation]:
    return list(dict.fromkeys(details))
