"""Statements: one at a time, in the open transaction or else in autocommit, repeated where that is safe."""

import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

import peewee

from app.database.binding import bound
from app.database.faults import Overdue, is_worth_repeating
from app.database.pool import Database, Parameters
from app.database.work import connection
from app.errors import Unavailable

Outcome = TypeVar("Outcome")

_LONGEST_PAUSE_SECONDS = 0.02


def run(sql: str, params: Parameters = (), *, again: bool = False) -> list[tuple[Any, ...]]:
    """Run one statement, in the open transaction or else in autocommit.

    Args:
        sql: constant text with %s or %(name)s; a literal %% is needed only where there are params.
        again: repeat once on a fresh connection when this one turns out to be lost: for statements that may run twice.

    Returns:
        The rows; none for a statement that returns nothing.

    Raises:
        Unavailable: reason `database`, `lock_timeout` or, when the job's deadline has passed, `deadline`.
        peewee.DatabaseError: its subclasses; the driver's error with `pgcode` is the cause.
    """
    return perform(lambda database: _rows(database, sql, params), again=again)


def perform(statement: Callable[[Database], Outcome], *, again: bool = False) -> Outcome:
    """Call with the database what sends one statement, in the open transaction or else in autocommit.

    Args:
        statement: sends the statement and returns what came back.
        again: as in `run`.

    Raises:
        Unavailable, peewee.DatabaseError: as `run`.
    """
    database = bound()
    if database.state.transactions:
        return _attempt(database, statement, again)
    with connection():
        # In autocommit a statement that was undone by a deadlock, or at a stricter level, may simply be repeated.
        return retrying(lambda: _attempt(database, statement, again))


def run_apart(sql: str, params: Parameters = ()) -> list[tuple[Any, ...]]:
    """Run a statement that must stay although the request fails (law 8).

    Raises:
        RuntimeError: a transaction is open in this thread, whose rollback would undo it.
        Unavailable, peewee.DatabaseError: as `run`.
    """
    require_no_transaction()
    return run(sql, params)


def require_no_transaction() -> None:
    """Raise RuntimeError if a transaction is open in this thread, whose rollback would undo the next statement."""
    if bound().state.transactions:
        raise RuntimeError("this statement must stand alone, and a transaction is open")


def retrying(work: Callable[[], Outcome], attempts: int = 3) -> Outcome:
    """Call until it is not undone by a serialization failure or a deadlock.

    Inside an open transaction it calls once: only who began it can repeat it.

    Raises:
        Unavailable: reason `contention`, when every attempt was undone.
    """
    if bound().state.transactions:
        return work()
    for attempt in range(1, attempts + 1):
        try:
            return work()
        except peewee.OperationalError as error:
            if not is_worth_repeating(error):
                raise
            if attempt == attempts:
                raise Unavailable(reason="contention") from error
        time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS * attempt))
    raise ValueError("attempts must be at least 1")


def queries() -> int:
    """Return how many statements this thread has run since the last call; BEGIN and COMMIT do not count."""
    state = bound().state
    count, state.queries = state.queries, 0
    return count


def _rows(database: Database, sql: str, params: Parameters) -> list[tuple[Any, ...]]:
    cursor = database.execute_sql(sql, params)
    return cursor.fetchall() if cursor.description else []


def _attempt(database: Database, statement: Callable[[Database], Outcome], again: bool) -> Outcome:
    state = database.state
    connected = not state.closed
    try:
        return statement(database)
    except Unavailable as error:
        # What was overdue has had its time, and so has who waits for it.
        was_lost = connected and state.closed and not isinstance(error.__cause__, Overdue)
        if not (again and was_lost):
            raise
        # Inside a transaction this raises again: it is over.
        return statement(database)
