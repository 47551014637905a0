"""Another bound for what one block asks of the database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.database.binding import bound


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound all that this thread asks of the database in the block, connecting included, in place of each statement.

    An outer block that ends sooner holds. Connecting is timed in whole seconds.

    Args:
        seconds: from now on; less than DATABASE_STATEMENT_SECONDS for a quick question, more for long work.
    """
    state = bound().state
    before = state.deadline
    due = time.monotonic() + seconds
    state.deadline = due if before is None else min(before, due)
    try:
        yield
    finally:
        state.deadline = before
