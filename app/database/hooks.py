"""What follows the end of a transaction."""

import logging
from collections.abc import Callable

from app.database import jobs
from app.database.binding import bound
from app.database.pool import ThreadState

_log = logging.getLogger(__name__)

FOLLOW_SECONDS = 1.0
"""What follows has so long at least, also when the end came just before the deadline."""


def on_commit(follow: Callable[[], object]) -> None:
    """Call once what is being done is durable: after the commit, at the end of the unit, or at once.

    What it raises is logged, never raised: the work it follows is done.
    """
    state = bound().state
    state.after.append(follow)
    if not state.transactions and state.unit is None:
        follow_commit(state)


def follow_commit(state: ThreadState) -> None:
    """Do what follows a commit."""
    after, state.after = state.after, []
    _call(after, "a follow-up of a commit failed")


def _call(callbacks: list[Callable[[], object]], failure: str) -> None:
    for callback in callbacks:
        try:
            with jobs.allowing(FOLLOW_SECONDS):
                callback()
        except Exception:  # noqa: BLE001 - what they follow is over, whatever they raise
            _log.exception(failure)
