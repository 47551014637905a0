"""Where large databases live: one that is kept for people to look at, and two for a measurement."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from app.cli.migrating import bring_up_to_date
from app.config import Config
from app.database import bind, run
from app.services import activity_statistics, user_statistics
from tests.bench.scale.filling import fill, rows_of
from tests.bench.scale.population import BUSY, Population
from tests.bench.scale.progress import Progress
from tests.bench.world import environment
from tests.servers import with_database

REVALIDATED_HEADERS = "large"
"""Where in the state folder of development the kept one has a server of its own."""

_CLOSE_ENOUGH = 0.05
_SAMPLE = 40


class Rejected(Exception):
    """A database that must not be filled; the text says why, and what to do instead."""


def make(url: str, population: Population, *, quiet: bool = False) -> None:
    """Bring a database up to date and fill it.

    Args:
        quiet: print nothing; for small ones.

    Raises:
        Rejected: there are accounts in it beside a first admin.
    """
    bring_up(url)
    accounts = _number(url, "SELECT count(*) FROM users")
    if accounts > 1:
        raise Rejected(
            f"there are {accounts} accounts in this database already: empty it with `charter db reset`, or name "
            "another one by DATABASE_URL"
        )
    fill(url, population, Progress(rows_of(population), quiet=quiet))
    catch_up(url)


def bring_up(url: str) -> None:
    """Run the migrations that a database lacks."""
    database = bind(Config.from_environment(environment(url, "")), size=2)
    try:
        bring_up_to_date(database, report=lambda line: None)
    finally:
        database.reset()


def catch_up(url: str) -> None:
    """Do what servers do in the background until there is nothing left to do: settle hours, fold counts."""
    config = Config.from_environment(environment(url, ""))
    database = bind(config, size=2)
    try:
        reached: object = ()
        while reached != (reached := run("SELECT settled_since, settled_until FROM activity_watermarks")):
            activity_statistics.aggregate_hours(settle_seconds=config.statistics_settle_seconds, now=datetime.now(UTC))
        user_statistics.merge()
    finally:
        database.reset()


def fits(url: str, users: int, events: int) -> bool:
    """Say whether a database holds a population of this size, going by the figures that the server has of it."""
    tables = "SELECT coalesce(sum(reltuples), 0) FROM pg_class WHERE relkind = 'r' AND relname ~ "
    found = _number(url, f"{tables} '^users$'")
    rows = _number(url, f"{tables} '^charter_audit_entries_'")
    return abs(found - users) <= users * _CLOSE_ENOUGH and abs(rows - events) <= events * _CLOSE_ENOUGH


@contextlib.contextmanager
def spare(server_url: str, name: str) -> Iterator[str]:
    """Lend an empty database on a server, and drop it."""
    _execute(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    _execute(server_url, f'CREATE DATABASE "{name}"')
    try:
        yield with_database(server_url, name)
    finally:
        _execute(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def unhurried(url: str) -> Iterator[None]:
    """Let no commit in a database wait for the disk, for the length of a block.

    Every read leaves its decision: the wait would be most of what is measured, and the same in all databases.
    """
    name = urlsplit(url).path[1:]
    _execute(url, f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    try:
        yield
    finally:
        _execute(url, f'ALTER DATABASE "{name}" RESET synchronous_commit')


def population(users: int, events: int) -> Population:
    """Return one that reaches up to now."""
    return Population(users, events, datetime.now(UTC).replace(microsecond=0))


def names(url: str) -> dict[str, list[str]]:
    """Return what a filled database has for the names in braces in the cases."""
    now = datetime.now(UTC)

    def ids(query: str) -> list[str]:
        with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return [row[0] for row in cursor.fetchall()]

    return {
        # Spread over all of them, so that each is found on pages of its own.
        "user": ids(
            "SELECT id::text FROM (SELECT id, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS whole"
            f" FROM users WHERE email <> '{BUSY}') numbered WHERE n % (whole / {_SAMPLE}) = 0"
        ),
        "busy": ids(f"SELECT id::text FROM users WHERE email = '{BUSY}'"),
        "month_ago": [f"{now - timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"],
        "week_ago": [f"{now - timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}"],
    }


def stored_at(state: Path) -> Path:
    """Return the state folder of the kept one."""
    return state.resolve() / REVALIDATED_HEADERS


def _number(url: str, query: str) -> int:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        [(number,)] = cursor.fetchall()
        return int(number)


def _execute(url: str, statement: str) -> None:
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
