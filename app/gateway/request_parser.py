"""The front door: what is decided about a request before any I/O, the same in both modes."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import structlog

from app.config import Config
from app.database.jobs import Job
from app.errors import (
    AppError,
    HeadersTooLarge,
    MalformedBody,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    Unauthenticated,
    UnsupportedMediaType,
    UriTooLong,
)
from app.gateway.router import Route, Router, is_ours
from app.identifiers import new_id
from app.media_types import media_type, unsupported
from app.pipeline.context import RequestContext, Response
from app.pipeline.plan import Plan
from app.security.access_tokens import AccessTokens
from app.security.networks import client_address, network_of, unlisted_proxy
from app.security.principal import Client

Scope = dict[str, Any]

log = structlog.get_logger("charter.front")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_BEARER = re.compile(r"bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)", re.ASCII | re.IGNORECASE)
_MAX_AGENT = 256
_OWN_PATHS = ("/v1", "/health", "/.well-known", "/docs", "/metrics", "/openapi")


@dataclass(slots=True)
class Request:
    """A request as the front door sees it.

    Attributes:
        plan: None for a page, or a request that is refused here.
        call: always there, also for a refusal, for the log.
        refusal: what to answer at once.
        answer: an answer given at once (OPTIONS).
        failure: what the stock stack's view raised, for the way out.
        ours: False: handed on to the pages.
        deadline: of the stock stack; it rests while the body arrives, which has its own.
        job: what the thread of the stock stack works for.
        committed: waits for its commit, once it has been begun.
    """

    context: RequestContext
    headers: dict[str, str]
    plan: Plan | None = None
    error_response: AppError | None = None
    response: Response | None = None
    failure: Exception | None = None
    ours: bool = True
    deadline: asyncio.Timeout | None = None
    job: Job | None = None
    committed: Callable[[], Awaitable[Response]] | None = None


class RequestParser:
    """Admits requests.

    Args:
        plans: every operation's.
        clock: returns the present moment.
    """

    def __init__(
        self, plans: Iterable[Plan], *, config: Config, tokens: AccessTokens, clock: Callable[[], datetime]
    ) -> None:
        self._router: Router[Plan] = Router((plan.policy.path, plan.policy.method, plan) for plan in plans)
        self._settings = config
        self._read_token = tokens.read
        prefix = config.public_path
        # Of a path that begins like one of ours it could not be told whether a proxy has removed it.
        self._prefix = "" if prefix.startswith(_OWN_PATHS) else prefix
        self._clock = clock
        # Once: behind such a proxy every request would be worth a warning.
        self._may_warn = True

    def below(self, scope: Scope) -> Scope:
        """Return the scope without the path of the deployment, which most proxies remove and some leave."""
        prefix = self._prefix
        if not prefix:
            return scope
        raw_path = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"]
        if raw_path != prefix and not raw_path.startswith(f"{prefix}/"):
            return scope
        rest = raw_path.removeprefix(prefix) or "/"
        return {**scope, "path": unquote(rest), "raw_path": rest.encode("latin-1")}

    def admit(self, scope: Scope) -> Request:
        """Return the visit of an HTTP request, with the plan to run or the answer to give."""
        headers, size = _headers(scope["headers"])
        raw_path = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"]
        given_id = headers.get("x-request-id", "")
        peer, forwarded = scope.get("client"), headers.get("x-forwarded-for")
        address = client_address(peer[0] if peer else "", forwarded, self._settings.trusted_proxies)
        if forwarded and self._may_warn:
            self._warn_of_proxy(peer[0] if peer else "", forwarded)
        agent = headers.get("user-agent")
        context = RequestContext(
            request_id=given_id if _REQUEST_ID.fullmatch(given_id) else str(new_id()),
            method=scope["method"],
            path=raw_path,
            now=self._clock(),
            client=Client(address, network_of(address), printable(agent) if agent else None),
            path_values={},
            query_string=scope["query_string"],
            headers=headers,
        )
        request = Request(context, headers)
        try:
            self._decide(request, raw_path, size)
        except AppError as error_response:
            # Its trace leads back to the visit, and nobody reads it.
            request.error_response = error_response.with_traceback(None)
        return request

    def authenticate(self, request: Request) -> None:
        """Verify the bearer token of an operation that wants one, by signature and claims alone.

        Raises:
            Unauthenticated, InvalidToken
        """
        if request.plan is None or request.plan.policy.public:
            return
        found = _BEARER.fullmatch(request.headers.get("authorization", ""))
        if not found:
            raise Unauthenticated
        claims = self._read_token(found[1])
        request.context.caller = (claims.user_id, claims.session_id)

    def _warn_of_proxy(self, peer: str, forwarded: str) -> None:
        """Say that what looks like a proxy of this deployment is not believed: all its clients count as one."""
        address = unlisted_proxy(peer, forwarded, self._settings.trusted_proxies)
        if address is not None:
            self._may_warn = False
            log.warning(
                "forwarded_ignored",
                address=address,
                fix="if this is your proxy, add it to TRUSTED_PROXIES: until then all its clients count as one",
            )

    def _decide(self, request: Request, raw_path: str, size: int) -> None:
        context, config = request.context, self._settings
        if self._is_preflight(context):
            # It asks about the origin, not about the path: a page that got a refusal here could not read the true one.
            found = self._router.find(raw_path)
            request.response = Response(204, _offers(found[0]) if found else [], b"")
            return
        if len(raw_path) + len(context.query_string) + 1 > config.uri_limit:
            raise UriTooLong
        if size > config.header_limit:
            raise HeadersTooLarge
        if raw_path == "*":
            # The server as a whole, which OPTIONS alone is asked of (RFC 9112, 3.2.4).
            if context.method != "OPTIONS":
                raise NotFound
            request.response = Response(204, [(b"allow", self._router.methods.encode())], b"")
            return
        found = self._router.find(raw_path)
        if found is None:
            request.ours = is_ours(raw_path)
            if request.ours:
                raise NotFound
            return
        route, context.path_values = found
        if context.method == "OPTIONS":
            request.response = Response(204, _offers(route), b"")
            return
        plan = route.methods.get(context.method)
        if plan is None:
            raise MethodNotAllowed(headers={"Allow": route.allow})
        request.plan = plan
        self._check_body_headers(plan, request.headers)

    def _is_preflight(self, context: RequestContext) -> bool:
        return (
            context.method == "OPTIONS"
            and "access-control-request-method" in context.headers
            and context.headers.get("origin") in self._settings.cors_origins
        )

    def _check_body_headers(self, plan: Plan, headers: dict[str, str]) -> None:
        length = headers.get("content-length")
        if length is not None and not length.isdecimal():
            raise MalformedBody("Content-Length is not a number.")
        if length and int(length) > self._settings.body_limit:
            raise too_large(self._settings.body_limit)
        # Chunks may turn out to be no body at all: see receive_body.
        chunked = "transfer-encoding" in headers
        if chunked and headers["transfer-encoding"] != "chunked":
            raise UnsupportedMediaType("Send the body as it is, without another Transfer-Encoding than chunked.")
        if not plan.takes_body:
            return
        sized = bool(length and int(length))
        kind = headers.get("content-type")
        if media_type(kind) not in plan.media_types if kind is not None else sized or (chunked and plan.needs_body):
            raise unsupported(plan.media_types)
        coding = headers.get("content-encoding")
        if coding is not None and any(part.strip().lower() not in ("", "identity") for part in coding.split(",")):
            message = "Send the body as it is, without Content-Encoding."
            raise UnsupportedMediaType(message, headers={"Accept-Encoding": "identity"})


def _offers(route: Route[Plan]) -> list[tuple[bytes, bytes]]:
    """Return what OPTIONS tells of a path: its methods, and what a PATCH may be (RFC 5789, 3.1)."""
    patch = route.methods.get("PATCH")
    more = [(b"accept-patch", ", ".join(patch.media_types).encode())] if patch and patch.takes_body else []
    return [(b"allow", route.allow.encode()), *more]


def too_large(limit: int) -> PayloadTooLarge:
    """Return the refusal of a body over the limit."""
    return PayloadTooLarge(f"The body is larger than {limit} bytes.")


def printable(text: str) -> str:
    """Return a header value fit for storing: no control characters, and not longer than we keep."""
    kept = text[:_MAX_AGENT]
    return kept if kept.isprintable() else "".join(char if char.isprintable() else " " for char in kept)


def _headers(pairs: list[tuple[bytes, bytes]]) -> tuple[dict[str, str], int]:
    """Return the values by name, those of several lines as one list (RFC 9110, 5.3), and the size of all lines."""
    size = sum([len(name) + len(value) + 4 for name, value in pairs])
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
    if len(found) < len(pairs):
        lines: dict[str, list[str]] = {}
        for name, value in pairs:
            lines.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        found = {name: ", ".join(values) for name, values in lines.items()}
    return found, size
