"""The two clients without their resources, which are generated."""

from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import httpx

from charter_client._async import AsyncTransport
from charter_client._headers import checked_headers
from charter_client._retries import Options
from charter_client._sync import Transport
from charter_client._tokens import Tokens, TokenStore
from charter_client._transport import About, checked_base_url, session_for

TransportType = TypeVar("TransportType", Transport, AsyncTransport)


def _changed(options: Options, **changes: Any) -> Options:
    return replace(options, **{name: value for name, value in changes.items() if value is not None})


class _Client(Generic[TransportType]):
    """What both clients do without a request."""

    _about: About
    _owns: bool
    _transport: TransportType

    @property
    def tokens(self) -> Tokens | None:
        """The tokens of the session; None if nobody is signed in."""
        return self._transport.session.tokens

    def sign_in_with(self, tokens: Tokens | None) -> None:
        """Use the tokens of a session that was started elsewhere; None: forget the session without ending it."""
        self._transport.session.start(tokens)

    def with_options(
        self,
        *,
        timeout: float | None = None,
        retries: int | None = None,
        max_wait: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Return a client with other options, on the same connections and session. Only the first is closed."""
        other = object.__new__(type(self))
        checked = None if headers is None else checked_headers(headers)
        options = _changed(
            self._transport.options, timeout=timeout, retries=retries, max_wait=max_wait, headers=checked
        )
        other._owns = False
        other._transport = self._transport.sharing(options)
        return other


class SyncClient(_Client[Transport]):
    """A client for threads. One object serves all threads of a program; close it at the end, or use it in `with`.

    Args:
        base_url: of the server, such as https://accounts.example.com.
        access_token: sent with each request, if you have one and no refresh token; otherwise sign in with `auth.login`.
        store: keeps the tokens; memory by default.
        timeout: seconds to connect, to send, and to wait for the next part of a response.
        retries: how many times a call that can be repeated is sent again.
        max_wait: the longest `Retry-After` in seconds that is waited for; a longer one is raised.
        headers: sent with every request.
        http_client: your own, for proxies, certificates or tests; you close it.

    Raises:
        ValueError: the base URL is not one, or a token or a header cannot be sent.
    """

    def __init__(
        self,
        base_url: str,
        *,
        access_token: str | None = None,
        store: TokenStore | None = None,
        timeout: float = 30.0,
        retries: int = 2,
        max_wait: float = 30.0,
        headers: Mapping[str, str] | None = None,
        http_client: httpx.Client | None = None,
    ) -> None:
        url = checked_base_url(base_url)
        session = session_for(access_token, store)
        self._owns = http_client is None
        options = Options(timeout, retries, max_wait, checked_headers(headers or {}))
        self._transport = Transport(http_client or httpx.Client(), url, session, options, self._about)

    def close(self) -> None:
        """Close the connections."""
        if self._owns:
            self._transport.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(_Client[AsyncTransport]):
    """A client for asyncio. One object serves all tasks of an event loop; close it, or use it in `async with`.

    Args:
        base_url: of the server, such as https://accounts.example.com.
        access_token: sent with each request, if you have one and no refresh token; otherwise sign in with `auth.login`.
        store: keeps the tokens; memory by default.
        timeout: seconds to connect, to send, and to wait for the next part of a response.
        retries: how many times a call that can be repeated is sent again.
        max_wait: the longest `Retry-After` in seconds that is waited for; a longer one is raised.
        headers: sent with every request.
        http_client: your own, for proxies, certificates or tests; you close it.

    Raises:
        ValueError: the base URL is not one, or a token or a header cannot be sent.
    """

    def __init__(
        self,
        base_url: str,
        *,
        access_token: str | None = None,
        store: TokenStore | None = None,
        timeout: float = 30.0,
        retries: int = 2,
        max_wait: float = 30.0,
        headers: Mapping[str, str] | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        url = checked_base_url(base_url)
        session = session_for(access_token, store)
        self._owns = http_client is None
        options = Options(timeout, retries, max_wait, checked_headers(headers or {}))
        self._transport = AsyncTransport(http_client or httpx.AsyncClient(), url, session, options, self._about)

    async def close(self) -> None:
        """Close the connections."""
        if self._owns:
            await self._transport.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
