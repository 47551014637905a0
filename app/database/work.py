"""Statements and transactions of one thread: `run`, `transaction`, `unit`, and what follows a commit.

A statement is its own transaction in autocommit unless `transaction()` is open. A unit owns the commit of the
transactions entered inside it, so that an answer can be checked before its work is made durable (law 2).
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import peewee
import psycopg2

from app.database import jobs
from app.database.binding import bound
from app.database.faults import Overdue, is_broken, is_worth_repeating, translated
from app.database.hooks import follow_commit, follow_doubt, follow_rollback, forget
from app.database.pool import Database, Parameters, ThreadState
from app.errors import Unavailable

Outcome = TypeVar("Outcome")

_LONGEST_PAUSE_SECONDS = 0.02
# Whatever the role's default: what is guarded by locks and conditional statements is so at this level.
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
# What Peewee finds on its own list of transactions, so that its atomic() becomes a savepoint inside ours.
_OURS = object()


@contextmanager
def connection() -> Iterator[None]:
    """Hold one connection for this thread until the outermost block ends.

    Raises:
        Unavailable: the server cannot be reached, or no connection came free in time.
    """
    database = bound()
    _hold(database)
    try:
        yield
    finally:
        _let_go(database)


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
    database = bound()
    if database.state.transactions:
        return _rows(database, sql, params, again)
    with connection():
        # In autocommit a statement that was undone by a deadlock, or at a stricter level, may simply be repeated.
        return retrying(lambda: _rows(database, sql, params, again))


def run_apart(sql: str, params: Parameters = ()) -> list[tuple[Any, ...]]:
    """Run a statement that must stay although the request fails (law 8).

    Raises:
        RuntimeError: a transaction is open in this thread, whose rollback would undo it.
        Unavailable, peewee.DatabaseError: as `run`.
    """
    if bound().state.transactions:
        raise RuntimeError("this statement must stand alone, and a transaction is open")
    return run(sql, params)


@contextmanager
def transaction() -> Iterator[None]:
    """Open a transaction, or join the one that is open.

    Outside a unit the outermost block commits, or rolls back on an exception. Inside one the first block begins and
    the unit commits. An exception that leaves a joined block spoils the whole: it cannot be committed any more.

    Raises:
        Unavailable: reason `database`, `deadline`, or `commit_unknown` when the connection was lost during COMMIT.
        RuntimeError: an error was swallowed that had made the transaction void.
    """
    database = bound()
    state = database.state
    if state.transactions:
        try:
            yield
        except BaseException:
            state.spoilt = True
            raise
        return
    _begin(database)
    try:
        if state.unit is not None and state.unit.first is not None:
            state.unit.first()
        yield
    except BaseException:
        _roll_back(database)
        follow_rollback(state)
        raise
    if state.unit is None:
        _commit(database)
        follow_commit(state)


class Unit:
    """One piece of work whose commit the pipeline decides.

    Attributes:
        first: called first thing in its transaction; None: nothing is.
    """

    __slots__ = ("_state", "first")

    def __init__(self, state: ThreadState, first: Callable[[], object] | None = None) -> None:
        self._state = state
        self.first = first

    @property
    def begun(self) -> bool:
        """Whether a transaction is open."""
        return bool(self._state.transactions)


@contextmanager
def unit(*, first: Callable[[], object] | None = None) -> Iterator[Unit]:
    """Own the commit of every `transaction()` entered inside; on an exception all of it is rolled back.

    Args:
        first: called as soon as a transaction has begun; what it raises leaves the `transaction()` that began it.

    Raises:
        RuntimeError: inside another unit or transaction.
        Unavailable: as `transaction`.
    """
    database = bound()
    state = database.state
    if state.unit is not None or state.transactions:
        raise RuntimeError("a unit does not nest")
    state.unit = Unit(state, first)
    try:
        yield state.unit
        if state.transactions:
            _commit(database)
    except BaseException:
        if state.transactions:
            _roll_back(database)
            follow_rollback(state)
        state.after.clear()
        raise
    finally:
        state.unit = None
    follow_commit(state)


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


def _rows(database: Database, sql: str, params: Parameters, again: bool) -> list[tuple[Any, ...]]:
    state = database.state
    connected = not state.closed
    try:
        cursor = database.execute_sql(sql, params)
    except Unavailable as error:
        # What was overdue has had its time, and so has who waits for it.
        was_lost = connected and state.closed and not isinstance(error.__cause__, Overdue)
        if not (again and was_lost):
            raise
        # Inside a transaction this raises again: it is over.
        cursor = database.execute_sql(sql, params)
    return cursor.fetchall() if cursor.description else []


def _hold(database: Database) -> None:
    state = database.state
    if state.closed and not state.transactions:
        database.connect()
    state.depth += 1


def _let_go(database: Database) -> None:
    state = database.state
    state.depth -= 1
    if not state.depth:
        database.close()


def _begin(database: Database) -> None:
    jobs.check()
    _hold(database)
    try:
        try:
            database.control(_BEGIN)
        except Overdue:
            raise
        except psycopg2.Error:
            database.discard()
            database.connect()
            database.control(_BEGIN)
    except BaseException as error:
        database.discard()
        _let_go(database)
        if isinstance(error, psycopg2.Error):
            raise translated(error) from error
        raise
    database.state.spoilt = False
    forget(database.state)
    database.state.transactions.append(_OURS)


def _commit(database: Database) -> None:
    state = database.state
    if state.spoilt or state.closed:
        lost = state.closed
        _roll_back(database)
        if lost:
            raise Unavailable(reason="database")
        raise RuntimeError("a transaction block failed and its error was swallowed: nothing was committed")
    try:
        jobs.begin_commit()
    except Unavailable:
        _roll_back(database)
        raise
    try:
        word = database.control("COMMIT")
    except psycopg2.Error as error:
        state.after.clear()
        broken = is_broken(error, state.conn)
        if broken:
            database.discard()
        else:
            jobs.commit_failed()
        _end(database)
        if broken:
            follow_doubt(state)
        raise Unavailable(reason="commit_unknown") if broken else translated(error) from error
    _end(database)
    if word != "COMMIT":
        jobs.commit_failed()
        state.after.clear()
        raise RuntimeError("a statement failed and its error was swallowed: nothing was committed")


def _roll_back(database: Database) -> None:
    state = database.state
    state.after.clear()
    if not state.closed:
        try:
            database.control("ROLLBACK")
        except psycopg2.Error:  # a lost connection has rolled back by itself
            database.discard()
    _end(database)


def _end(database: Database) -> None:
    del database.state.transactions[:]
    _let_go(database)
