"""The audit trail moves into smaller tables and back while the release before writes and reads, and loses no row."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from psycopg2.extras import Json, register_uuid

from app.database import Database
from app.database.migration_error import MigrationError
from app.database.migrator import migrate, rollback
from app.identifiers import lowest_id, new_id
from app.resources import MIGRATIONS
from tests.servers import Servers

FIRST, MOVE = "2026-12-01-01-00-audit-entries", "2026-12-01-01-40-audit-move"
BATCH = 25
LONG_AGO = datetime(1999, 1, 1, tzinfo=UTC)
NAMES = sorted(path.stem for path in MIGRATIONS.glob("*.py"))
AFTER = NAMES[NAMES.index(FIRST) :]

ACCOUNT = """
INSERT INTO users (id, email, password_hash, role_id) SELECT %(id)s, 'a@example.com', 'x', id FROM roles
    WHERE name = 'user';
INSERT INTO user_profiles (id, user_id) VALUES (%(id)s, %(id)s);
INSERT INTO sessions (id, user_id, generation, key_id, idle_expires_at, expires_at, address, network)
    VALUES (%(id)s, %(id)s, 1, 'k', now() + interval '1 day', now() + interval '1 day', '::1', '::')
"""
# The statements of the release before.
DECIDE = """
SELECT refusal FROM decide_call(%(occurred_at)s, %(actor_id)s, %(actor_id)s, ARRAY[%(permission)s], NULL, NULL,
    %(id)s, %(request_id)s, %(action)s, %(permission)s, %(target_type)s, %(target_id)s, %(client_id)s, '::1', NULL)
"""
RECORD = """
SELECT record_event(%(occurred_at)s, %(id)s, %(request_id)s, %(actor_id)s, %(actor_role)s, %(action)s, %(outcome)s,
    %(reason)s, %(target_type)s, %(target_id)s, %(details)s, %(client_id)s, '::1', NULL)
"""
COLUMNS = """id, kind, occurred_at, request_id, actor_id, actor_role, action, permission, outcome, reason,
    target_type, target_id, details, client_id"""
INSERT = f"""
INSERT INTO audit_events ({COLUMNS}) VALUES (%(id)s, %(kind)s, %(occurred_at)s, %(request_id)s, %(actor_id)s,
    %(actor_role)s, %(action)s, %(permission)s, %(outcome)s, %(reason)s, %(target_type)s, %(target_id)s, %(details)s,
    %(client_id)s) ON CONFLICT DO NOTHING
"""
READ = f"SELECT {COLUMNS} FROM audit_events"

Row = dict[str, Any]


def rows(actor: object) -> Iterator[tuple[str, Row]]:
    """Yield one statement after the other, each with a row that it writes; every kind of row comes again and again."""
    nothing = dict.fromkeys(name.strip() for name in COLUMNS.split(","))
    for number in count():
        made = new_id() if number % 9 else UUID(int=lowest_id(LONG_AGO).int + number)
        row = nothing | {
            "id": made,
            "occurred_at": datetime.now(UTC),
            "request_id": str(new_id()) if number % 2 else f"Client-{number}",
            "client_id": new_id(),
            "actor_id": actor,
            "actor_role": "user",
        }
        allowed = {"kind": "decision", "action": "get_me", "permission": "account:read", "outcome": "allowed"}
        failed = {"kind": "event", "action": f"user.updated_{number % 5}", "outcome": "failed", "reason": "not_found"}
        about = {"target_type": "user", "target_id": str(actor).upper() if number % 4 else str(actor)}
        yield DECIDE, row | allowed
        yield DECIDE, row | allowed | about | {
            "id": new_id(), "permission": "users:read", "action": "get_user", "outcome": "denied",
            "reason": "permission_missing",
        }  # fmt: skip
        yield RECORD, row | failed | about | {"id": new_id(), "details": {"n": number, "user_id": "x"}}
        command = {"actor_id": None, "actor_role": "cli", "client_id": None, "request_id": f"cli-{made}"}
        done = {"kind": "event", "action": "role.updated", "outcome": "succeeded"}
        yield INSERT, row | done | command | {"id": new_id(), "target_type": "role", "target_id": "clerk"}


class Writer:
    """A server of the release before: it writes rows, and knows which ones it was told are there."""

    def __init__(self, url: str, actor: object) -> None:
        self._url, self._connection = url, psycopg2.connect(url)
        self._connection.autocommit = True
        self._rows = rows(actor)
        self._one_more, self._stopped = threading.Condition(), False
        self._turns = threading.Semaphore(0)
        self.written: list[Row] = []
        self.failure: BaseException | None = None

    def write(self) -> None:
        statement, row = next(self._rows)
        with self._connection.cursor() as cursor:
            details = row["details"] and Json(row["details"])
            cursor.execute(statement, row | {"details": details})
        with self._one_more:
            self.written.append(row)
            self._one_more.notify_all()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write for the length of a block."""
        thread = threading.Thread(target=self._run)
        self._stopped = False
        thread.start()
        try:
            yield
        finally:
            self._stopped = True
            self._turns.release()
            thread.join()
        assert self.failure is None, self.failure

    def _run(self) -> None:
        try:
            while self._turns.acquire() and not self._stopped:
                self.write()
        except BaseException as error:  # noqa: BLE001  # told by `writing`
            self.failure = error
            with self._one_more:
                self._one_more.notify_all()

    def wait_for_another(self) -> None:
        """Wait until it has written one more row than now, and let it write the next ones meanwhile."""
        with self._one_more:
            before = len(self.written)
            self._turns.release(2)
            assert self._one_more.wait_for(lambda: len(self.written) > before or self.failure, 30)

    def read(self) -> list[Row]:
        """Return all rows as this release reads them."""
        with psycopg2.connect(self._url) as connection, connection.cursor() as cursor:
            # Servers of the release before also look at the rows that no month has.
            cursor.execute("SELECT FROM audit_events_default LIMIT 1")
            cursor.execute(READ)
            names = [name.strip() for name in COLUMNS.split(",")]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def check(self) -> None:
        """Check that every row that was written before is there as it was written, and each row once."""
        told = list(self.written)
        found = self.read()
        assert [key for key, number in Counter(row["id"] for row in found).items() if number > 1] == []
        by_id = {row["id"]: row for row in found}
        assert [row for row in told if by_id.get(row["id"]) != row] == []


@pytest.fixture
def release(servers: Servers, tmp_path: Path) -> Iterator[tuple[Database, Writer, Path]]:
    """A database of the release before with rows, a server of that release, and the migrations, in small batches."""
    register_uuid()
    for name in NAMES:
        text = (MIGRATIONS / f"{name}.py").read_text()
        (tmp_path / f"{name}.py").write_text(text.replace("BATCH = 10_000", f"BATCH = {BATCH}"))
    database = Database(servers.empty(), size=4)
    older = tmp_path / "older"
    older.mkdir()
    for name in NAMES[: NAMES.index(FIRST)]:
        (older / f"{name}.py").write_text((tmp_path / f"{name}.py").read_text())
    migrate(database, report=lambda line: None, directory=older)
    actor = new_id()
    with database.connection_context():
        database.execute_sql(ACCOUNT, {"id": actor})
    writer = Writer(database.url, actor)
    for _ in range(40):
        writer.write()
    yield database, writer, tmp_path
    writer._connection.close()
    database.reset()
    servers.drop(database.url)


@contextmanager
def after_each_statement(database: Database, call: Callable[[], None]) -> Iterator[None]:
    """Call a function after each statement of a migration that leaves no transaction open."""

    def hook(_: object) -> None:
        if not database.in_transaction():
            call()

    database.query_hooks.append(hook)
    try:
        yield
    finally:
        database.query_hooks.remove(hook)


def kinds(database: Database) -> dict[str, str]:
    with database.connection_context():
        found = "SELECT relname, relkind FROM pg_class WHERE relname ~ '^(charter_)?audit_[a-z]+(_former)?$'"
        return dict(database.execute_sql(f"{found} AND relkind IN ('r', 'p', 'v')").fetchall())


def test_no_row_is_lost_or_shown_twice_or_changed_while_servers_write(release: tuple[Database, Writer, Path]) -> None:
    database, writer, directory = release

    def between() -> None:
        writer.wait_for_another()
        writer.check()

    with writer.writing(), after_each_statement(database, between):
        assert migrate(database, report=lambda line: None, directory=directory) == AFTER
    writer.check()
    there = {"audit_events": "v", "audit_trail": "v", "audit_clients": "r"}
    new = {"charter_audit_entries": "p", "charter_audit_labels": "r", "charter_audit_roles": "r"}
    assert kinds(database) == there | new
    with writer.writing(), after_each_statement(database, between):
        assert rollback(database, len(AFTER), report=lambda line: None, directory=directory) == AFTER[::-1]
    writer.check()
    assert kinds(database) == {"audit_events": "p", "audit_clients": "r"}


class Killed(BaseException):
    """The process is gone."""


def dying_after(statements: int) -> Callable[[object], None]:
    left = iter(range(statements))

    def hook(_: object) -> None:
        if next(left, None) is None:
            raise Killed

    return hook


def test_what_was_killed_at_any_point_goes_on_from_there(release: tuple[Database, Writer, Path]) -> None:
    database, writer, directory = release

    def killed_again_and_again(work: Callable[[], object]) -> int:
        for attempts in count():
            database.query_hooks.append(dying_after(2 + 2**attempts // 8))
            try:
                work()
            except (Killed, MigrationError) as error:
                if Killed not in (type(error), type(error.__cause__)):
                    raise
                database.reset()
            else:
                return attempts
            finally:
                del database.query_hooks[-1]
            writer.write()
            writer.check()
        raise AssertionError

    quiet: Callable[[str], object] = lambda line: None  # noqa: E731
    assert killed_again_and_again(lambda: migrate(database, report=quiet, directory=directory)) > 3
    writer.check()

    def back() -> None:
        while len(done := applied(database)) > NAMES.index(FIRST):
            rollback(database, 1, report=quiet, directory=directory)
            assert len(applied(database)) < len(done)

    assert killed_again_and_again(back) > 3
    writer.check()


def applied(database: Database) -> list[str]:
    with database.connection_context():
        return [name for (name,) in database.execute_sql("SELECT name FROM migratehistory").fetchall()]
