"""Deployments for the doctor: a production that lacks nothing, on a PostgreSQL that keeps what it is given."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner, Result

from app.cli import main
from app.database import Database
from app.embedded import start_postgres
from app.identifiers import new_id
from models.record import database as proxy
from tests.command import PRODUCTION
from tests.integration.roles import execute
from tests.servers import migrated, with_database

ROLE = "charter_app"
SERVER = "charter_server"
OTHER_KEY = "k2:5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e2f3a4b"
TEMPLATE = "template_of_doctors"
COMPLETE = {
    **PRODUCTION,
    "PUBLIC_URL": "https://api.example.com",
    "METRICS_TOKEN": "9e107d9d372bb6826bd81d3542a419d6b8a1",
    "WORKERS": "",
}


class Seen(NamedTuple):
    """What the doctor said."""

    exit_code: int
    status: str
    checks: list[dict[str, Any]]
    printed: str

    def of(self, name: str) -> dict[str, Any]:
        """Return the one finding of a check, named `group.name`."""
        [found] = [check for check in self.checks if f"{check['group']}.{check['name']}" == name]
        return found

    def bad(self) -> dict[str, str]:
        """Return the status of each check that is a warning or has failed, by name."""
        return {
            f"{check['group']}.{check['name']}": check["status"]
            for check in self.checks
            if check["status"] in ("warning", "failed")
        }


def doctor(**variables: str) -> Seen:
    """Run `charter doctor --json` in this process, in a production with these variables on top."""
    response = run_charter("doctor", "--json", **variables)
    assert response.exception is None or isinstance(response.exception, SystemExit), response.output
    told = json.loads(response.stdout)
    return Seen(response.exit_code, told["status"], told["checks"], response.output)


def run_charter(*words: str, **variables: str) -> Result:
    """Run `charter` with these words in this process, in a production with these variables on top."""
    response = CliRunner().invoke(main, words, env={**COMPLETE, **variables})
    bound = proxy.obj
    proxy.initialize(None)
    if isinstance(bound, Database):
        bound.reset()
    return response


class Durable:
    """A PostgreSQL as production would have it, with databases that a role without privileges owns; another serves."""

    def __init__(self, place: Path) -> None:
        first = start_postgres(place)
        self.execute(first.url, "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
        first.stop()
        self._server = start_postgres(place)
        self.url = self._server.url
        self._number = 0
        self.execute(self.url, f"CREATE ROLE {ROLE} LOGIN", f"CREATE DATABASE {TEMPLATE} OWNER {ROLE}")
        self.execute(with_database(self.url, TEMPLATE), "CREATE EXTENSION pg_stat_statements")
        migrated(self.as_role(TEMPLATE))
        self.execute(self.url, f"CREATE ROLE {SERVER} LOGIN")
        printed = run_charter("db", "grants", SERVER, DATABASE_URL=self.as_role(TEMPLATE)).stdout
        self.execute(self.as_role(TEMPLATE), printed)

    def as_role(self, name: str, role: str = ROLE) -> str:
        """Return the URL of a database for a role."""
        return with_database(self.url, name).replace("charter@", f"{role}@", 1)

    def as_server(self, url: str) -> str:
        """Return the URL of the same database for the role that serves and owns nothing."""
        return url.replace(f"{ROLE}@", f"{SERVER}@", 1)

    def as_superuser(self, url: str) -> str:
        """Return the URL of the same database for the superuser."""
        return url.replace(f"{ROLE}@", "charter@", 1)

    @contextmanager
    def deployment(self, template: str = TEMPLATE, options: str = "") -> Iterator[str]:
        """Give the URL of a fresh database, migrated unless from another template, for the role that owns it."""
        self._number += 1
        name = f"deployment_{self._number}"
        self.execute(self.url, f"CREATE DATABASE {name} TEMPLATE {template} OWNER {ROLE} {options}")
        if template == TEMPLATE:  # which may be of the month before
            self.execute(self.as_role(name), "SELECT ensure_audit_partitions(now())")
        try:
            yield self.as_role(name)
        finally:
            self.execute(self.url, f"DROP DATABASE {name} WITH (FORCE)")

    def session(self, url: str, key_id: str, *, days: int = 0, ended: bool = False) -> None:
        """Store a session that was opened so many days ago."""
        user = new_id()
        self.execute(
            url,
            f"INSERT INTO users (id, email, password_hash, role_id) SELECT '{user}', '{user}@example.com', '-', id "
            "FROM roles WHERE name = 'user'",
            "INSERT INTO sessions (id, user_id, generation, key_id, idle_expires_at, expires_at, created_at, ended_at, "
            f"address, network) VALUES ('{new_id()}', '{user}', 1, '{key_id}', now() + interval '1 day', "
            f"now() + interval '1 day', now() - interval '{days} days', {'now()' if ended else 'NULL'}, '-', '-')",
        )

    def execute(self, url: str, *statements: str) -> None:
        """Run statements, each in a transaction of its own."""
        execute(url, *statements)

    def stop(self) -> None:
        self._server.stop()
