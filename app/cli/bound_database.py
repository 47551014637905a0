"""The database of the configuration, bound and reachable, for as long as a command needs it."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.config import Config
from app.database import Database, bind, connection


@contextmanager
def bound_database() -> Iterator[tuple[Database, Config]]:
    """Yield the database and the configuration.

    Raises:
        ConfigError: with every fault.
        Unavailable: the database cannot be reached.
    """
    from app.cli.bootstrap import ready_config

    with ready_config() as config:
        database = bind(config, size=2)
        with connection():
            pass
        yield database, config
