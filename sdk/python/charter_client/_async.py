"""The transport for asyncio."""

import asyncio
from collections.abc import Mapping
from typing import Any, TypeVar

import httpx

from charter_client._errors import UnexpectedResponse
from charter_client._operation import Invocation, Operation
from charter_client._policy import (
    Pause,
    Refresh,
    Send,
    Start,
    Verdict,
    begin,
    follow,
    refresh_invocation,
    steps_of,
    verdict_after_refresh,
    verdict_before_refresh,
)
from charter_client._responses import Ending, NotModified, Outcome, Response, read
from charter_client._retries import Options
from charter_client._tokens import SameSession, Session, Tokens
from charter_client._transport import About, prepare, request_for, tell

T = TypeVar("T")


class AsyncTransport:
    """Sends the calls of a client, and of those that share its connections and its session.

    A cancelled call is given up where it waits; a refresh that others wait for goes on.
    """

    def __init__(
        self, http: httpx.AsyncClient, base_url: str, session: Session, options: Options, about: About
    ) -> None:
        self.http = http
        self.base_url = base_url
        self.session = session
        self.options = options
        self.about = about
        self.same_session: SameSession | None = None
        self._pending_refreshes: dict[Tokens, asyncio.Task[Verdict]] = {}

    def sharing(self, options: Options) -> "AsyncTransport":
        """Return a transport with other options, on the same connections and session."""
        other = AsyncTransport(self.http, self.base_url, self.session, options, self.about)
        other._pending_refreshes = self._pending_refreshes
        return other

    def in_one_session(self) -> "AsyncTransport":
        """Return a transport for calls that belong together: all of them are of the session of the first."""
        other = self.sharing(self.options)
        other.same_session = SameSession()
        return other

    async def call(
        self,
        operation: Operation[T],
        *,
        path: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None,
        json: Mapping[str, object] | None = None,
        headers: Mapping[str, str | None] | None = None,
        timeout: float | None = None,
    ) -> Response[T]:
        """Carry out an operation.

        Raises:
            CharterError: it failed.
        """
        response = await self.call_conditionally(
            operation, path=path, query=query, json=json, headers=headers, timeout=timeout
        )
        if isinstance(response, NotModified):
            raise UnexpectedResponse(f"The response to {operation.name} is a 304 that was not asked for.", response.raw)
        return response

    async def call_conditionally(
        self,
        operation: Operation[T],
        *,
        path: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None,
        json: Mapping[str, object] | None = None,
        headers: Mapping[str, str | None] | None = None,
        timeout: float | None = None,
    ) -> Response[T] | NotModified:
        """Carry out an operation that may find the resource unchanged.

        Raises:
            CharterError: it failed.
        """
        invocation = prepare(operation, path, query, json, headers, timeout)
        start = begin(invocation, self.session, self.same_session)
        outcome = await self._run(invocation, start)
        follow(invocation, outcome, self.session, start)
        return read(invocation, outcome, self.about.version, self.about.errors)

    async def _run(self, invocation: Invocation[Any], start: Start) -> Ending:
        steps = steps_of(invocation, start, self.session, self.options)
        result: Any = None
        while True:
            try:
                step = steps.send(result)
            except StopIteration as end:
                ending: Ending = end.value
                return ending
            match step:
                case Send(tokens):
                    result = await self._send(invocation, tokens)
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                    result = None
                case Refresh(tokens, revision):
                    result = await self._refresh(tokens, revision)

    async def _send(self, invocation: Invocation[Any], tokens: Tokens | None) -> Outcome:
        request = request_for(self.http, self.base_url, invocation, tokens, self.options, self.about)
        outcome: Outcome
        try:
            outcome = await self.http.send(request, follow_redirects=False)
        except httpx.RequestError as error:
            outcome = error
        tell(request, outcome)
        return outcome

    async def _refresh(self, used: Tokens, revision: int) -> Verdict:
        """Refresh the tokens, or wait for the call that does."""
        known = verdict_before_refresh(self.session, used, revision)
        if not isinstance(known, Tokens):
            return known
        if (path := self.about.refresh_path) is None:
            return False
        pending = self._pending_refreshes.get(known)
        if pending is None:
            pending = self._pending_refreshes[known] = asyncio.create_task(self._exchange(path, known))
        # A task of its own: the call that began it may be cancelled.
        return await asyncio.shield(pending)

    async def _exchange(self, path: str, tokens: Tokens) -> Verdict:
        try:
            invocation = refresh_invocation(path, tokens, self.options)
            outcome = await self._run(invocation, begin(invocation, self.session, None))
            return verdict_after_refresh(self.session, tokens, outcome)
        finally:
            del self._pending_refreshes[tokens]


class AsyncResource:
    """The operations of one tag."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport
