"""Who used the processor during a round, and who was the limit of its rate."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

from tests.bench.processes import LOAD_CORE, SERVER_CORE, Server, busy_seconds, tree_seconds

BUSY = 0.9
"""The least share of its core at which the server itself is what limits the rate."""
FULL = 0.88
"""The least share of the other core at which those who use it are what limits the rate."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of one core's time during a round; a sum of several processes may be above 1.

    Attributes:
        server: all processes of the measured server.
        driver: what sends the requests.
        postgres, valkey: all processes of the databases.
        server_core, other_core: how busy the core of the server was, and the one of driver and databases, with
            whatever else ran there.
    """

    server: float
    driver: float
    postgres: float
    valkey: float
    server_core: float
    other_core: float

    @property
    def limit(self) -> str:
        """What limited the rate: `the server`, `the driver`, `the database`, `other programs` or `waiting`."""
        if self.server >= BUSY:
            return "the server"
        databases = self.postgres + self.valkey
        if self.driver + databases >= FULL:
            return "the driver" if self.driver > databases else "the database"
        if max(self.server_core, self.other_core) >= BUSY:
            return "other programs"
        return "waiting"


class Meter:
    """Reads the clocks of everything that takes part; the difference of two readings gives the shares.

    Args:
        databases: the first process of `postgres` and of `valkey`.
    """

    def __init__(self, databases: Mapping[str, int]) -> None:
        self._databases = databases

    def read(self, server: Server) -> tuple[float, ...]:
        """Return the seconds used up to now, and the time."""
        ours = os.times()
        return (
            server.core_seconds(),
            ours.user + ours.system + ours.children_user + ours.children_system,
            *(tree_seconds(self._databases[name]) for name in ("postgres", "valkey")),
            busy_seconds(SERVER_CORE),
            busy_seconds(LOAD_CORE),
            perf_counter(),
        )


def between(before: tuple[float, ...], after: tuple[float, ...]) -> Shares:
    """Return the shares of two readings."""
    *used, passed = (late - early for early, late in zip(before, after, strict=True))
    return Shares(*(seconds / passed for seconds in used))
