"""Transactions of one thread: `transaction`, `unit`, and the connection they hold.

A statement is its own transaction in autocommit unless `transaction()` is open. A unit owns the commit of the
transactions entered inside it, so that an answer can be checked before its work is made durable (law 2).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2

from app.database import jobs
from app.database.binding import bound
from app.database.faults import Overdue, is_broken, translated
from app.database.hooks import follow_commit, follow_doubt, follow_rollback, forget
from app.database.pool import Database, ThreadState
from app.errors import Unavailable

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
