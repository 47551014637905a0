"""Hooks that run after a transaction: after its commit, its rollback, or a commit whose outcome is unknown."""

import logging
from collections.abc import Callable

from app.database import jobs
from app.database.binding import current_database
from app.database.thread_state import ThreadState
from app.exits import is_of_a_signal

_log = logging.getLogger(__name__)

HOOK_SECONDS = 1.0
"""Each hook has at least this time, also when the transaction ended just before the deadline."""


def on_commit(hook: Callable[[], object]) -> None:
    """Call the hook after the commit: that of the unit of work, else of the open transaction, else at once.

    An exception in the hook is logged and not raised, since the work is committed.
    """
    state = current_database().state
    state.commit_hooks.append(hook)
    if not state.transactions and state.unit is None:
        run_commit_hooks(state)


def on_rollback(hook: Callable[[], object]) -> None:
    """Call the hook after the rollback of the open transaction, to write what stays although the request fails (law 8).

    An exception in the hook replaces the error that caused the rollback.

    Raises:
        RuntimeError: no transaction is open.
    """
    _open_transaction().rollback_hooks.append(hook)


def on_commit_unknown(hook: Callable[[], object]) -> None:
    """Call the hook when the connection is lost during the COMMIT of the open transaction.

    An exception in the hook is logged and not raised: the caller gets the error that the outcome is unknown.

    Raises:
        RuntimeError: no transaction is open.
    """
    _open_transaction().commit_unknown_hooks.append(hook)


def run_commit_hooks(state: ThreadState) -> None:
    """Call the hooks of a commit."""
    hooks, state.commit_hooks = state.commit_hooks, []
    _call(hooks, "a commit hook failed")


def run_rollback_hooks(state: ThreadState) -> None:
    """Call the hooks of a rollback; the first exception is raised."""
    hooks, state.rollback_hooks = state.rollback_hooks, []
    for hook in hooks:
        with jobs.extra_time(HOOK_SECONDS):
            hook()


def run_commit_unknown_hooks(state: ThreadState) -> None:
    """Call the hooks of a commit whose outcome is unknown."""
    hooks, state.commit_unknown_hooks = state.commit_unknown_hooks, []
    _call(hooks, "a hook for an unknown commit failed")


def clear_hooks(state: ThreadState) -> None:
    """Remove the hooks of an earlier transaction."""
    state.rollback_hooks, state.commit_unknown_hooks = [], []


def _open_transaction() -> ThreadState:
    state = current_database().state
    if not state.transactions:
        raise RuntimeError("No transaction is open.")
    return state


def _call(hooks: list[Callable[[], object]], failure: str) -> None:
    for hook in hooks:
        try:
            with jobs.extra_time(HOOK_SECONDS):
                hook()
        except BaseException as error:
            # The transaction has ended, whatever a hook raises.
            if is_of_a_signal(error):
                raise
            _log.exception(failure)
