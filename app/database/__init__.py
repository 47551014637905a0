"""PostgreSQL: the pool, statements and transactions. Knows no table but through the SQL it is given."""

from app.database.binding import bind, explain_connection_fault
from app.database.bounds import within
from app.database.hooks import on_commit, on_doubt, on_rollback
from app.database.identity import identity
from app.database.jobs import allowing
from app.database.model_queries import execute, execute_apart, fetch, fetch_one, fetch_tuples, fetch_value
from app.database.pool import Database
from app.database.statements import queries, retrying, run, run_apart
from app.database.work import Unit, connection, transaction, unit

__all__ = [
    "Database",
    "Unit",
    "allowing",
    "bind",
    "connection",
    "execute",
    "execute_apart",
    "explain_connection_fault",
    "fetch",
    "fetch_one",
    "fetch_tuples",
    "fetch_value",
    "identity",
    "on_commit",
    "on_doubt",
    "on_rollback",
    "queries",
    "retrying",
    "run",
    "run_apart",
    "transaction",
    "unit",
    "within",
]
