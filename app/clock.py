"""The present time: the clock of this process, or that of the database where several servers must agree.

The database decides on the expiry of a session, the grace period of a refresh token, the delay of a throttled account
and the lifetime of an idempotency key, since its clock is the same for every server. Statements take the time as a
parameter, which is null outside tests.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import orjson
from peewee import Function, fn

# The present time in a statement: the parameter named `now`, or the next positional one. The value is constant within a
# statement and works with an index, unlike clock_timestamp(); unlike now(), it is not that of the whole transaction.
NOW_SQL = "coalesce(%(now)s, statement_timestamp())"
NOW_SQL_POSITIONAL = "coalesce(%s, statement_timestamp())"


def rfc3339(time: datetime) -> str:
    """Return an aware time as in 2026-01-31T12:00:00.000Z (RFC 3339, milliseconds, UTC)."""
    # Half the time of isoformat(), and a page of a list has forty times.
    seconds = orjson.dumps(time.astimezone(UTC), option=orjson.OPT_OMIT_MICROSECONDS)[1:20].decode()
    return f"{seconds}.{time.microsecond // 1000:03}Z"


def sql_now(now: datetime | None = None) -> Function:
    """Return the present time as part of a Peewee query.

    Args:
        now: the time that a test sets; None: the clock of the database decides.
    """
    return fn.COALESCE(now, fn.statement_timestamp())


def system_clock() -> datetime:
    """Return the present time of this machine in UTC."""
    return datetime.now(UTC)


def test_now(clock: Callable[[], datetime]) -> datetime | None:
    """Return the time that a test sets, which the database must use; None in production: it uses its own clock.

    Args:
        clock: `system_clock`, or the clock of a test; its method `moment` is called if it has one, else the clock.
    """
    if clock is system_clock:
        return None
    read: Callable[[], datetime | None] = getattr(clock, "moment", clock)
    return read()
