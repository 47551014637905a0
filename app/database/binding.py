"""Binds the process to one database: the pool that every other function of this package uses."""

from collections.abc import Callable, Sequence

from peewee import Model

from app.config import Config
from app.database.driver_errors import explain_error
from app.database.pool import Database
from models.record import database as proxy


def bind(
    config: Config,
    *,
    size: int,
    on_slow_query: Callable[[str, float], object] | None = None,
    limit_statements: bool = False,
    project_models: Sequence[type[Model]] = (),
) -> Database:
    """Create the pool of this process and bind the models to it; nothing is connected yet.

    Args:
        config: for the URL, the connect timeout and the limit for slow queries.
        size: maximum number of connections; at least the number of threads that use the database.
        on_slow_query: called with (sql, milliseconds) of each slow statement.
        limit_statements: whether each statement must finish within DATABASE_STATEMENT_SECONDS. Use it where requests
            are handled, not for migrations and other long work.
        project_models: the models of a project, beside Charter's.

    Returns:
        The database; call its `dispose()` after a fork and its `reset()` to replace every connection.
    """
    database = Database(
        config.database_url,
        size=size,
        connect_seconds=config.database_connect_seconds,
        wait_seconds=config.database_connect_seconds,
        statement_seconds=config.database_statement_seconds if limit_statements else None,
        slow_ms=config.slow_query_ms,
        on_slow_query=on_slow_query,
    )
    database.project_models = tuple(project_models)
    proxy.initialize(database)
    return database


def is_bound() -> bool:
    """Return whether this process has a database; that of `charter mock` has none."""
    return proxy.obj is not None


def current_database() -> Database:
    """Return the database of this process.

    Raises:
        RuntimeError: `bind` has not been called.
    """
    database = proxy.obj
    if database is None:
        raise RuntimeError("No database is bound. Call app.database.bind first.")
    assert isinstance(database, Database)
    return database


def explain_connection_error(error: BaseException) -> str:
    """Return one line that explains to people why the database cannot be reached, without its password."""
    return explain_error(error, current_database().url)
