"""Tables may lie in a schema of any name: the search path of the role says which."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

import models
from app.database import Database, run
from app.database.drift import drift
from app.database.migrator import migrate, rollback, status
from models.record import database as proxy
from tests.servers import Servers

ALL = [getattr(models, name) for name in models.__all__]
ELSEWHERE = """
SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname = 'public' OR nspname LIKE 'charter!_%%' ESCAPE '!'
"""


@contextmanager
def in_schema(servers: Servers, name: str, search_path: str) -> Iterator[Database]:
    """Give a database that nobody has migrated, where the role's search path leads to a schema of this name."""
    url = servers.empty()
    database = Database(url, size=2)
    try:
        database.execute_sql(f'CREATE SCHEMA "{name}"')
        database.execute_sql(
            f"ALTER ROLE CURRENT_USER IN DATABASE {urlsplit(url).path[1:]} SET search_path = {search_path}"
        )
        database.close()
        database.reset()
        proxy.initialize(database)
        yield database
    finally:
        proxy.initialize(None)
        database.close()
        database.reset()
        servers.drop(url)


@pytest.mark.parametrize(
    ("name", "search_path"),
    [("Odd Schema", '"Odd Schema", public'), ("charter", '"$user", public')],
    ids=["a name in quotes", "the role's own"],
)
def test_everything_is_made_in_the_schema_of_the_search_path_and_no_drift_is_told(
    servers: Servers, name: str, search_path: str
) -> None:
    with in_schema(servers, name, search_path) as database:
        names = migrate(database, report=lambda line: None)

        assert drift(database, ALL) == []
        assert run(ELSEWHERE) == []
        assert run("SELECT make_audit_partitions(now() + interval '1 year')") == [(4,)]
        run('ALTER TABLE users ADD nickname text; CREATE TABLE stray ("Id" integer)')
        assert [line.partition(":")[2].split(":")[0] for line in drift(database, ALL)] == [" stray", " stray", " users"]
        run("ALTER TABLE users DROP nickname; DROP TABLE stray")

        rollback(database, len(names), report=lambda line: None)
        assert migrate(database, report=lambda line: None) == names
        assert drift(database, ALL) == []
        assert all(moment for _, moment in status(database))
