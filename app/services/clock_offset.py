"""How far this machine's clock is from the database's, which decides where several servers must agree."""

import time
from collections.abc import Callable
from typing import NamedTuple

import structlog

from app.database import connection, run
from app.errors import Unavailable

# From here on it is worth a look: clocks that are synchronised differ by milliseconds.
NOTABLE_SECONDS = 1.0
# From here on access tokens may be refused, which each server judges by its own clock.
HARMFUL_SECONDS = 30.0

_ROUNDS = 3
_FIX = "synchronise both clocks (NTP)"


class Offset(NamedTuple):
    """The difference, as far as a round trip tells it.

    Attributes:
        seconds: positive where this machine is ahead of the database.
        doubt: how much more or less it may be.
    """

    seconds: float
    doubt: float

    @property
    def certain(self) -> float:
        """Return how far the clocks are apart at least, in seconds."""
        return max(0.0, abs(self.seconds) - self.doubt)


def measure() -> Offset:
    """Compare the two clocks a few times; the quickest answer tells most.

    Raises:
        Unavailable: as `run`.
    """
    rounds: list[tuple[float, float]] = []
    with connection():
        while len(rounds) < _ROUNDS:
            before = time.time()
            theirs = float(run("SELECT extract(epoch FROM clock_timestamp())")[0][0])
            after = time.time()
            rounds.append((after - before, (before + after) / 2 - theirs))
    trip, seconds = min(rounds)
    return Offset(seconds, abs(trip) / 2)


class ClockWatch:
    """Measures again and again, and warns once when the clocks have come apart.

    Args:
        tell: gets the seconds by which this machine is ahead, for a metric.
    """

    def __init__(self, tell: Callable[[float], object] | None) -> None:
        self._tell = tell
        self._apart = False

    def look(self) -> None:
        """Measure; that the database is away is told by others."""
        try:
            offset = measure()
        except Unavailable:
            return
        if self._tell:
            self._tell(offset.seconds)
        apart = offset.certain > NOTABLE_SECONDS
        if apart and not self._apart:
            ahead = round(offset.seconds, 3)
            structlog.get_logger("charter").warning("clocks_differ", ahead_of_database_seconds=ahead, fix=_FIX)
        self._apart = apart
