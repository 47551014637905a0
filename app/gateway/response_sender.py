"""Sends responses, with the headers that every response has, and turns exceptions into error responses."""

from app.database.driver_errors import is_outdated
from app.errors import AppError, Internal
from app.gateway.asgi import App, Message, Receive, Scope, Send
from app.gateway.cors import Cors
from app.gateway.default_headers import DEFAULT_HEADERS
from app.gateway.request import Request
from app.gateway.request_log import RequestLog
from app.gateway.response_headers import NOT_STORED, REVALIDATED, ResponseHeaders
from app.observability.logging import log_failure
from app.observability.traces import first_line
from app.pipeline.envelope import error_response
from app.pipeline.response import Response

# Responses that the document does not describe are not sent, but counted (law 2).
_MIGRATE = (
    "Write a migration with charter db new NAME, then run CHARTER_ENV=development charter db migrate "
    "(in a project: make migrate)."
)
_MISMATCHES = ("response_mismatch", "undocumented_refusal")


class ResponseSender:
    """Sends responses.

    Args:
        request_log: records each response.
        shows_mismatches: whether the 500 for a response that the document does not describe, or for a table or column
            that the database does not have, says what is wrong. Only in development: it names parts of the server.
    """

    def __init__(self, cors: Cors, request_log: RequestLog, *, shows_mismatches: bool = False) -> None:
        self._cors = cors
        self._request_log = request_log
        self._shows_mismatches = shows_mismatches

    def error_response(self, request: Request, error: BaseException) -> Response:
        """Return the response to an error; an unexpected one becomes a 500, and its cause is logged."""
        context = request.context
        if not isinstance(error, AppError):
            cause: BaseException | None = error
            error = Internal()
        else:
            cause = error.__cause__
        if error.status >= 500:
            log_failure(cause, request_id=context.request_id, code=error.code, reason=error.reason)
        if error.reason in _MISMATCHES:
            self._request_log.count_mismatch()
            if self._shows_mismatches:
                error = Internal(_explanation(error), reason=error.reason)
        elif self._shows_mismatches and is_outdated(cause):
            error = Internal(f"{first_line(cause)}. {_MIGRATE}", reason=error.reason)
        context.error_code = error.code
        return error_response(error, context.request_id, context.received_at)

    async def send(self, request: Request, response: Response, send: Send, started: float) -> None:
        """Send a response and record it.

        Args:
            started: time.perf_counter() of the request's arrival.
        """
        status, headers, body = response
        context = request.context
        own = [*headers, *context.response_headers, (b"x-request-id", context.request_id.encode())]
        if request.operation is not None:
            own += request.operation.headers
        if self._cors.is_enabled:
            own += self._cors.headers_for(context)
        if status not in (204, 304):
            own.append((b"content-length", b"%d" % len(body)))
        if context.method == "HEAD":
            body = b""
        self._request_log.record(request, status, started)
        out = ResponseHeaders(own, REVALIDATED if context.is_cacheable else NOT_STORED)
        await send({"type": "http.response.start", "status": status, "headers": out})
        await send({"type": "http.response.body", "body": body})

    async def send_page(
        self, request: Request, app: App, scope: Scope, receive: Receive, send: Send, started: float
    ) -> None:
        """Let the pages respond, add the headers that every response has, and record the response.

        Args:
            app: the pages.
        """
        request_id = (b"x-request-id", request.context.request_id.encode())
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", ()))
                present = {name.lower() for name, _ in headers}
                headers += [header for header in (*DEFAULT_HEADERS, request_id) if header[0] not in present]
                headers += self._cors.headers_for(request.context)
                message = {**message, "headers": headers}
            await send(message)

        others = [header for header in scope["headers"] if header[0] != b"x-request-id"]
        await app({**scope, "headers": [*others, request_id]}, receive, send_with_headers)
        self._request_log.record(request, status, started)


def _explanation(error: AppError) -> str:
    """Return what the server tried to send, and that the document does not describe it."""
    cause = error.__cause__
    if isinstance(cause, AppError):
        return f"The document has no response {cause.status} for this operation, which ended with {cause.code}."
    return f"The response does not match the document. {cause}"
