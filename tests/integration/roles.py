"""Two roles on a database of a test's own: one that migrates and owns, one that serves and owns nothing."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg2

from app.config import Config
from app.database import Database, bind
from app.services import database_rights
from models.record import database as proxy
from tests.servers import Servers, as_role, create_role, straight


@dataclass(frozen=True, slots=True)
class TwoRoles:
    """The way to one database for each of them, and for a superuser.

    Attributes:
        names: of the owner and the serving role.
    """

    superuser: str
    owner: str
    server: str
    names: tuple[str, str]

    def grant(self) -> None:
        """Do what `charter db grants` prints."""
        with bound(self.owner):
            found = database_rights.grants(self.names[1])
        assert found
        execute(self.owner, found.script)


def execute(url: str, *statements: str) -> None:
    """Run statements, each in a transaction of its own."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


@contextmanager
def bound(url: str) -> Iterator[Database]:
    """Bind a database for the length of a block."""
    before = proxy.obj
    database = bind(Config(database_url=url), size=4)
    try:
        yield database
    finally:
        database.close()
        database.reset()
        proxy.initialize(before)


@contextmanager
def two_roles(servers: Servers, *, empty: bool = False) -> Iterator[TwoRoles]:
    """Give a database that a role without privileges owns, migrated unless empty; nothing is granted yet."""
    url = straight(servers.empty() if empty else servers.clone())
    name = urlsplit(url).path[1:]
    owner, server = f"{name}_owner", f"{name}_server"
    made = TwoRoles(url, as_role(url, owner), as_role(url, server), (owner, server))
    execute(
        url,
        create_role(url, owner),
        create_role(url, server),
        f"ALTER DATABASE {name} OWNER TO {owner}",
        "SET lock_timeout = '5s'",
        f"""
        DO $$ DECLARE thing record; BEGIN
            FOR thing IN SELECT format('ALTER TABLE %s OWNER TO {owner}', oid::regclass) AS line FROM pg_class
                         WHERE relkind IN ('r', 'p', 'v') AND relnamespace = 'public'::regnamespace
                         UNION ALL SELECT format('ALTER FUNCTION %s OWNER TO {owner}', oid::regprocedure) FROM pg_proc
                         WHERE pronamespace = 'public'::regnamespace
            LOOP EXECUTE thing.line; END LOOP;
        END $$
        """,
    )
    try:
        yield made
    finally:
        servers.drop(url)
        servers.finish_drops()
        execute(straight(servers.postgres_url), f"DROP ROLE {owner}", f"DROP ROLE {server}")
