"""The limit of password guesses: an attempt is counted before the password is hashed, and uncounted if it was right.

Each attempt has two counters. The account's: a few failures are free, then the wait doubles with each failure. Unknown
addresses have a counter, too. A network that the account has signed in from has a counter of its own, so a stranger who
locks the account does not lock out its owner. The client's: a number of failures in a window, which no success clears.
Each statement commits alone and stays although the request fails (law 8), except those of `clear`, which belong to the
transaction of the caller.

The key of a counter is an HMAC under a subkey of JWT_SECRET. So a leaked table is no list of addresses, and a new
secret resets the counters, which is harmless.
"""

import hmac
import math
from datetime import datetime, timedelta
from typing import NamedTuple

from app.clock import NOW_SQL, sql_now
from app.database import extra_time, run_in_autocommit
from app.errors import RateLimited
from app.identifiers import new_id
from charter import Context, execute, execute_in_autocommit, fetch_tuples
from models import Session, SignInAttempt, User

_GIVE_BACK_SECONDS = 2.0

# SQL text: hot (sign-in), and two upserts in one statement, of which the second depends on the first. The client's
# counter comes first, and the account's only where the client's lets the attempt pass: rows are locked in one order,
# and an attempt that either rejects counts nowhere. A counter that blocks is not written, so more guesses do not
# prolong the wait.
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


class Attempt(NamedTuple):
    """An attempt that was counted, with what `give_back` needs."""

    account_key: str
    client_key: str
    window_started_at: datetime


def count(context: Context, *, email: str, known: bool) -> Attempt:
    """Count one attempt on an account before its password is hashed.

    Args:
        email: the canonical address, whether or not an account has it.
        known: the account has signed in from the client's network lately.

    Raises:
        RateLimited: the account or the client must wait; nothing was counted.
    """
    assert context.client is not None
    network, config = context.client.network, context.dependencies.config
    account_key = _key(context, "account", email, network if known else "")
    client_key = _key(context, "client", network)
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
            "now": context.test_now,
        },
    )
    if failures is not None:
        return Attempt(account_key, client_key, window_started_at)
    if window_started_at is not None:
        _uncount(context, client_key, window_started_at)
    raise _rate_limited(context, account_key, client_key)


def give_back(context: Context, attempt: Attempt) -> None:
    """Uncount an attempt whose password was right; the account's counter starts again."""
    # Also after the deadline: a client that gets 503 has not guessed wrong.
    with extra_time(_GIVE_BACK_SECONDS):
        execute_in_autocommit(SignInAttempt.delete().where(SignInAttempt.key == attempt.account_key))
        _uncount(context, attempt.client_key, attempt.window_started_at)


def waits(context: Context, user: User) -> dict[str, int]:
    """Return how many seconds the account must wait before it can sign in, by network.

    The networks are those that the account has signed in from; the empty one means all others.
    """
    networks = _account_keys(context, user)
    blocked = _blocked(context, list(networks))
    return {networks[key]: math.ceil(blocked[key].total_seconds()) for key in networks if key in blocked}


def clear(context: Context, user: User) -> None:
    """Forget the account's failures from every network, in the open transaction; those of clients stay."""
    execute(SignInAttempt.delete().where(SignInAttempt.key.in_(list(_account_keys(context, user)))))


def _account_keys(context: Context, user: User) -> dict[str, str]:
    """Return the networks that have a counter of the account, by its key."""
    seen = fetch_tuples(Session.select(Session.network).where(Session.user == user.id).distinct())
    networks = ["", *sorted(network for (network,) in seen)]
    return {_key(context, "account", user.email, network): network for network in networks}


def _uncount(context: Context, client_key: str, window_started_at: datetime) -> None:
    values = {"failures": SignInAttempt.failures - 1, "blocked_until": None, "updated_at": sql_now(context.test_now)}
    counted = (SignInAttempt.key == client_key) & (SignInAttempt.window_started_at == window_started_at)
    execute_in_autocommit(SignInAttempt.update(values).where(counted & (SignInAttempt.failures > 0)))


def _blocked(context: Context, keys: list[str]) -> dict[str, timedelta]:
    """Return how long each of the counters still blocks, by key, without those that do not."""
    now = sql_now(context.test_now)
    blocking = SignInAttempt.key.in_(keys) & (SignInAttempt.blocked_until > now)
    return dict(
        fetch_tuples(SignInAttempt.select(SignInAttempt.key, SignInAttempt.blocked_until - now).where(blocking))
    )


def _rate_limited(context: Context, account_key: str, client_key: str) -> RateLimited:
    blocked = _blocked(context, [account_key, client_key])
    reason = "account_throttled" if account_key in blocked else "client_throttled"
    wait = max(blocked.values(), default=timedelta(seconds=1))
    return RateLimited.after(math.ceil(wait.total_seconds()), reason=reason)


def _key(context: Context, *parts: str) -> str:
    secret = context.dependencies.config.jwt_secret.encode()
    subkey = hmac.digest(secret, b"charter sign-in attempts", "sha256")
    return hmac.digest(subkey, "\n".join(parts).encode(), "sha256").hex()
