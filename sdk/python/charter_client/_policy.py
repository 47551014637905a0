"""What happens in one call: attempts, pauses and a refresh, without input or output.

The same generator drives threads and asyncio: it yields what is to be done, and receives what came of it.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, cast

import httpx

from charter_client._headers import can_be_sent
from charter_client._operation import Invocation, refresh_operation
from charter_client._responses import Ending, Outcome, body_of, code_of, not_charter
from charter_client._retries import REFRESH_TIMEOUT_SECONDS, Options, is_lost, pause_before_retry
from charter_client._tokens import SameSession, Session, Tokens, are_of_one_session


@dataclass(frozen=True, slots=True)
class Send:
    """Send the request; receive an Outcome."""

    tokens: Tokens | None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait; receive None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Refresh:
    """Have the tokens refreshed once for all that wait; receive a Verdict."""

    tokens: Tokens
    revision: int


Verdict = bool | Ending
"""Whether to send again; or why the refresh failed."""

Steps = Generator[Send | Pause | Refresh, Any, Ending]


@dataclass(frozen=True, slots=True)
class Start:
    """What a call finds when it begins.

    Attributes:
        tokens: of the session; None if nobody is signed in.
        revision: of the session.
        same_session: of the iterator or the update that it belongs to; None for a call by itself.
    """

    tokens: Tokens | None
    revision: int
    same_session: SameSession | None = None


def begin(invocation: Invocation[Any], session: Session, same_session: SameSession | None) -> Start:
    """Return what a call begins with.

    Raises:
        SessionChanged: it belongs to calls of another session.
    """
    start = Start(*session.look(), None if invocation.operation.public else same_session)
    if start.same_session is not None:
        start.same_session.check(start.tokens)
    return start


def steps_of(invocation: Invocation[Any], start: Start, session: Session, options: Options) -> Steps:
    """Yield what a call has to do, and return what came of it at last.

    Raises:
        SessionChanged: it belongs to calls of another session than that of now.
    """
    retries = 0
    refreshed = lost = False
    tokens, revision = start.tokens, start.revision
    while True:
        used = None if invocation.operation.public else tokens
        outcome: Outcome = yield Send(used)
        code = code_of(outcome)
        if used is not None and code == "SESSION_ENDED":
            session.replace(used, None)
            return outcome
        if used is not None and code == "INVALID_TOKEN" and not refreshed:
            refreshed = True
            verdict: Verdict = yield Refresh(used, revision)
            if verdict is False and start.same_session is not None:
                start.same_session.check(session.look()[0])
            if verdict is not True:
                return outcome if verdict is False else verdict
        else:
            lost = lost or is_lost(invocation, outcome)
            seconds = pause_before_retry(invocation, outcome, retries, options, urgent=lost)
            if seconds is None:
                return outcome
            retries += 1
            yield Pause(seconds)
        tokens, now = session.look()
        if not invocation.operation.public and (now != revision or not are_of_one_session(start.tokens, tokens)):
            if start.same_session is not None:
                start.same_session.check(tokens)
            # Somebody signed out or in meanwhile, here or in another process: what is left of this call is not theirs.
            return outcome


def verdict_before_refresh(session: Session, used: Tokens, revision: int) -> bool | Tokens:
    """Return whether to send again with what others refreshed, or the tokens that must be refreshed first."""
    tokens, now = session.look()
    if now != revision or tokens is None or not are_of_one_session(used, tokens):
        return False
    if tokens.access_token != used.access_token:
        return True
    return tokens if tokens.refresh_token else False


def refresh_invocation(path: str, tokens: Tokens, options: Options) -> Invocation[Any]:
    """Return the call that exchanges the refresh token.

    An attempt is short, so that another one is in time for the same response.
    """
    timeout = min(options.timeout, REFRESH_TIMEOUT_SECONDS)
    return Invocation(refresh_operation(path), path, json={"refresh_token": tokens.refresh_token}, timeout=timeout)


def verdict_after_refresh(session: Session, used: Tokens, outcome: Ending) -> Verdict:
    """Keep the new tokens, or forget the old ones if the server rejected them.

    A refresh that ends after a sign-out, or after another sign-in, is dropped.
    """
    if isinstance(outcome, httpx.Response) and outcome.is_success:
        fresh = tokens_of(outcome)
        return not_charter(outcome) if fresh is None else session.replace(used, fresh)
    if code_of(outcome) == "INVALID_REFRESH_TOKEN":
        # Another process with the same store may have refreshed in between.
        return session.replace(used, None) or outcome
    return outcome


def tokens_of(response: httpx.Response) -> Tokens | None:
    """Return the tokens of the response to a sign-in or a refresh; None if it has none."""
    data: object = (body_of(response) or {}).get("data")
    values = cast("dict[str, object]", data) if isinstance(data, dict) else {}
    match values:
        case {"access_token": str(access_token), "refresh_token": str(refresh_token)} if can_be_sent(access_token):
            return Tokens(access_token, refresh_token)
        case _:
            return None


def follow(invocation: Invocation[Any], outcome: Ending, session: Session, start: Start) -> None:
    """Sign in or out as the operation did on the server. A response that is not from Charter changes nothing.

    A refresh or a sign-out leaves the tokens of another session alone, which somebody began meanwhile.
    """
    if not isinstance(outcome, httpx.Response):
        return
    name = invocation.operation.name
    if name in ("login", "refresh") and outcome.is_success:
        tokens = tokens_of(outcome)
        if tokens is not None and name == "login":
            session.start(tokens)
        elif tokens is not None:
            session.start_in_place(start.tokens, tokens)
    ends = cast("dict[str, str]", invocation.json or {}).get("scope") != "others"
    if name == "logout" and ends and (outcome.status_code == 204 or (outcome.status_code == 401 and code_of(outcome))):
        session.start_in_place(start.tokens, None)
