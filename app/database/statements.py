"""Statements: each runs in the open transaction or in autocommit, and is repeated where that is safe."""

import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

import peewee

from app.database.binding import current_database, is_bound
from app.database.driver_errors import StatementTimeout, is_retryable
from app.database.pool import Database, Parameters
from app.database.transactions import connection
from app.errors import Unavailable

T = TypeVar("T")

_MAX_PAUSE_SECONDS = 0.02


def run(sql: str, params: Parameters = (), *, retry_on_disconnect: bool = False) -> list[tuple[Any, ...]]:
    """Run one statement in the open transaction, or in autocommit if none is open.

    Args:
        sql: constant text with %s or %(name)s; a percent sign is doubled only if there are params.
        retry_on_disconnect: repeat once on a new connection if this one turns out to be lost; only for statements that
            may run twice.

    Returns:
        The rows; an empty list for a statement that returns none.

    Raises:
        Unavailable: reason `database`, `lock_timeout` or, after the deadline of the job, `deadline`.
        peewee.DatabaseError: or a subclass; the driver error with `pgcode` is its cause.
    """
    return perform(lambda database: _rows(database, sql, params), retry_on_disconnect=retry_on_disconnect)


def perform(statement: Callable[[Database], T], *, retry_on_disconnect: bool = False) -> T:
    """Call a function that sends one statement, in the open transaction, or in autocommit if none is open.

    Args:
        statement: called with the database; it sends the statement and returns the result.
        retry_on_disconnect: as in `run`.

    Raises:
        Unavailable, peewee.DatabaseError: as `run`.
    """
    database = current_database()
    if database.state.transactions:
        return _attempt(database, statement, retry_on_disconnect)
    with connection():
        # In autocommit, a statement that failed by a deadlock or a serialization failure can be repeated.
        return retry_transaction(lambda: _attempt(database, statement, retry_on_disconnect))


def run_in_autocommit(sql: str, params: Parameters = ()) -> list[tuple[Any, ...]]:
    """Run a statement that is committed at once, and stays although the request fails (law 8).

    Raises:
        RuntimeError: a transaction is open in this thread; its rollback would undo the statement.
        Unavailable, peewee.DatabaseError: as `run`.
    """
    require_no_transaction()
    return run(sql, params)


def require_no_transaction() -> None:
    """Raise RuntimeError if a transaction is open in this thread: its rollback would undo the next statement."""
    if current_database().state.transactions:
        raise RuntimeError("This statement must run in autocommit, but a transaction is open.")


def require_transaction() -> None:
    """Raise RuntimeError unless a transaction is open in this thread.

    Without one a write would be committed at once, and would stay although the request fails.
    """
    if not current_database().state.transactions:
        raise RuntimeError(
            "This write was not sent, because no transaction is open. Put it inside `with transaction():`, which is "
            "committed with the event of the request, or use execute_in_autocommit if it must stay although the "
            "request fails."
        )


def retry_transaction(work: Callable[[], T], attempts: int = 3) -> T:
    """Call the function, and again after a serialization failure or a deadlock.

    Inside an open transaction it is called once: only the code that began the transaction can repeat it.

    Raises:
        Unavailable: reason `contention`, after the last attempt.
    """
    if current_database().state.transactions:
        return work()
    for attempt in range(1, attempts + 1):
        try:
            return work()
        except peewee.OperationalError as error:
            if not is_retryable(error):
                raise
            if attempt == attempts:
                raise Unavailable(reason="contention") from error
        time.sleep(random.uniform(0, _MAX_PAUSE_SECONDS * attempt))
    raise ValueError(f"attempts must be at least 1, not {attempts}")


def take_query_count() -> int:
    """Return the number of statements of this thread since the last call, without BEGIN and COMMIT."""
    if not is_bound():
        return 0
    state = current_database().state
    count, state.queries = state.queries, 0
    return count


def _rows(database: Database, sql: str, params: Parameters) -> list[tuple[Any, ...]]:
    cursor = database.execute_sql(sql, params)
    return cursor.fetchall() if cursor.description else []


def _attempt(database: Database, statement: Callable[[Database], T], retry_on_disconnect: bool) -> T:
    state = database.state
    connected = not state.closed
    try:
        return statement(database)
    except Unavailable as error:
        # After a timeout there is no time left for a second attempt.
        was_lost = connected and state.closed and not isinstance(error.__cause__, StatementTimeout)
        if not (retry_on_disconnect and was_lost):
            raise
        # Inside a transaction this raises again, since the transaction is lost.
        return statement(database)
