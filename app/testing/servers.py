"""PostgreSQL and Valkey for a test run, and a migrated database of its own for each test."""

import contextlib
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import redis

from app.database import Database
from app.database.migrator import migrate
from app.embedded import EmbeddedServer, start_postgres, start_valkey
from app.embedded.server import DirectoryLock
from app.pipeline.contract_files import catalogue
from app.project import Project
from app.resources import OPENAPI
from app.services import built_in_roles
from app.spec.permissions import load_permissions
from models.record import database as bound

POSTGRES = "CHARTER_TEST_DATABASE_URL"
"""A PostgreSQL to use instead of the embedded one; its user may create databases."""

_PREFIX = "charter-project-tests-"
_AN_HOUR = 3600


class Servers:
    """The servers of one test process.

    Args:
        place: a folder for their data.
        project: whose migrations the databases have, beside Charter's.
    """

    def __init__(self, place: Path, project: Project | None) -> None:
        self._place = place
        self._project = project
        self._template = place.name.replace("-", "_")
        self._numbers = itertools.count()
        self._background = ThreadPoolExecutor(max_workers=1)
        self._next: Future[str] | None = None
        self._used: list[str] = []
        self._started: list[EmbeddedServer] = []
        self._url = os.environ.get(POSTGRES) or self._keep(start_postgres(place, durable=False)).url
        valkey = start_valkey(place)
        self.redis_url = self._keep(valkey).url if valkey else ""
        self._admin = psycopg2.connect(self._url)
        self._admin.autocommit = True
        self._make_template()

    def clone(self) -> str:
        """Return the URL of a fresh copy of the migrated database; the next one is made meanwhile."""
        ready = self._next or self._background.submit(self._copy)
        self._next = self._background.submit(self._copy)
        return ready.result()

    def drop(self, url: str) -> None:
        """Drop a copy, some time later."""
        self._used.append(url)

    def empty_redis(self) -> None:
        """Remove everything from Valkey."""
        if self.redis_url:
            with redis.Redis.from_url(self.redis_url) as client:
                client.flushdb()

    def stop(self) -> None:
        """Drop what is left, and stop what this started."""
        if self._next is not None:
            self._used.append(self._next.result())
        self._background.shutdown()
        self._sweep(keep=0)
        self._execute(f'DROP DATABASE IF EXISTS "{self._template}" WITH (FORCE)')
        self._admin.close()
        for server in reversed(self._started):
            server.stop()

    def _make_template(self) -> None:
        self._execute(f'CREATE DATABASE "{self._template}"')
        database = Database(_with_database(self._url, self._template), size=1)
        migrate(database, report=_say_nothing, project=self._project)
        bound.initialize(database)
        permissions = load_permissions(catalogue("permissions.yaml", OPENAPI / "openapi.yaml", self._project))
        holders = {name: permission.roles for name, permission in permissions.items()}
        built_in_roles.synchronise(holders, now=datetime.now(UTC))
        bound.initialize(None)
        database.reset()

    def _copy(self) -> str:
        name = f"{self._template}_{next(self._numbers)}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}" STRATEGY FILE_COPY')
        self._sweep(keep=1)
        return _with_database(self._url, name)

    def _sweep(self, *, keep: int) -> None:
        while len(self._used) > keep:
            self._execute(f'DROP DATABASE "{urlsplit(self._used.pop(0)).path[1:]}" WITH (FORCE)')

    def _execute(self, sql: str) -> None:
        with self._admin.cursor() as cursor:
            cursor.execute(sql)

    def _keep(self, server: EmbeddedServer) -> EmbeddedServer:
        self._started.append(server)
        return server


@contextlib.contextmanager
def running_servers(project: Project | None) -> Iterator[Servers]:
    """Run the servers for the length of a block, and remove all that they wrote."""
    for old in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # Those of a run that was killed.
        if time.time() - old.stat().st_mtime > _AN_HOUR and (lock := DirectoryLock(old / "postgres.lock")).acquire():
            lock.release()
            _remove(old)
    place = Path(tempfile.mkdtemp(prefix=_PREFIX))
    place.chmod(0o711)  # root's PostgreSQL runs as another account
    try:
        servers = Servers(place, project)
        try:
            yield servers
        finally:
            servers.stop()
    finally:
        _remove(place)


def _say_nothing(line: str) -> None:
    """Leave the output of the tests alone."""


def _remove(place: Path) -> None:
    data = place / "postgres"
    if data.is_symlink():
        shutil.rmtree(data.resolve(), ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
