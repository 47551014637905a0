"""The transport for threads."""

import threading
import time
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


class _PendingRefresh:
    """A refresh under way, and those that wait for it."""

    def __init__(self) -> None:
        self.finished = threading.Event()
        self.verdict: Verdict = False


class Transport:
    """Sends the calls of a client, and of those that share its connections and its session."""

    def __init__(self, http: httpx.Client, base_url: str, session: Session, options: Options, about: About) -> None:
        self.http = http
        self.base_url = base_url
        self.session = session
        self.options = options
        self.about = about
        self.same_session: SameSession | None = None
        self._lock = threading.Lock()
        self._pending_refreshes: dict[Tokens, _PendingRefresh] = {}

    def sharing(self, options: Options) -> "Transport":
        """Return a transport with other options, on the same connections and session."""
        other = Transport(self.http, self.base_url, self.session, options, self.about)
        other._lock, other._pending_refreshes = self._lock, self._pending_refreshes
        return other

    def in_one_session(self) -> "Transport":
        """Return a transport for calls that belong together: all of them are of the session of the first."""
        other = self.sharing(self.options)
        other.same_session = SameSession()
        return other

    def call(
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
        response = self.call_conditionally(
            operation, path=path, query=query, json=json, headers=headers, timeout=timeout
        )
        if isinstance(response, NotModified):
            raise UnexpectedResponse(f"The response to {operation.name} is a 304 that was not asked for.", response.raw)
        return response

    def call_conditionally(
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
        outcome = self._run(invocation, start)
        follow(invocation, outcome, self.session, start)
        return read(invocation, outcome, self.about.version, self.about.errors)

    def _run(self, invocation: Invocation[Any], start: Start) -> Ending:
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
                    result = self._send(invocation, tokens)
                case Pause(seconds):
                    time.sleep(seconds)
                    result = None
                case Refresh(tokens, revision):
                    result = self._refresh(tokens, revision)

    def _send(self, invocation: Invocation[Any], tokens: Tokens | None) -> Outcome:
        request = request_for(self.http, self.base_url, invocation, tokens, self.options, self.about)
        outcome: Outcome
        try:
            outcome = self.http.send(request, follow_redirects=False)
        except httpx.RequestError as error:
            outcome = error
        tell(request, outcome)
        return outcome

    def _refresh(self, used: Tokens, revision: int) -> Verdict:
        """Refresh the tokens, or wait for the call that does."""
        path = self.about.refresh_path
        with self._lock:
            known = verdict_before_refresh(self.session, used, revision)
            if not isinstance(known, Tokens):
                return known
            if path is None:
                return False
            pending = self._pending_refreshes.get(known)
            is_first = pending is None
            if pending is None:
                pending = self._pending_refreshes[known] = _PendingRefresh()
        if not is_first:
            pending.finished.wait()
            return pending.verdict
        try:
            invocation = refresh_invocation(path, known, self.options)
            outcome = self._run(invocation, begin(invocation, self.session, None))
            pending.verdict = verdict_after_refresh(self.session, known, outcome)
        finally:
            with self._lock:
                del self._pending_refreshes[known]
            pending.finished.set()
        return pending.verdict


class Resource:
    """The operations of one tag."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
