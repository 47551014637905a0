"""The limit of password guesses in the mock: the rules of app.services.sign_in_attempts, on counters in memory.

The counters are no rows of the state, because they stay although the request fails (law 8).
"""

import math
from datetime import datetime, timedelta
from typing import NamedTuple

from app.errors import RateLimited
from app.mock.dependencies import dependencies_of
from app.mock.state import State
from app.mock.tables import AccountRow, AttemptCounter
from app.security.client_address import network_of
from charter import Context

_MAX_DOUBLINGS = 30


class Attempt(NamedTuple):
    """An attempt that was counted: the keys of its two counters."""

    account: tuple[str, ...]
    client: tuple[str, ...]


def count(context: Context, *, email: str, account: AccountRow | None) -> Attempt:
    """Count one attempt on an account before its password is verified.

    Args:
        email: the canonical address, whether or not an account has it.

    Raises:
        RateLimited: the account or the client must wait; nothing was counted.
    """
    assert context.client is not None
    dependencies, network = dependencies_of(context), context.client.network
    state, config, now = dependencies.state, dependencies.config, dependencies.clock()
    lately = now - timedelta(days=config.limit_known_address_days)
    known = account is not None and any(
        row.user == account.id and row.created_at > lately and network_of(row.address) == network
        for row in state.tables.sessions.values()
    )
    attempt = Attempt(("account", email, network if known else ""), ("client", network))
    _require_no_wait(state, attempt, now)

    window, counter = timedelta(seconds=config.limit_client_window_seconds), state.attempts.get(attempt.client)
    if counter is None or counter.window_started_at <= now - window:
        counter = AttemptCounter(0, None, now)
    failures, end = counter.failures + 1, counter.window_started_at + window
    blocked_until = end if failures >= config.limit_client_failures else None
    state.add_latest(state.attempts, attempt.client, AttemptCounter(failures, blocked_until, counter.window_started_at))

    failures = state.attempts[attempt.account].failures + 1 if attempt.account in state.attempts else 1
    over = failures - config.limit_account_failures
    seconds = min(2 ** min(over, _MAX_DOUBLINGS), config.limit_account_max_seconds) if over >= 0 else None
    blocked_until = now + timedelta(seconds=seconds) if seconds is not None else None
    state.add_latest(state.attempts, attempt.account, AttemptCounter(failures, blocked_until, now))
    return attempt


def give_back(state: State, attempt: Attempt) -> None:
    """Uncount an attempt whose password was right; the account's counter starts again."""
    state.attempts.pop(attempt.account, None)
    if counter := state.attempts.get(attempt.client):
        failures = max(0, counter.failures - 1)
        state.attempts[attempt.client] = counter._replace(failures=failures, blocked_until=None)


def _require_no_wait(state: State, attempt: Attempt, now: datetime) -> None:
    blocked = {}
    for key in attempt:
        counter = state.attempts.get(key)
        if counter is not None and counter.blocked_until is not None and counter.blocked_until > now:
            blocked[key] = counter.blocked_until - now
    if blocked:
        reason = "account_throttled" if attempt.account in blocked else "client_throttled"
        raise RateLimited.after(math.ceil(max(blocked.values()).total_seconds()), reason=reason)
