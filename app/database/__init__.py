"""PostgreSQL: the pool, statements and transactions. Knows no table but through the SQL it is given."""

from app.database.binding import bind, explain_connection_fault
from app.database.bounds import within
from app.database.hooks import on_commit, on_doubt, on_rollback
from app.database.identity import identity
from app.database.jobs import allowing
from app.database.pool import Database
from app.database.work import Unit, connection, queries, retrying, run, run_apart, transaction, unit

__all__ = [
    "Database",
    "Unit",
    "allowing",
    "bind",
    "connection",
    "explain_connection_fault",
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
