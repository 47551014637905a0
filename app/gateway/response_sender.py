"""The way out: headers that every answer has, the log line and the counters, then the bytes."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from app.config import Config
from app.config_parsers import Names, header_names
from app.errors import AppError, Internal
from app.gateway.request_parser import Request
from app.observability.logging import log_failure, log_request
from app.observability.metrics import Metrics
from app.pipeline.context import Response
from app.pipeline.envelope import error_response

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGI = Callable[[Any, Any, Send], Awaitable[None]]

_CORS_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
# What Charter reads of a request and sends in an answer; the settings add to both.
_CORS_HEADERS = header_names(
    "authorization, content-type, if-match, if-none-match, idempotency-key, x-request-id"
    ", accept, accept-language, content-language"
)
_CORS_EXPOSED = header_names(
    "etag, link, location, ratelimit, ratelimit-policy, retry-after, x-request-id, idempotency-replayed, deprecation"
    ", sunset, allow, accept, accept-patch, accept-encoding, www-authenticate, date"
)

# Answers that the document does not describe (law 2): held back, and counted.
_MISMATCHES = ("response_mismatch", "undocumented_refusal")

# What every answer has; a page may bring its own in place of one.
DEFAULT_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"cache-control", b"no-store"),
)
# The same for an answer that the client may keep, if it asks each time whether it is still good (RFC 9111, 5.2.2).
REVALIDATED_HEADERS = (*DEFAULT_HEADERS[:-1], (b"cache-control", b"private, no-cache"), (b"vary", b"Authorization"))


class ResponseSender:
    """Sends answers.

    Args:
        metrics: None with `quiet`.
        quiet: no log line and no counters: the bench alone.
    """

    def __init__(self, config: Config, *, metrics: Metrics | None, quiet: bool = False) -> None:
        self._metrics = metrics
        self._quiet = quiet
        self._origins = frozenset(origin.encode() for origin in config.cors_origins)
        self._preflight = (
            (b"access-control-allow-methods", _CORS_METHODS),
            (b"access-control-allow-headers", _listed(_CORS_HEADERS, config.cors_request_headers)),
            (b"access-control-max-age", b"%d" % config.cors_max_age_seconds),
        )
        self._exposed = (b"access-control-expose-headers", _listed(_CORS_EXPOSED, config.cors_exposed_headers))

    def answer_for(self, request: Request, error: BaseException) -> Response:
        """Return the answer to an error; an unexpected one becomes a 500; the cause is logged."""
        context = request.context
        if not isinstance(error, AppError):
            cause: BaseException | None = error
            error = Internal()
        else:
            cause = error.__cause__
        if error.status >= 500:
            log_failure(cause, request_id=context.request_id, code=error.code, reason=error.reason)
        if error.reason in _MISMATCHES and self._metrics is not None:
            self._metrics.count_mismatch()
        context.code = error.code
        return error_response(error, context.request_id, context.now)

    async def send(self, request: Request, response: Response, send: Send, started: float) -> None:
        """Send an answer, and write the log line and the counters.

        Args:
            started: time.perf_counter() of the request's arrival.
        """
        status, headers, body = response
        context = request.context
        out = [*headers, *context.answer_headers, (b"x-request-id", context.request_id.encode())]
        out += REVALIDATED_HEADERS if context.is_cacheable else DEFAULT_HEADERS
        if request.plan is not None:
            out += request.plan.headers
        if "origin" in request.headers or self._origins:
            out += self.cors(request)
        if status not in (204, 304):
            out.append((b"content-length", b"%d" % len(body)))
        if context.method == "HEAD":
            body = b""
        if not self._quiet:
            self.record(request, status, started)
        await send({"type": "http.response.start", "status": status, "headers": out})
        await send({"type": "http.response.body", "body": body})

    async def page(self, request: Request, app: ASGI, scope: Any, receive: Any, send: Send, started: float) -> None:
        """Let the pages answer, and add what every answer has."""
        seen = 500

        async def add_headers(message: MutableMapping[str, Any]) -> None:
            nonlocal seen
            if message["type"] == "http.response.start":
                seen = message["status"]
                headers = list(message.get("headers", ()))
                present = {name.lower() for name, _ in headers}
                more = (*DEFAULT_HEADERS, (b"x-request-id", request.context.request_id.encode()))
                headers += [header for header in more if header[0] not in present]
                headers += self.cors(request)
                message = {**message, "headers": headers}
            await send(message)

        others = [header for header in scope["headers"] if header[0] != b"x-request-id"]
        known = {**scope, "headers": [*others, (b"x-request-id", request.context.request_id.encode())]}
        await app(known, receive, add_headers)
        if not self._quiet:
            self.record(request, seen, started)

    def record(self, request: Request, status: int, started: float) -> None:
        """Write the request's log line and count it."""
        seconds = time.perf_counter() - started
        context, plan = request.context, request.plan
        operation = plan.policy.operation_id if plan else None
        log_request(
            request_id=context.request_id,
            operation_id=operation,
            method=context.method,
            path=context.path,
            status=status,
            duration_ms=seconds * 1000,
            user_id=str(context.caller[0]) if context.caller else None,
            queries=context.queries,
            code=context.code,
        )
        if self._metrics is not None:
            self._metrics.count(operation or "none", status, seconds)

    def cors(self, request: Request) -> list[tuple[bytes, bytes]]:
        """Return the CORS headers of an answer: an exact list of origins, no credentials (Fetch standard)."""
        if not self._origins:
            return []
        headers = [(b"vary", b"Origin")]
        origin = request.headers.get("origin", "").encode("latin-1")
        if origin not in self._origins:
            return headers
        headers.append((b"access-control-allow-origin", origin))
        if request.context.method == "OPTIONS" and "access-control-request-method" in request.headers:
            headers += self._preflight
            if request.headers.get("access-control-request-private-network") == "true":
                # Who lists the origin of a public page means that it may call into a private network.
                headers.append((b"access-control-allow-private-network", b"true"))
        else:
            headers.append(self._exposed)
        return headers


def _listed(always: Names, more: Names) -> bytes:
    return str(Names(dict.fromkeys([*always, *more]))).encode()
