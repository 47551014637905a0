"""Peewee queries, run as `run` runs SQL text: with the same connection, transaction, deadline, counting and errors.

Write ordinary reads and writes with the models and Peewee's query builder, and pass the query to one of these
functions. Peewee's own ways to run a query (`.execute()`, `.get()`, iterating, `.save()`) are only for use
inside an open `transaction()`: outside of one they take a connection and never return it to the pool.

A write needs an open `transaction()`. `execute_in_autocommit` is for the few that are committed at once.

    fetch(Role.select().where(Role.built_in))                            -> list[Role]
    fetch_one(User.select(User, Role).join(Role).where(User.id == id))   -> User | None, with user.role loaded
    fetch_one(Setting.insert(...).returning(Setting.version), Setting)   -> Setting | None
    fetch(User.select(User.id, Role.name.alias("role")).join(Role), Row) -> list[Row], Row being a NamedTuple
    execute(Session.delete().where(Session.user == user_id))             -> int, the number of rows
"""

from typing import Any, TypeVar, overload

from peewee import BaseQuery, Model, ModelDelete, ModelInsert, ModelSelect, ModelUpdate, _WriteQuery

from app.database.pool import Database
from app.database.statements import perform, require_no_transaction, require_transaction

M = TypeVar("M", bound=Model)
Row = TypeVar("Row")


@overload
def fetch(query: "ModelSelect[M]", *, retry_on_disconnect: bool = ...) -> list[M]: ...
@overload
def fetch(query: BaseQuery, row_type: type[Row], *, retry_on_disconnect: bool = ...) -> list[Row]: ...
def fetch(query: BaseQuery, row_type: type[Any] | None = None, *, retry_on_disconnect: bool = False) -> list[Any]:
    """Run a query and return its rows.

    Args:
        query: a select, or an insert, update or delete with RETURNING.
        row_type: the type of each row: a model, or a class that takes the columns as keyword arguments, such as a
            NamedTuple. A select of a model returns instances of the model without it; a query with RETURNING needs it.
        retry_on_disconnect: repeat once on a new connection if this one turns out to be lost; only for queries that may
            run twice.

    Raises:
        RuntimeError: a write, and no transaction is open; it is not sent.
        TypeError: a write without RETURNING; it is not sent.
        Unavailable, peewee.DatabaseError: as `run`.
    """
    return _rows(query if row_type is None else query.objects(row_type), retry_on_disconnect)


@overload
def fetch_one(query: "ModelSelect[M]", *, retry_on_disconnect: bool = ...) -> M | None: ...
@overload
def fetch_one(query: BaseQuery, row_type: type[Row], *, retry_on_disconnect: bool = ...) -> Row | None: ...
def fetch_one(query: BaseQuery, row_type: type[Any] | None = None, *, retry_on_disconnect: bool = False) -> Any:
    """Run a query and return its first row; None if there is no row.

    Arguments and errors are those of `fetch`. It adds no LIMIT.
    """
    rows = _rows(query if row_type is None else query.objects(row_type), retry_on_disconnect)
    return rows[0] if rows else None


def fetch_tuples(query: BaseQuery, *, retry_on_disconnect: bool = False) -> list[tuple[Any, ...]]:
    """Run a query and return its rows as tuples, as `run` does. Arguments and errors are those of `fetch`."""
    return _rows(query.tuples(), retry_on_disconnect)


def fetch_value(query: BaseQuery, *, retry_on_disconnect: bool = False) -> Any:
    """Run a query and return the first column of its first row; None if there is no row.

    For counts, EXISTS and single columns. Arguments and errors are those of `fetch`.
    """
    rows = fetch_tuples(query, retry_on_disconnect=retry_on_disconnect)
    return rows[0][0] if rows else None


def execute(query: ModelInsert | ModelUpdate | ModelDelete, *, retry_on_disconnect: bool = False) -> int:
    """Run an insert, update or delete in the open transaction and return the number of rows that it wrote.

    Raises:
        RuntimeError: no transaction is open; the query is not sent.
        TypeError: the query has RETURNING; it is not sent.
        Unavailable, peewee.DatabaseError: as `run`.
    """
    require_transaction()
    return _number(query, retry_on_disconnect)


def execute_in_autocommit(query: ModelInsert | ModelUpdate | ModelDelete, *, retry_on_disconnect: bool = False) -> int:
    """Run a write that must stay although the request fails (law 8), as `run_in_autocommit` does.

    Raises:
        RuntimeError: a transaction is open in this thread, whose rollback would undo it.
        TypeError, Unavailable, peewee.DatabaseError: as `execute`.
    """
    require_no_transaction()
    return _number(query, retry_on_disconnect)


def _rows(query: BaseQuery, retry_on_disconnect: bool) -> list[Any]:
    if isinstance(query, _WriteQuery):
        if not _has_returning(query):
            raise TypeError("A write without RETURNING has no rows. Add .returning(...) to it, or use execute.")
        require_transaction()
    # An insert of no rows is not sent and has no result.
    return perform(lambda database: list(_result(database, query) or ()), retry_on_disconnect=retry_on_disconnect)


def _number(query: ModelInsert | ModelUpdate | ModelDelete, retry_on_disconnect: bool) -> int:
    if _has_returning(query):
        raise TypeError("execute returns a number, and this write has RETURNING. Use fetch, or leave RETURNING out.")
    counted = query.as_rowcount() if isinstance(query, ModelInsert) else query
    return perform(lambda database: _result(database, counted), retry_on_disconnect=retry_on_disconnect) or 0


def _has_returning(query: BaseQuery) -> bool:
    # Peewee adds RETURNING with the key to an insert that has none; this attribute says what the query asked for.
    return bool(getattr(query, "_return_cursor", False))


def _result(database: Database, query: BaseQuery) -> Any:
    # A query object caches the result of its first run, so each run uses a copy.
    return query.clone().execute(database)
