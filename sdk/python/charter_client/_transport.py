"""What the two transports share: how a request is made, and what a client was given."""

import logging
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from charter_client._encoding import encode, encode_path, encode_query
from charter_client._errors import ResponseError
from charter_client._headers import checked_headers
from charter_client._operation import Invocation, Operation
from charter_client._responses import Outcome
from charter_client._retries import Options
from charter_client._tokens import MemoryStore, Session, Tokens, TokenStore
from charter_client._urls import shown_url

T = TypeVar("T")
log = logging.getLogger("charter_client")


@dataclass(frozen=True, slots=True)
class About:
    """What the package was generated from.

    Attributes:
        release: of the package.
        version: of the envelope.
        errors: the class of each error code.
        refresh_path: of the operation that exchanges a refresh token; None: the API has none.
    """

    release: str
    version: str
    errors: Mapping[str, type[ResponseError]]
    refresh_path: str | None

    @property
    def user_agent(self) -> str:
        """The User-Agent of the requests."""
        return f"charter-client/{self.release} python/{platform.python_version()}"


def checked_base_url(url: str) -> str:
    """Return a base URL without a slash at its end.

    Raises:
        ValueError: no request could be sent to it.
    """
    # Without types, what is often given is an environment variable that is not set.
    text = url.strip().rstrip("/") if isinstance(url, str) else ""  # pyright: ignore[reportUnnecessaryIsInstance]
    try:
        parsed = httpx.URL(text)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host or (parsed.port or 0) > 65535:
        raise ValueError(f"The base URL must be a URL such as https://accounts.example.com, not {_shown(url)}.")
    if parsed.userinfo:
        raise ValueError("The base URL must not contain a user name or a password: sign in with auth.login.")
    if parsed.query or parsed.fragment:
        raise ValueError(f"The base URL must have neither a query nor a fragment, not {_shown(url)}.")
    if text.endswith("/v1"):
        raise ValueError(f"The base URL must not contain the version of the API: {text.removesuffix('/v1')!r}.")
    return text


def _shown(url: object) -> str:
    """Return how a message shows a URL: without what may be a password or a key."""
    if not isinstance(url, str):
        return "None" if url is None else f"a value of the type {type(url).__name__}"
    return repr(shown_url(url))


def session_for(access_token: str | None, store: TokenStore | None) -> Session:
    """Return the session of a new client.

    Raises:
        ValueError: both were given.
    """
    if access_token is not None and store is not None:
        raise ValueError("Give either an access token or a token store.")
    return Session(store or MemoryStore(Tokens(access_token) if access_token else None))


def prepare(
    operation: Operation[T],
    path: Mapping[str, object] | None,
    query: Mapping[str, object] | None,
    json: Mapping[str, object] | None,
    headers: Mapping[str, str | None] | None,
    timeout: float | None,
) -> Invocation[T]:
    """Encode the arguments of a call.

    An operation that accepts an Idempotency-Key gets one here, so that all attempts have the same.

    Raises:
        ValueError: an argument cannot be sent.
    """
    given = {name: value for name, value in (headers or {}).items() if value is not None}
    if operation.accepts_key:
        given.setdefault("Idempotency-Key", str(uuid4()))
    return Invocation(
        operation,
        encode_path(operation.path, path or {}),
        encode_query(query or {}),
        None if json is None else encode(json),
        checked_headers(given),
        timeout,
    )


def request_for(
    http: httpx.Client | httpx.AsyncClient,
    base_url: str,
    invocation: Invocation[Any],
    tokens: Tokens | None,
    options: Options,
    about: About,
) -> httpx.Request:
    """Return the request of one attempt.

    Raises:
        ValueError: your own client of httpx has a header that cannot be sent.
    """
    # A mapping that knows that case does not matter in names: each header is sent once.
    headers = httpx.Headers({"User-Agent": about.user_agent, "Accept": "application/json"})
    headers.update(options.headers)
    headers.update(invocation.headers)
    if tokens is not None:
        headers["Authorization"] = f"Bearer {tokens.access_token}"
    request = http.build_request(
        invocation.operation.method,
        base_url + invocation.path,
        params=dict(invocation.query) or None,
        json=invocation.json,
        headers=headers,
        timeout=options.timeout if invocation.timeout is None else invocation.timeout,
    )
    checked_headers({name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.raw})
    return request


def tell(request: httpx.Request, outcome: Outcome) -> None:
    """Log an attempt, without its query, headers and body."""
    if not log.isEnabledFor(logging.DEBUG):
        return
    if isinstance(outcome, httpx.Response):
        summary = f"{outcome.status_code} (request {outcome.headers.get('X-Request-Id', '-')})"
    else:
        summary = type(outcome).__name__
    log.debug("%s %s: %s", request.method, request.url.path, summary)
