"""Servers from wheels, for development and the tests. Production brings its own."""

from app.embedded.postgres import start_postgres
from app.embedded.server import EmbeddedError, EmbeddedServer
from app.embedded.valkey import start_valkey

__all__ = ["EmbeddedError", "EmbeddedServer", "start_postgres", "start_valkey"]
