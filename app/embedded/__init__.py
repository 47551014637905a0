"""PostgreSQL and Valkey from wheels, for development and tests. Production uses its own servers."""

from app.embedded.postgres import start_postgres
from app.embedded.server import EmbeddedError, EmbeddedServer
from app.embedded.valkey import start_valkey

__all__ = ["EmbeddedError", "EmbeddedServer", "start_postgres", "start_valkey"]
