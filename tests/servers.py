"""The servers behind the tests: one PostgreSQL and one Valkey for all test processes, and a database for each test.

DATABASE_URL and REDIS_URL put real servers in their place: the user of the one may create databases, and those of the
other, by number, are emptied. Where DATABASE_URL leads through a pooler, CHARTER_TEST_ADMIN_URL leads to the server
itself: databases are made and dropped there. CHARTER_TEST_SERVING_ROLE has the tests use their databases as a role of
this name, which owns nothing and has what `charter db grants` prints.
"""

import contextlib
import fcntl
import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import psycopg2
from psycopg2.extensions import connection as DriverConnection

from app.cli.dependencies import built_in_permissions
from app.database import Database
from app.database.migrator import migrate
from app.embedded import EmbeddedServer, start_postgres, start_valkey
from app.embedded.installation import NAME, find_installation
from app.embedded.server import DirectoryLock
from app.services import built_in_roles, database_rights
from models.record import database as proxy
from tests import leaks
from tests.folders import remove
from tests.months import make_partitions, this_month
from tests.stored import CachedValue

# Tells the processes of pytest-xdist where the one that started them keeps the servers.
PLACE = "CHARTER_TEST_SERVERS"
# The server itself, where DATABASE_URL leads through a pooler.
ADMIN_URL = "CHARTER_TEST_ADMIN_URL"
# How many transactions on one database a pooler lets run at the same time.
AT_ONCE = "CHARTER_TEST_AT_ONCE"
# A role that serves and owns nothing, in place of the owner of the tables.
SERVING_ROLE = "CHARTER_TEST_SERVING_ROLE"
# name:password of the user that services use Redis as, where it is not the one of REDIS_URL, who looks after it.
REDIS_USER = "CHARTER_TEST_REDIS_USER"
_AN_HOUR = 3600


class Servers:
    """The servers of one run; processes given the same place share them."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._started: list[EmbeddedServer] = []
        self._admin: DriverConnection | None = None
        self._background = ThreadPoolExecutor(max_workers=1)
        self._next: Future[str] | None = None
        self._used: list[str] = []
        self._kept: CachedValue | None = None
        self._numbers = itertools.count()
        self._month = this_month()
        self._worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
        self._serving_role = os.environ.get(SERVING_ROLE)
        self.template = place.name.replace("-", "_")

    def start(self) -> None:
        """Start or join the servers."""
        self.postgres_url = os.environ.get("DATABASE_URL") or self._keep(start_postgres(self._place, durable=False)).url
        self._admin_url = os.environ.get(ADMIN_URL) or self.postgres_url
        self.redis_url = os.environ.get("REDIS_URL") or ""
        if not self.redis_url:
            valkey = start_valkey(self._place)
            self.redis_url = self._keep(valkey).url if valkey else ""

    def stop(self) -> None:
        """Drop what is left, and stop what this process started."""
        if self._kept is not None:
            self._kept.end()
            self._used.append(self._kept.url)
        if self._next is not None:
            self._used.append(self._next.result())
        self._background.shutdown()
        if os.environ.get("DATABASE_URL"):
            self._sweep(keep=0)
            if "PYTEST_XDIST_WORKER" not in os.environ:
                self.execute(f'DROP DATABASE IF EXISTS "{self.template}" WITH (FORCE)')
        if self._admin is not None:
            self._admin.close()
        for server in reversed(self._started):
            server.stop()

    def clone(self) -> str:
        """Return the URL of a fresh copy of the migrated template; the next one is made while the test runs."""
        ready = self._next or self._background.submit(self._make, self.template)
        self._next = self._background.submit(self._make, self.template)
        return self._brought_into_this_month(ready.result())

    @contextlib.contextmanager
    def lend(self) -> Iterator[CachedValue]:
        """Give a database like a fresh copy for the length of a block, most often the one that was given before.

        Raises:
            Leak: a secret of the test is in one of its rows.
        """
        lent, self._kept = self._kept or self._fresh(), None
        self._brought_into_this_month(lent.url)
        try:
            yield lent
        finally:
            altered = lent.altered()
            try:
                rows = leaks.rows(straight(lent.url)) if altered else lent.rows()
                leaks.refuse("\n".join(rows), "the database")
            finally:
                # Behind a pooler its sessions cannot be told from those of others.
                if not altered and not os.environ.get(ADMIN_URL) and self._kept is None and lent.put_back():
                    self._kept = lent
                else:
                    lent.end()
                    self._used.append(lent.url)

    def _brought_into_this_month(self, url: str) -> str:
        if self._month != this_month():
            make_partitions(straight(url))
        return url

    def _fresh(self) -> CachedValue:
        url = self.clone()
        return CachedValue(url, apart=straight(url))

    def empty(self) -> str:
        """Return the URL of a database that nobody has migrated."""
        return self._background.submit(self._make, "template0").result()

    def drop(self, url: str) -> None:
        """Search a database for secrets, and drop it some time later.

        PostgreSQL waits long for connections that have only just been closed.

        Raises:
            Leak: a secret of the test is in one of its rows.
        """
        self._used.append(url)
        leaks.refuse("\n".join(leaks.rows(straight(url))), "the database")

    def finish_drops(self) -> None:
        """Drop what was used, now: roles that own something of it cannot go before."""
        self._background.submit(self._sweep, keep=0).result()

    def _make(self, template: str) -> str:
        name = f"{self.template}_{self._worker}_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        self._sweep(keep=1)
        url = with_database(self.postgres_url, name)
        return as_role(url, self._serving_role) if self._serving_role and template == self.template else url

    def _sweep(self, *, keep: int) -> None:
        while len(self._used) > keep:
            self.execute(f'DROP DATABASE "{urlsplit(self._used.pop(0)).path[1:]}" WITH (FORCE)')

    def make_template(self) -> None:
        """Migrate the template, once for all processes."""
        with (self._place / "template.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (self._place / "template.done").exists():
                self._month = (self._place / "template.done").read_text()
                return
            self._month = this_month()
            self.execute(f'CREATE DATABASE "{self.template}"')
            migrated(with_database(self.postgres_url, self.template))
            if self._serving_role:
                self.execute(create_role(self._admin_url, self._serving_role))
                granted(with_database(self._admin_url, self.template), self._serving_role)
            # A pooler keeps its connections, and a database that has some cannot be copied.
            self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.template}'")
            (self._place / "template.done").write_text(self._month)

    def empty_redis(self) -> str:
        """Return the URL of this process's own database in Valkey, emptied; empty where there is no Valkey."""
        if not self.redis_url:
            return ""
        url = with_query(self.redis_url, db=self._worker.removeprefix("gw"))
        leaks.valkey(url).flushdb()
        return url

    def log(self) -> str:
        """Return what the PostgreSQL of this run has logged; nothing of a server that is somebody else's."""
        home = find_installation(self._place)
        return home.log.read_text(encoding="utf-8", errors="replace") if home else ""

    def execute(self, sql: str) -> None:
        """Run a statement on the server rather than on a test's database."""
        if self._admin is None:
            self._admin = psycopg2.connect(self._admin_url)
            self._admin.autocommit = True
        with self._admin.cursor() as cursor:
            cursor.execute(sql)

    def _keep(self, server: EmbeddedServer) -> EmbeddedServer:
        self._started.append(server)
        return server


@contextlib.contextmanager
def place_for_servers() -> Iterator[Path]:
    """Make the directory that the processes of this run share, and remove it when the run ends."""
    for old in Path(tempfile.gettempdir()).glob("charter-tests-*"):
        with contextlib.suppress(FileNotFoundError):  # another run may remove it
            if (
                time.time() - old.stat().st_mtime > _AN_HOUR
                and (lock := DirectoryLock(old / "postgres.lock")).acquire()
            ):
                lock.release()
                remove(old)
    place = Path(tempfile.mkdtemp(prefix="charter-tests-"))
    place.chmod(0o711)
    os.environ[PLACE] = str(place)
    try:
        yield place
    finally:
        del os.environ[PLACE]
        remove(place)


def migrated(url: str) -> None:
    """Bring a database up to date, what the built-in roles hold included; no row of the audit trail tells of it."""
    database = Database(url, size=1)
    migrate(database, report=lambda line: None)
    proxy.initialize(database)
    built_in_roles.synchronise(built_in_permissions(), now=datetime.now(UTC))
    proxy.initialize(None)
    database.reset()


def granted(url: str, role: str) -> None:
    """Give a role what serving from a database needs, as its owner."""
    database = Database(url, size=1)
    proxy.initialize(database)
    found = database_rights.grants(role)
    assert found
    connection = database.connect_outside_pool()
    connection.cursor().execute(found.script)
    connection.close()
    proxy.initialize(None)
    database.reset()


def as_role(url: str, role: str) -> str:
    """Return the URL of the same database for another role, which has the same password, if any."""
    parts = urlsplit(url)
    password = f":{parts.password}" if parts.password else ""
    return parts._replace(netloc=f"{role}{password}@{parts.netloc.rpartition('@')[2]}").geturl()


def create_role(url: str, role: str) -> str:
    """Return the statement that makes a role which `as_role` can sign in as: some servers ask for a password."""
    password = unquote(urlsplit(url).password or "")
    return f'CREATE ROLE "{role}" LOGIN NOSUPERUSER' + (f" PASSWORD '{password}'" if password else "")


def with_database(url: str, name: str) -> str:
    """Return a PostgreSQL URL that leads to another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def straight(url: str) -> str:
    """Return a URL that leads to the same database past a pooler and as a superuser, for anybody who watches it."""
    admin_url = os.environ.get(ADMIN_URL)
    if admin_url:
        return with_database(admin_url, urlsplit(url).path[1:])
    role = os.environ.get(SERVING_ROLE)
    return as_role(url, NAME) if role and url.startswith(f"postgresql://{role}@") else url


def with_query(url: str, **values: str) -> str:
    """Return a URL with values added to its query, or put in place of those there."""
    # urlunsplit would write unix:/path, which redis-py does not take.
    plain, _, query = url.partition("?")
    return f"{plain}?{urlencode({**dict(parse_qsl(query)), **values})}"


def with_user(url: str, name: str, password: str) -> str:
    """Return a URL with another user, whether it leads to a socket or to a host."""
    scheme, rest = url.split("://", 1)
    return f"{scheme}://{quote(name)}:{quote(password)}@{rest.rpartition('@')[2]}"


def for_services(url: str) -> str:
    """Return a URL of Redis for services, which may be another user's than for the tests around them."""
    name, _, password = os.environ.get(REDIS_USER, "").partition(":")
    return with_user(url, name, password) if url and name else url


def for_tests(url: str) -> str:
    """Return the URL of a service's Redis for the tests around it."""
    if not os.environ.get(REDIS_USER):
        return url
    scheme, rest = url.split("://", 1)
    return f"{scheme}://{rest.rpartition('@')[2]}"
