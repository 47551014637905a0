"""The throttle of password guesses: attempts counted before the password is hashed, given back when it was right.

Two counters an attempt. The account's: some free failures, then a wait that doubles with each failure; unknown
addresses have one alike, and a network the account has signed in from has one of its own, so that a stranger who
locks the account does not lock its owner out. The client's: so many failures a window, which no success clears.
Each statement is one of its own in autocommit: it stays although the request fails (law 8). `clear` alone belongs
to the work that calls it.

The key of a counter is an HMAC under a subkey of JWT_SECRET: a leaked table is no list of addresses, and a change
of that secret forgets the counts, which is harmless.
"""

import hmac
import math
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from app.clock import NOW_SQL
from app.context.dependencies import Dependencies
from app.database import extra_time, run, run_in_autocommit
from app.errors import RateLimited
from app.identifiers import new_id
from app.security.principal import Client

_GIVE_BACK_SECONDS = 2.0

# The client's counter first, the account's only where that one admitted: rows are locked in one order, and whoever is
# refused by either counts nowhere. A counter that blocks is not written, so guessing on does not prolong the wait.
_COUNT = f"""
WITH client AS (
    INSERT INTO sign_in_attempts AS c
        (id, key, failures, blocked_until, window_started_at, created_at, updated_at)
    SELECT %(client_id)s, %(client)s, 1,
        CASE WHEN %(client_limit)s <= 1 THEN {NOW_SQL} + %(window)s END, {NOW_SQL}, {NOW_SQL}, {NOW_SQL}
    WHERE NOT EXISTS (SELECT FROM sign_in_attempts b WHERE b.key = %(account)s AND b.blocked_until > {NOW_SQL})
    ON CONFLICT (key) DO UPDATE SET
        failures = CASE WHEN c.window_started_at > {NOW_SQL} - %(window)s THEN c.failures + 1 ELSE 1 END,
        window_started_at = CASE
            WHEN c.window_started_at > {NOW_SQL} - %(window)s THEN c.window_started_at ELSE {NOW_SQL} END,
        blocked_until = CASE
            WHEN c.window_started_at > {NOW_SQL} - %(window)s AND c.failures + 1 >= %(client_limit)s
                THEN c.window_started_at + %(window)s
            WHEN %(client_limit)s <= 1 THEN {NOW_SQL} + %(window)s END,
        updated_at = {NOW_SQL}
    WHERE c.blocked_until IS NULL OR c.blocked_until <= {NOW_SQL}
    RETURNING c.window_started_at
), account AS (
    INSERT INTO sign_in_attempts AS a
        (id, key, failures, blocked_until, window_started_at, created_at, updated_at)
    SELECT %(account_id)s, %(account)s, 1,
        CASE WHEN %(free)s <= 1 THEN {NOW_SQL} + interval '1 second' END, {NOW_SQL}, {NOW_SQL}, {NOW_SQL}
    FROM client
    ON CONFLICT (key) DO UPDATE SET
        failures = a.failures + 1,
        blocked_until = CASE WHEN a.failures + 1 >= %(free)s
            THEN {NOW_SQL}
                 + least(power(2, least(a.failures + 1 - %(free)s, 30)), %(longest)s) * interval '1 second' END,
        updated_at = {NOW_SQL}
    WHERE a.blocked_until IS NULL OR a.blocked_until <= {NOW_SQL}
    RETURNING a.failures
)
SELECT (SELECT window_started_at FROM client), (SELECT failures FROM account)
"""  # noqa: S608 (constants)

_BLOCKED = f"""
SELECT key, blocked_until - {NOW_SQL} FROM sign_in_attempts WHERE key = ANY(%(keys)s) AND blocked_until > {NOW_SQL}
"""  # noqa: S608

_UNCOUNT = f"""
UPDATE sign_in_attempts SET failures = failures - 1, blocked_until = NULL, updated_at = {NOW_SQL}
WHERE key = %(client)s AND window_started_at = %(window_started_at)s AND failures > 0
"""  # noqa: S608

_CLEAR = "DELETE FROM sign_in_attempts WHERE key = %(account)s"

_CLEAR_ALL = "DELETE FROM sign_in_attempts WHERE key = ANY(%(keys)s)"

_NETWORKS = "SELECT DISTINCT network FROM sessions WHERE user_id = %(user_id)s"


class Attempt(NamedTuple):
    """An attempt that was counted: what it takes to give it back."""

    account_key: str
    client_key: str
    window_started_at: datetime


def count(*, email: str, known: bool, client: Client, dependencies: Dependencies) -> Attempt:
    """Count one attempt on an account before its password is hashed.

    Args:
        email: the canonical address, whether or not an account has it.
        known: the account has signed in from the client's network not long ago.

    Returns:
        What `give_back` needs.

    Raises:
        RateLimited: the account or the client must wait; nothing was counted.
    """
    config = dependencies.config
    account_key = _digest(dependencies, "account", email, client.network if known else "")
    client_key = _digest(dependencies, "client", client.network)
    ((window_started_at, failures),) = run_in_autocommit(
        _COUNT,
        {
            "client": client_key,
            "client_id": new_id(),
            "client_limit": config.limit_client_failures,
            "window": timedelta(seconds=config.limit_client_window_seconds),
            "account": account_key,
            "account_id": new_id(),
            "free": config.limit_account_failures,
            "longest": config.limit_account_max_seconds,
            "now": dependencies.moment,
        },
    )
    if failures is not None:
        return Attempt(account_key, client_key, window_started_at)
    if window_started_at is not None:
        _uncount(client_key, window_started_at, dependencies)
    raise _refusal(account_key, client_key, dependencies)


def give_back(attempt: Attempt, *, dependencies: Dependencies) -> None:
    """Undo the count of an attempt whose password was right; the account's counter starts afresh."""
    # Also when the deadline has passed meanwhile: who is answered 503 has not guessed wrong.
    with extra_time(_GIVE_BACK_SECONDS):
        run_in_autocommit(_CLEAR, {"account": attempt.account_key})
        _uncount(attempt.client_key, attempt.window_started_at, dependencies)


def waits(*, email: str, user_id: UUID, dependencies: Dependencies) -> dict[str, int]:
    """Return where from the account has to wait before it can sign in.

    Args:
        email: the account's address.

    Returns:
        Seconds by network that the account has signed in from; the empty one stands for all others.
    """
    networks = _account_keys(email, user_id, dependencies)
    blocked = dict(run(_BLOCKED, {"keys": list(networks), "now": dependencies.moment}))
    return {networks[key]: math.ceil(blocked[key].total_seconds()) for key in networks if key in blocked}


def clear(*, email: str, user_id: UUID, dependencies: Dependencies) -> None:
    """Forget the account's failures, wherever they came from, in the open transaction; those of clients stay."""
    run(_CLEAR_ALL, {"keys": list(_account_keys(email, user_id, dependencies))})


def _account_keys(email: str, user_id: UUID, dependencies: Dependencies) -> dict[str, str]:
    """Return the networks that have a counter of the account, by its key."""
    networks = ["", *sorted(network for (network,) in run(_NETWORKS, {"user_id": user_id}))]
    return {_digest(dependencies, "account", email, network): network for network in networks}


def _uncount(client_key: str, window_started_at: datetime, dependencies: Dependencies) -> None:
    run_in_autocommit(
        _UNCOUNT, {"client": client_key, "window_started_at": window_started_at, "now": dependencies.moment}
    )


def _refusal(account_key: str, client_key: str, dependencies: Dependencies) -> RateLimited:
    blocks = dict(run(_BLOCKED, {"keys": [account_key, client_key], "now": dependencies.moment}))
    reason = "account_throttled" if account_key in blocks else "client_throttled"
    wait = max(blocks.values(), default=timedelta(seconds=1))
    return RateLimited.after(math.ceil(wait.total_seconds()), reason=reason)


def _digest(dependencies: Dependencies, *parts: str) -> str:
    key = hmac.digest(dependencies.config.jwt_secret.encode(), b"charter sign-in attempts", "sha256")
    return hmac.digest(key, "\n".join(parts).encode(), "sha256").hex()
