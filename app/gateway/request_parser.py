"""What is decided about a request before any I/O: its context, its operation, and the first errors."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from urllib.parse import unquote

import structlog

from app.config import Config
from app.errors import AppError, HeadersTooLarge, MethodNotAllowed, NotFound, Unauthenticated, UriTooLong
from app.gateway.asgi import Scope
from app.gateway.request import Request
from app.gateway.request_body import check_body_headers
from app.gateway.router import Route, Router, is_ours
from app.identifiers import new_id
from app.pipeline.operation import CompiledOperation
from app.pipeline.request_context import Caller, RequestContext
from app.pipeline.response import Response
from app.security.access_tokens import AccessTokens
from app.security.client_address import client_reader, unlisted_proxy
from app.services import auth

log = structlog.get_logger("charter.gateway")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
# Only the scheme ignores case: the whole pattern would take four times as long.
_BEARER = re.compile(r"(?i:bearer) ++([A-Za-z0-9_-]++\.[A-Za-z0-9_-]++\.[A-Za-z0-9_-]*+)", re.ASCII)
_OWN_PATHS = ("/v1", "/health", "/.well-known", "/docs", "/metrics", "/openapi", "/llms.txt")


class RequestParser:
    """Turns the ASGI scope of an HTTP request into a Request.

    Args:
        operations: every operation.
        clock: returns the present moment.
    """

    def __init__(
        self,
        operations: Iterable[CompiledOperation],
        *,
        config: Config,
        tokens: AccessTokens,
        clock: Callable[[], datetime],
    ) -> None:
        self._router: Router[CompiledOperation] = Router(
            (operation.policy.path, operation.policy.method, operation) for operation in operations
        )
        self._config = config
        self._verify_token = partial(auth.verify_token, tokens)
        prefix = config.public_path
        # With a prefix that begins like one of our own paths, nobody could tell whether a proxy has removed it.
        self._prefix = "" if prefix.startswith(_OWN_PATHS) else prefix
        self._clock = clock
        self._client_of = client_reader(config.trusted_proxies)
        # One warning is enough: behind such a proxy every request would be worth one.
        self._may_warn = True

    def without_prefix(self, scope: Scope) -> Scope:
        """Return the scope without the path of the deployment, which most proxies remove and some leave."""
        prefix = self._prefix
        if not prefix:
            return scope
        raw_path = _raw_path(scope)
        if raw_path != prefix and not raw_path.startswith(f"{prefix}/"):
            return scope
        rest = raw_path.removeprefix(prefix) or "/"
        return {**scope, "path": unquote(rest), "raw_path": rest.encode("latin-1")}

    def parse(self, scope: Scope) -> Request:
        """Return the request, with the operation to run, or with the response or the error to send at once."""
        headers, size = _read_headers(scope["headers"])
        raw_path = _raw_path(scope)
        sent_id = headers.get("x-request-id", "")
        peer, forwarded = scope["client"][0] if scope.get("client") else "", headers.get("x-forwarded-for")
        if forwarded and self._may_warn:
            self._warn_of_unlisted_proxy(peer, forwarded)
        context = RequestContext(
            request_id=sent_id if _REQUEST_ID.fullmatch(sent_id) else str(new_id()),
            method=scope["method"],
            path=raw_path,
            received_at=self._clock(),
            client=self._client_of(peer, forwarded, headers.get("user-agent")),
            path_values={},
            query_string=scope["query_string"],
            headers=headers,
        )
        request = Request(context)
        try:
            self._route(request, size)
        except AppError as error:
            # Its trace leads back to the request, and nobody reads it.
            request.error = error.with_traceback(None)
        return request

    def authenticate(self, request: Request) -> None:
        """Verify the bearer token of an operation that needs one, by signature and claims alone.

        Raises:
            Unauthenticated, InvalidToken
        """
        if request.operation is None or request.operation.policy.public:
            return
        match = _BEARER.fullmatch(request.context.headers.get("authorization", ""))
        if not match:
            raise Unauthenticated
        claims = self._verify_token(match[1])
        request.context.caller = Caller(claims.user_id, claims.session_id)

    def _route(self, request: Request, header_size: int) -> None:
        """Find the operation of a request, or the response to send instead."""
        context, config = request.context, self._config
        if self._is_preflight(context):
            # It asks about the origin, not about the path. After an error here, a page could not read the real one.
            match = self._router.find(context.path)
            request.response = _options_response(match[0]) if match else Response(204, [], b"")
            return
        if len(context.path) + len(context.query_string) + 1 > config.uri_limit:
            raise UriTooLong
        if header_size > config.header_limit:
            raise HeadersTooLarge
        if context.path == "*":
            # The server as a whole, which only OPTIONS may ask about (RFC 9112, 3.2.4).
            if context.method != "OPTIONS":
                raise NotFound
            request.response = Response(204, [(b"allow", self._router.methods.encode())], b"")
            return
        match = self._router.find(context.path)
        if match is None:
            if is_ours(context.path):
                raise NotFound
            request.is_page = True
            return
        route, context.path_values = match
        if context.method == "OPTIONS":
            request.response = _options_response(route)
            return
        operation = route.methods.get(context.method)
        if operation is None:
            raise MethodNotAllowed(headers={"Allow": route.allow})
        request.operation = operation
        check_body_headers(operation, context.headers, limit=config.body_limit)

    def _is_preflight(self, context: RequestContext) -> bool:
        return (
            context.method == "OPTIONS"
            and "access-control-request-method" in context.headers
            and context.headers.get("origin") in self._config.cors_origins
        )

    def _warn_of_unlisted_proxy(self, peer: str, forwarded: str) -> None:
        """Warn that what looks like a proxy of this deployment is not trusted: all its clients count as one."""
        address = unlisted_proxy(peer, forwarded, self._config.trusted_proxies)
        if address is not None:
            self._may_warn = False
            log.warning(
                "forwarded_ignored",
                address=address,
                fix="if this is your proxy, add it to TRUSTED_PROXIES: until then all its clients count as one",
            )


def _options_response(route: Route[CompiledOperation]) -> Response:
    """Return the response to OPTIONS: the methods of a path, and the media types of its PATCH (RFC 5789, 3.1)."""
    patch = route.methods.get("PATCH")
    accept = [(b"accept-patch", ", ".join(patch.media_types).encode())] if patch and patch.takes_body else []
    return Response(204, [(b"allow", route.allow.encode()), *accept], b"")


def _raw_path(scope: Scope) -> str:
    path: str = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"]
    return path


def _read_headers(pairs: list[tuple[bytes, bytes]]) -> tuple[dict[str, str], int]:
    """Return the values by name, those of repeated headers as one list (RFC 9110, 5.3), and the size of all lines."""
    size = sum([len(name) + len(value) + 4 for name, value in pairs])
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
    if len(headers) < len(pairs):
        lines: dict[str, list[str]] = {}
        for name, value in pairs:
            lines.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        headers = {name: ", ".join(values) for name, values in lines.items()}
    return headers, size
