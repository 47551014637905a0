"""The front door: what is decided about a request before any I/O, the same in both modes."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
from app.gateway.plan import Plan
from app.gateway.router import Router, is_ours
from app.identifiers import new_id
from app.policy.call import Answer, Call
from app.security.access_tokens import AccessTokens
from app.security.networks import client_address, network_of
from app.security.principal import Client
from app.settings import Settings

Scope = dict[str, Any]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_BEARER = re.compile(r"bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)", re.ASCII | re.IGNORECASE)
_JSON_TYPE = re.compile(r"application/json(?=[ \t]*(;|$))", re.IGNORECASE)
# Empty ones are allowed (RFC 9110, 5.6.6); spaces around the equals sign are not, and do no harm.
_PARAMETER = re.compile(
    r"""[ \t]*;[ \t]*(?:(?P<name>[!#$%&'*+.^_`|~\w-]+)[ \t]*=[ \t]*"""
    r"""(?P<value>[!#$%&'*+.^_`|~\w-]+|"(?:[^"\\]|\\.)*"))?""",
    re.ASCII,
)
_MOST_AGENT = 256


@dataclass(slots=True)
class Visit:
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

    call: Call
    headers: dict[str, str]
    plan: Plan | None = None
    refusal: AppError | None = None
    answer: Answer | None = None
    failure: Exception | None = None
    ours: bool = True
    deadline: asyncio.Timeout | None = None
    job: Job | None = None
    committed: Callable[[], Awaitable[Answer]] | None = None


class FrontDoor:
    """Admits requests.

    Args:
        plans: every operation's.
        clock: returns the present moment.
    """

    def __init__(
        self, plans: Iterable[Plan], *, settings: Settings, tokens: AccessTokens, clock: Callable[[], datetime]
    ) -> None:
        self._router: Router[Plan] = Router((plan.policy.path, plan.policy.method, plan) for plan in plans)
        self._settings = settings
        self._read_token = tokens.read
        self._clock = clock

    def admit(self, scope: Scope) -> Visit:
        """Return the visit of an HTTP request, with the plan to run or the answer to give."""
        headers, size = _headers(scope["headers"])
        raw_path = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"]
        given_id = headers.get("x-request-id", "")
        peer = scope.get("client")
        address = client_address(
            peer[0] if peer else "", headers.get("x-forwarded-for"), self._settings.trusted_proxies
        )
        agent = headers.get("user-agent")
        call = Call(
            request_id=given_id if _REQUEST_ID.fullmatch(given_id) else str(new_id()),
            method=scope["method"],
            path=raw_path,
            now=self._clock(),
            client=Client(address, network_of(address), printable(agent) if agent else None),
            path_values={},
            query_string=scope["query_string"],
            headers=headers,
        )
        visit = Visit(call, headers)
        try:
            self._decide(visit, raw_path, size)
        except AppError as refusal:
            # Its trace leads back to the visit, and nobody reads it.
            visit.refusal = refusal.with_traceback(None)
        return visit

    def authenticate(self, visit: Visit) -> None:
        """Verify the bearer token of an operation that wants one, by signature and claims alone.

        Raises:
            Unauthenticated, InvalidToken
        """
        if visit.plan is None or visit.plan.policy.public:
            return
        found = _BEARER.fullmatch(visit.headers.get("authorization", ""))
        if not found:
            raise Unauthenticated
        claims = self._read_token(found[1])
        visit.call.caller = (claims.user_id, claims.session_id)

    def _decide(self, visit: Visit, raw_path: str, size: int) -> None:
        call, settings = visit.call, self._settings
        if len(raw_path) + len(call.query_string) + 1 > settings.uri_limit:
            raise UriTooLong
        if size > settings.header_limit:
            raise HeadersTooLarge
        found = self._router.find(raw_path)
        if found is None:
            visit.ours = is_ours(raw_path)
            if visit.ours:
                raise NotFound
            return
        route, call.path_values = found
        if call.method == "OPTIONS":
            visit.answer = Answer(204, [(b"allow", route.allow.encode())], b"")
            return
        plan = route.methods.get(call.method)
        if plan is None:
            raise MethodNotAllowed(headers={"Allow": route.allow})
        visit.plan = plan
        self._check_body_headers(plan, visit.headers)

    def _check_body_headers(self, plan: Plan, headers: dict[str, str]) -> None:
        length = headers.get("content-length")
        if length is not None and not length.isdecimal():
            raise MalformedBody("Content-Length is not a number.")
        if length and int(length) > self._settings.body_limit:
            raise too_large(self._settings.body_limit)
        if not plan.takes_body:
            return
        sized = bool(length and int(length))
        kind = headers.get("content-type")
        # Chunks may turn out to be no body at all: see receive_body.
        chunked = "transfer-encoding" in headers
        if not is_json(kind) if kind is not None else sized or (chunked and plan.needs_body):
            raise UnsupportedMediaType
        if chunked and headers["transfer-encoding"].strip().lower() != "chunked":
            raise UnsupportedMediaType("Send the body as it is, without another Transfer-Encoding than chunked.")
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")


def is_json(kind: str) -> bool:
    """Tell whether a Content-Type is JSON, in UTF-8 where it names a charset; other parameters say nothing."""
    kind = kind.strip()
    found = _JSON_TYPE.match(kind)
    while found and found.end() < len(kind):
        found = _PARAMETER.match(kind, found.end())
        if found and (found["name"] or "").lower() == "charset" and found["value"].strip('"').lower() != "utf-8":
            return False
    return found is not None


def too_large(limit: int) -> PayloadTooLarge:
    """Return the refusal of a body over the limit."""
    return PayloadTooLarge(f"The body is larger than {limit} bytes.")


def printable(text: str) -> str:
    """Return a header value fit for storing: no control characters, and not longer than we keep."""
    kept = text[:_MOST_AGENT]
    return kept if kept.isprintable() else "".join(char if char.isprintable() else " " for char in kept)


def _headers(pairs: list[tuple[bytes, bytes]]) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    size = 0
    for raw_name, raw_value in pairs:
        size += len(raw_name) + len(raw_value) + 4
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found, size
