"""What follows a commit: called once it is certain, and never able to undo it."""

import logging
from collections.abc import Callable

from app.database import jobs
from app.database.binding import bound
from app.database.pool import ThreadState

_log = logging.getLogger(__name__)
# What follows a commit has so long at least, also when the commit came just before the deadline.
FOLLOW_SECONDS = 1.0


def on_commit(follow: Callable[[], object]) -> None:
    """Call once what is being done is durable: after the commit, at the end of the unit, or at once.

    What it raises is logged, never raised: the work it follows is done.
    """
    state = bound().state
    state.after.append(follow)
    if not state.transactions and state.unit is None:
        follow_commit(state)


def follow_commit(state: ThreadState) -> None:
    """Call what this thread was asked to call."""
    after, state.after = state.after, []
    for follow in after:
        try:
            with jobs.allowing(FOLLOW_SECONDS):
                follow()
        except Exception:  # noqa: BLE001 - the work is done, whatever this raises
            _log.exception("a follow-up of a commit failed")
