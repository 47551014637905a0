"""PostgreSQL: the connection pool, statements and transactions. This package knows no table."""

from app.database.binding import bind, explain_connection_error
from app.database.hooks import on_commit, on_commit_unknown, on_rollback
from app.database.identity import database_id
from app.database.jobs import extra_time
from app.database.pool import Database
from app.database.time_limits import time_limit
from app.database.transactions import (
    UnitOfWork,
    connection,
    retry_transaction,
    run,
    run_in_autocommit,
    take_query_count,
    transaction,
    unit_of_work,
)

__all__ = [
    "Database",
    "UnitOfWork",
    "bind",
    "connection",
    "database_id",
    "explain_connection_error",
    "extra_time",
    "on_commit",
    "on_commit_unknown",
    "on_rollback",
    "retry_transaction",
    "run",
    "run_in_autocommit",
    "take_query_count",
    "time_limit",
    "transaction",
    "unit_of_work",
]
