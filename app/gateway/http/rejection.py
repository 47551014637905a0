"""The response to a request that cannot be read: in the envelope if it begins as a request does, else a plain 400."""

import re
from datetime import UTC, datetime
from typing import NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.errors import AppError
from app.gateway.default_headers import DEFAULT_HEADERS
from app.identifiers import new_id
from app.observability.logging import log_request
from app.pipeline.envelope import error_response

Headers = list[tuple[bytes, bytes]]

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([^ ?#]{0,300})")
_PLAIN = [(b"content-type", b"text/plain; charset=utf-8")]


class RequestLine(NamedTuple):
    """Method and path as far as they are known, without the query; an empty method: this is not HTTP."""

    method: bytes
    path: bytes


def parse_request_line(opening: bytes) -> RequestLine:
    """Return what the beginning of a request says, as far as it can be read."""
    match = _REQUEST_LINE.match(opening)
    return RequestLine(match[1], match[2]) if match else RequestLine(b"", b"")


def rejection(error: AppError, line: RequestLine, server_headers: Headers) -> bytes:
    """Return the bytes of the response, which ends the connection, and log the request if it is one.

    Args:
        server_headers: those that the server sends with every response, such as Date.
    """
    if line.method:
        status, headers, body = _logged_error(error, line)
    else:
        status, headers, body = 400, _PLAIN, b"Invalid HTTP request received."
    headers = [*headers, (b"content-length", b"%d" % len(body))]
    if (b"connection", b"close") not in headers:
        headers.append((b"connection", b"close"))
    lines = [b"%b: %b\r\n" % header for header in (*server_headers, *headers)]
    return b"".join([STATUS_LINE[status], *lines, b"\r\n", b"" if line.method == b"HEAD" else body])


def _logged_error(error: AppError, line: RequestLine) -> tuple[int, Headers, bytes]:
    request_id = str(new_id())
    status, headers, body = error_response(error, request_id, datetime.now(UTC))
    log_request(
        request_id=request_id,
        operation_id=None,
        method=line.method.decode("ascii"),
        path=line.path.decode("ascii", "backslashreplace"),
        status=status,
        duration_ms=0,
        user_id=None,
        queries=0,
        code=error.code,
    )
    return status, [*headers, (b"x-request-id", request_id.encode()), *DEFAULT_HEADERS], body
