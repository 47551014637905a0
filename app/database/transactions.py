"""Transactions of one thread: `transaction` and `unit_of_work`, and the connection that they use.

Outside `transaction()` a statement runs in autocommit. A unit of work commits the transactions that are opened inside
it, so that a response can be checked before its work is committed (law 2).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2

from app.database import jobs
from app.database.binding import current_database
from app.database.driver_errors import StatementTimeout, is_disconnect, translate
from app.database.hooks import clear_hooks, run_commit_hooks, run_commit_unknown_hooks, run_rollback_hooks
from app.database.pool import Database
from app.database.thread_state import ThreadState
from app.errors import Unavailable

# Locks and conditional statements are written for this level, so the default of the role does not count.
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
# An entry in Peewee's own list of transactions, so that its atomic() becomes a savepoint.
_TRANSACTION = object()


@contextmanager
def connection() -> Iterator[None]:
    """Hold one connection for this thread until the outermost block ends.

    Raises:
        Unavailable: the server cannot be reached, or no connection became free in time.
    """
    database = current_database()
    _acquire(database)
    try:
        yield
    finally:
        _release(database)


@contextmanager
def transaction() -> Iterator[None]:
    """Open a transaction, or join the open one.

    Outside a unit of work, the outermost block commits, or rolls back on an exception. Inside one, the first block
    begins the transaction and the unit of work commits it. After an exception has left a joined block, the whole
    transaction can only be rolled back.

    Raises:
        Unavailable: reason `database`, `deadline`, or `commit_unknown` when the connection was lost during COMMIT.
        RuntimeError: an error was caught although it had made the transaction invalid.
    """
    database = current_database()
    state = database.state
    if state.transactions:
        try:
            yield
        except BaseException:
            state.needs_rollback = True
            raise
        return
    _begin(database)
    try:
        if state.unit is not None and state.unit.on_begin is not None:
            state.unit.on_begin()
        yield
    except BaseException:
        _roll_back(database)
        run_rollback_hooks(state)
        raise
    if state.unit is None:
        _commit(database)
        run_commit_hooks(state)


class UnitOfWork:
    """Work whose commit the pipeline decides.

    Attributes:
        on_begin: called at the beginning of the transaction; None: nothing is.
    """

    __slots__ = ("_state", "on_begin")

    def __init__(self, state: ThreadState, on_begin: Callable[[], object] | None = None) -> None:
        self._state = state
        self.on_begin = on_begin

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self._state.transactions)


@contextmanager
def unit_of_work(*, on_begin: Callable[[], object] | None = None) -> Iterator[UnitOfWork]:
    """Commit every `transaction()` that is opened inside at the end of the block, or roll it back on an exception.

    Args:
        on_begin: called as soon as a transaction has begun; its exceptions leave the `transaction()` that began it.

    Raises:
        RuntimeError: inside another unit of work or transaction.
        Unavailable: as `transaction`.
    """
    database = current_database()
    state = database.state
    if state.unit is not None or state.transactions:
        raise RuntimeError("A unit of work cannot be opened inside another one or inside a transaction.")
    state.unit = UnitOfWork(state, on_begin)
    try:
        yield state.unit
        if state.transactions:
            _commit(database)
    except BaseException:
        if state.transactions:
            _roll_back(database)
            run_rollback_hooks(state)
        state.commit_hooks.clear()
        raise
    finally:
        state.unit = None
    run_commit_hooks(state)


def _acquire(database: Database) -> None:
    state = database.state
    if state.closed and not state.transactions:
        database.connect()
    state.depth += 1


def _release(database: Database) -> None:
    state = database.state
    state.depth -= 1
    if not state.depth:
        database.close()


def _begin(database: Database) -> None:
    jobs.check()
    _acquire(database)
    try:
        try:
            database.send_command(_BEGIN)
        except StatementTimeout:
            raise
        except psycopg2.Error:
            database.discard()
            database.connect()
            database.send_command(_BEGIN)
    except BaseException as error:
        database.discard()
        _release(database)
        if isinstance(error, psycopg2.Error):
            raise translate(error) from error
        raise
    database.state.needs_rollback = False
    clear_hooks(database.state)
    database.state.transactions.append(_TRANSACTION)


def _commit(database: Database) -> None:
    state = database.state
    if state.needs_rollback or state.closed:
        lost = state.closed
        _roll_back(database)
        if lost:
            raise Unavailable(reason="database")
        raise RuntimeError("A transaction block failed and its error was caught, so nothing was committed.")
    try:
        jobs.begin_commit()
    except Unavailable:
        _roll_back(database)
        raise
    try:
        status = database.send_command("COMMIT")
    except psycopg2.Error as error:
        state.commit_hooks.clear()
        broken = is_disconnect(error, state.conn)
        if broken:
            database.discard()
        else:
            jobs.commit_failed()
        _end(database)
        if broken:
            run_commit_unknown_hooks(state)
        raise Unavailable(reason="commit_unknown") if broken else translate(error) from error
    _end(database)
    if status != "COMMIT":
        jobs.commit_failed()
        state.commit_hooks.clear()
        raise RuntimeError("A statement failed and its error was caught, so nothing was committed.")


def _roll_back(database: Database) -> None:
    state = database.state
    state.commit_hooks.clear()
    if not state.closed:
        try:
            database.send_command("ROLLBACK")
        except psycopg2.Error:  # a lost connection has been rolled back already
            database.discard()
    _end(database)


def _end(database: Database) -> None:
    del database.state.transactions[:]
    _release(database)
