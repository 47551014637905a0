"""What time it is: this process's clock, and the database's where several servers must agree.

The expiry of a session, the grace of a refresh token, the wait of a throttled account and the life of an idempotency
key are judged by the database, whose clock is the same for every server. A statement takes the moment as a parameter,
which is null outside tests.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from peewee import Function, fn

# What a statement takes for the present, by a parameter named `now` or the next one. It is the same all through a
# statement, and an index can be searched for it, which is true of neither clock_timestamp() nor now().
PRESENT = "coalesce(%(now)s, statement_timestamp())"
PRESENT_NEXT = "coalesce(%s, statement_timestamp())"


def present(now: datetime | None) -> Function:
    """Return the present moment as part of a Peewee query.

    Args:
        now: the moment that a test sets; None: the database's clock decides.
    """
    return fn.COALESCE(now, fn.statement_timestamp())


def system_clock() -> datetime:
    """Return the present moment in UTC, as this machine tells it."""
    return datetime.now(UTC)


def moment(clock: Callable[[], datetime]) -> datetime | None:
    """Return what the database is to take for the present; None: its own clock decides, as always outside tests.

    Args:
        clock: `system_clock`, or a test's, which says so by a method `moment`, else by what it tells.
    """
    if clock is system_clock:
        return None
    told: Callable[[], datetime | None] = getattr(clock, "moment", clock)
    return told()
