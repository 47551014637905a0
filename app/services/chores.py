"""Chores: each is run by one process of all, which a row decides. The clock of the database says when it is due."""

from datetime import datetime

import structlog
from peewee import Expression

from app.clock import sql_now
from app.context.chores import Chore
from app.database import extra_time
from app.errors import Unavailable
from charter import Context, execute_in_autocommit, fetch_one, fetch_value, transaction
from models import ChoreRun

# Noting the end of a run gets this long, also after the limit of the run.
_NOTE_SECONDS = 1.0


def run_if_due(chore: Chore, context: Context) -> bool:
    """Run a chore if nobody does or did within its interval.

    Any number of processes may ask at once: one of them runs it. A run that did not end by the limit is given up; then
    another process may run it.

    Returns:
        Whether this call ran it.

    Raises:
        Exception: what the chore raises.
    """
    started_at = _begin(chore, context.test_now)
    if started_at is None:
        return False
    log, interrupted = structlog.get_logger("charter.chores"), False
    log.info("chore_started", chore=chore.name)
    try:
        chore.work(context)
    except Unavailable as error:
        interrupted = error.reason == "shutdown"
        raise
    finally:
        with extra_time(_NOTE_SECONDS):
            _end(chore, started_at, context.test_now, interrupted=interrupted)
    log.info("chore_ended", chore=chore.name)
    return True


def _begin(chore: Chore, now: datetime | None) -> datetime | None:
    """Return the beginning of the run that is this call's, or None."""
    known = ChoreRun.select(ChoreRun.id).where((ChoreRun.name == chore.name) & ~_is_due(chore, now))
    if fetch_value(known) is not None:
        return None
    values = {
        ChoreRun.started_at: sql_now(now),
        ChoreRun.free_at: sql_now(now) + chore.limit,
        ChoreRun.ended_at: None,
        ChoreRun.updated_at: sql_now(now),
    }
    insert = ChoreRun.insert({ChoreRun.name: chore.name, **values})
    claim = insert.on_conflict(conflict_target=[ChoreRun.name], update=values, where=_is_due(chore, now))
    with transaction():
        run = fetch_one(claim.returning(ChoreRun.started_at), ChoreRun)
    return run.started_at if run else None


def _is_due(chore: Chore, now: datetime | None) -> Expression:
    ended = ChoreRun.ended_at.is_null(False) & (ChoreRun.started_at <= sql_now(now) - chore.every)
    given_up = ChoreRun.ended_at.is_null() & (ChoreRun.free_at <= sql_now(now))
    return ended | given_up


def _end(chore: Chore, started_at: datetime, now: datetime | None, *, interrupted: bool) -> None:
    """Note that a run has ended; one that the server's end interrupted may be repeated at once by another process."""
    values = {"free_at": sql_now(now)} if interrupted else {"ended_at": sql_now(now)}
    # Meanwhile the run may have been given up, and begun by somebody else.
    own = (ChoreRun.name == chore.name) & (ChoreRun.started_at == started_at)
    execute_in_autocommit(ChoreRun.update({**values, "updated_at": sql_now(now)}).where(own))
