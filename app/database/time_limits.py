"""A time limit for one block of database work."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.database.binding import current_database


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Limit the time of all database work of this thread in the block, connecting included.

    It replaces the limit of each single statement. When blocks are nested, the one that ends first applies. The time to
    connect is limited in whole seconds.

    Args:
        seconds: from now on; less than DATABASE_STATEMENT_SECONDS for a quick check, more for long work.
    """
    state = current_database().state
    before = state.deadline
    deadline = time.monotonic() + seconds
    state.deadline = deadline if before is None else min(before, deadline)
    try:
        yield
    finally:
        state.deadline = before
