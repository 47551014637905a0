"""Ties the process to one database: the pool that every other function of this package uses."""

from collections.abc import Callable

from app.config import Config
from app.database.faults import explain
from app.database.pool import Database
from models.record import database as proxy


def bind(
    config: Config,
    *,
    size: int,
    slow: Callable[[str, float], object] | None = None,
    bounded: bool = False,
) -> Database:
    """Make the pool of this process and give it to the models; nothing is connected yet.

    Args:
        settings: for the URL, the connect timeout and the slow-query mark.
        size: most connections at once; at least as many as threads that use the database.
        slow: called with (sql, milliseconds) of each slow statement.
        bounded: whether a statement must be answered within DATABASE_STATEMENT_SECONDS, as befits answering
            requests; migrations and other long work are not.

    Returns:
        The database; call its `dispose()` after a fork and its `reset()` to replace every connection.
    """
    database = Database(
        config.database_url,
        size=size,
        connect_seconds=config.database_connect_seconds,
        wait_seconds=config.database_connect_seconds,
        statement_seconds=config.database_statement_seconds if bounded else None,
        slow_ms=config.slow_query_ms,
        slow=slow,
    )
    proxy.initialize(database)
    return database


def bound() -> Database:
    """Return the database of this process.

    Raises:
        RuntimeError: `bind` has not been called.
    """
    database = proxy.obj
    if database is None:
        raise RuntimeError("no database: call app.database.bind first")
    assert isinstance(database, Database)
    return database


def explain_connection_fault(error: BaseException) -> str:
    """Return one line for people on why the bound database cannot be reached, without its password."""
    return explain(error, bound().url)
