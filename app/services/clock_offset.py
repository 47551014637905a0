"""The difference between this machine's clock and the database's, which decides where several servers must agree."""

import time
from collections.abc import Callable
from typing import NamedTuple

import structlog

from app.database import connection
from app.errors import Unavailable
from charter import run

# From here on it is worth a warning: synchronised clocks differ by milliseconds.
NOTABLE_SECONDS = 1.0
# From here on servers may reject access tokens, which each of them judges by its own clock.
HARMFUL_SECONDS = 30.0

_ROUNDS = 3
_FIX = "synchronise both clocks (NTP)"


class Offset(NamedTuple):
    """The difference, as far as a round trip can measure it.

    Attributes:
        seconds: positive where this machine is ahead of the database.
        doubt: how much more or less it may be, in seconds.
    """

    seconds: float
    doubt: float

    @property
    def certain(self) -> float:
        """Return how far the clocks are apart at least, in seconds."""
        return max(0.0, abs(self.seconds) - self.doubt)


def measure() -> Offset:
    """Compare the two clocks a few times; the quickest round trip is the most precise.

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
    """Measures again and again, and logs one warning each time the clocks have come apart.

    Args:
        report: takes the seconds by which this machine is ahead, for a metric.
    """

    def __init__(self, report: Callable[[float], object] | None) -> None:
        self._report = report
        self._apart = False

    def check(self) -> None:
        """Measure. Other code reports that the database does not respond."""
        try:
            offset = measure()
        except Unavailable:
            return
        if self._report:
            self._report(offset.seconds)
        apart = offset.certain > NOTABLE_SECONDS
        if apart and not self._apart:
            ahead = round(offset.seconds, 3)
            structlog.get_logger("charter").warning("clocks_differ", ahead_of_database_seconds=ahead, fix=_FIX)
        self._apart = apart
