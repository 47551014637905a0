"""What follows the end of a transaction: its commit, its rollback, or a commit of which nobody knows what became."""

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


def on_rollback(amend: Callable[[], object]) -> None:
    """Call once the open transaction has been rolled back, to write what stays although the request fails (law 8).

    What it raises takes the place of the error that undid the work.

    Raises:
        RuntimeError: no transaction is open.
    """
    _open_transaction().undone.append(amend)


def on_doubt(settle: Callable[[], object]) -> None:
    """Call when the connection is lost during the COMMIT of the open transaction, so that nobody knows its outcome.

    What it raises is logged, never raised: the caller is told that the outcome is unknown.

    Raises:
        RuntimeError: no transaction is open.
    """
    _open_transaction().in_doubt.append(settle)


def follow_commit(state: ThreadState) -> None:
    """Do what follows a commit."""
    after, state.after = state.after, []
    _call(after, "a follow-up of a commit failed")


def follow_rollback(state: ThreadState) -> None:
    """Do what follows a rollback; the first of it that fails is raised."""
    undone, state.undone = state.undone, []
    for amend in undone:
        with jobs.allowing(FOLLOW_SECONDS):
            amend()


def follow_doubt(state: ThreadState) -> None:
    """Do what follows a commit of which nobody knows what became."""
    in_doubt, state.in_doubt = state.in_doubt, []
    _call(in_doubt, "what became of a commit could not be settled")


def forget(state: ThreadState) -> None:
    """Begin a transaction that nothing follows yet."""
    state.undone, state.in_doubt = [], []


def _open_transaction() -> ThreadState:
    state = bound().state
    if not state.transactions:
        raise RuntimeError("no transaction is open")
    return state


def _call(callbacks: list[Callable[[], object]], failure: str) -> None:
    for callback in callbacks:
        try:
            with jobs.allowing(FOLLOW_SECONDS):
                callback()
        except Exception:  # noqa: BLE001 - what they follow is over, whatever they raise
            _log.exception(failure)
