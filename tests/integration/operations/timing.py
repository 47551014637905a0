"""How long work takes, for the laws that want refusals to tell nothing by their time."""

import time
from collections.abc import Callable

from app.security.passwords import Passwords
from tests.people import PASSWORD


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def hashing_seconds(cost: int) -> float:
    """Return how long this machine takes to hash a password, at its best of three times."""
    passwords = Passwords(15, 256, cost)
    return min(seconds_of(lambda: passwords.hash(PASSWORD)) for _ in range(3))
