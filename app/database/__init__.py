"""PostgreSQL: the connection pool, statements, transactions and migrations; `functions/` has the text of SQL functions.

The Python of this package knows only the tables that migrations need.
"""

from app.database.binding import bind, explain_connection_error
from app.database.hooks import on_commit, on_commit_unknown, on_rollback
from app.database.identity import database_id
from app.database.jobs import extra_time
from app.database.model_queries import execute, execute_in_autocommit, fetch, fetch_one, fetch_tuples, fetch_value
from app.database.paging import page_of
from app.database.pool import Database
from app.database.statements import retry_transaction, run, run_in_autocommit, take_query_count
from app.database.time_limits import time_limit
from app.database.transactions import UnitOfWork, connection, transaction, unit_of_work

__all__ = [
    "Database",
    "UnitOfWork",
    "bind",
    "connection",
    "database_id",
    "execute",
    "execute_in_autocommit",
    "explain_connection_error",
    "extra_time",
    "fetch",
    "fetch_one",
    "fetch_tuples",
    "fetch_value",
    "on_commit",
    "on_commit_unknown",
    "on_rollback",
    "page_of",
    "retry_transaction",
    "run",
    "run_in_autocommit",
    "take_query_count",
    "time_limit",
    "transaction",
    "unit_of_work",
]
