"""Waiting for what another thread, process or server does."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LONGEST_SECONDS = 60
"""Far longer than anything takes on a busy machine, so that only what never happens fails."""


def until(holds: Callable[[], T], missing: Callable[[], object] = lambda: "It did not happen.") -> T:
    """Return what a function returns, once that is true.

    Args:
        missing: makes the message of the failure.
    """
    latest = time.monotonic() + LONGEST_SECONDS
    while not (found := holds()):
        assert time.monotonic() < latest, missing()
        time.sleep(0.005)
    return found
