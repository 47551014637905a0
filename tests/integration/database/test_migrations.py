"""Migrations run forward and backward, singly and all, on a populated database, once, no matter who races."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import peewee
import pytest

from app.database import Database
from app.database.migration_error import MigrationError
from app.database.migration_files import create
from app.database.migration_history import MIGRATIONS, pending
from app.database.migrator import Router, migrate, rollback, status
from app.errors import Unavailable
from tests.servers import Servers

NAMES = sorted(path.stem for path in MIGRATIONS.glob("*.py"))

POPULATE = """
INSERT INTO users (id, email, password_hash, role_id)
    SELECT gen_random_uuid(), 'u' || n || '@example.com', 'x', (SELECT id FROM roles WHERE name = 'user')
    FROM generate_series(1, 50) n;
INSERT INTO user_profiles (id, user_id, display_name) SELECT gen_random_uuid(), id, 'Name' FROM users;
INSERT INTO sessions (id, user_id, generation, key_id, idle_expires_at, expires_at, address, network)
    SELECT gen_random_uuid(), id, 1, 'k', now(), now(), '::1', '::' FROM users;
INSERT INTO sign_in_attempts (id, key) SELECT gen_random_uuid(), id::text FROM users;
INSERT INTO idempotency_keys (id, user_id, operation, key, fingerprint, expires_at)
    SELECT gen_random_uuid(), id, 'create_user', 'k', 'f', now() FROM users;
INSERT INTO audit_clients (id, address) SELECT id, '::1' FROM users;
INSERT INTO audit_events (id, kind, occurred_at, request_id, action, outcome)
    SELECT id, 'event', now(), 'r', 'login', 'succeeded' FROM users;
"""

SCHEMA = """
SELECT 'column', table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
           || coalesce(column_default, '')
    FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'trigger', pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname || md5(prosrc || coalesce(proconfig::text, ''))
FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2
"""


def quiet(line: str) -> None:
    """Take a line of progress."""


def schema(database: Database) -> list[tuple[str, str]]:
    with database.connection_context():
        return list(database.execute_sql(SCHEMA).fetchall())


@pytest.fixture
def empty(servers: Servers) -> Iterator[Database]:
    """A database nobody has migrated."""
    database = Database(servers.empty(), size=4)
    yield database
    database.reset()
    servers.drop(database.url)


def test_names_are_dated_and_every_file_goes_both_ways() -> None:
    assert NAMES
    for name in NAMES:
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}-\d{2}-\d{2}-[a-z0-9-]+", name)
        scope = Router(Database("postgresql:///x", size=1), migrate_dir=MIGRATIONS).load(name)
        assert callable(scope["migrate"])
        assert callable(scope["rollback"])
        assert not re.search(r"^\s*(from|import) models", (MIGRATIONS / f"{name}.py").read_text(), re.MULTILINE)


def test_migrating_twice_runs_each_migration_once(empty: Database) -> None:
    told: list[str] = []
    assert pending(empty) == NAMES
    assert migrate(empty, report=told.append) == NAMES
    assert told[: len(NAMES)] == [f"migrating {name}" for name in NAMES]
    assert told[len(NAMES)] == f"creating the partition charter_audit_entries_{datetime.now(UTC):%Y_%m}"
    assert migrate(empty, report=quiet) == []
    assert pending(empty) == []
    assert [(name, moment is not None) for name, moment in status(empty)] == [(name, True) for name in NAMES]


def test_a_populated_database_goes_all_the_way_back_and_forward_again(empty: Database) -> None:
    migrate(empty, report=quiet)
    before = schema(empty)
    with empty.connection_context():
        empty.execute_sql(POPULATE)
    assert rollback(empty, len(NAMES), report=quiet) == NAMES[::-1]
    assert {name.split(".")[0] for kind, name in schema(empty) if kind == "column"} == {"migratehistory"}
    assert migrate(empty, report=quiet) == NAMES
    assert schema(empty) == before


@pytest.mark.parametrize("count", range(1, len(NAMES) + 1))
def test_each_migration_can_be_undone_alone_and_repeated(empty: Database, tmp_path: Path, count: int) -> None:
    for name in NAMES[:count]:
        (tmp_path / f"{name}.py").write_text((MIGRATIONS / f"{name}.py").read_text())
    migrate(empty, report=quiet, directory=tmp_path)
    reached = schema(empty)
    assert rollback(empty, report=quiet, directory=tmp_path) == [NAMES[count - 1]]
    assert schema(empty) != reached
    assert pending(empty, directory=tmp_path) == [NAMES[count - 1]]
    migrate(empty, report=quiet, directory=tmp_path)
    assert schema(empty) == reached


def test_versions_of_roles_go_on_above_those_there_were(empty: Database) -> None:
    before = NAMES.index("2026-11-23-05-00-role-version-sequence")
    change = "UPDATE roles SET version = DEFAULT WHERE name = 'user' RETURNING version"
    kept = "SELECT name, version FROM roles ORDER BY name"
    migrate(empty, report=quiet)
    for number in (2, 3):
        rollback(empty, len(NAMES) - before, report=quiet)
        with empty.connection_context():
            empty.execute_sql("UPDATE roles SET version = %s WHERE name = 'user'", (10 * number,))
            there = empty.execute_sql(kept).fetchall()
        migrate(empty, report=quiet)
        with empty.connection_context():
            assert empty.execute_sql(kept).fetchall() == there
            assert empty.execute_sql(change).fetchone() == (10 * number + 1,)


def test_the_audit_indexes_are_finished_although_an_earlier_attempt_was_cut_short(empty: Database) -> None:
    after = NAMES.index("2026-11-23-04-00-audit-indexes")
    migrate(empty, report=quiet)
    whole = schema(empty)
    rollback(empty, len(NAMES) - after, report=quiet)
    with empty.connection_context():
        # As far as two statements get: the whole's index, without parts, and one part that nobody has attached.
        empty.execute_sql("CREATE INDEX audit_events_action_id ON ONLY audit_events (action, id)")
        empty.execute_sql("CREATE INDEX audit_events_default_action_id_idx ON audit_events_default (action)")

    assert migrate(empty, report=quiet) == NAMES[after:]

    assert schema(empty) == whole
    with empty.connection_context():
        unfinished = (
            "SELECT count(*) FROM pg_index WHERE NOT indisvalid AND indrelid::regclass::text ~ '^charter_audit'"
        )
        assert empty.execute_sql(unfinished).fetchone() == (0,)


def test_names_are_copied_to_the_accounts_although_an_earlier_attempt_was_cut_short(empty: Database) -> None:
    after = NAMES.index("2026-11-23-07-50-user-search")
    migrate(empty, report=quiet)
    rollback(empty, len(NAMES) - after, report=quiet)
    with empty.connection_context():
        empty.execute_sql(POPULATE)
        empty.execute_sql(
            "UPDATE user_profiles SET display_name = NULL FROM users u WHERE u.id = user_id AND u.email ~ '^u7@'"
        )
        # A name that is half-way there, and an index whose building failed: neither is what it should be.
        empty.execute_sql("ALTER TABLE users ADD name_key text; UPDATE users SET name_key = 'former'")
        empty.execute_sql("CREATE INDEX users_status_updated_at ON users (status, updated_at, id)")
        empty.execute_sql(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'users_status_updated_at'::regclass"
        )

    assert migrate(empty, report=quiet) == NAMES[after:]

    with empty.connection_context():
        copied = "SELECT name_key, count(*) FROM users GROUP BY 1 ORDER BY 1"
        assert empty.execute_sql(copied).fetchall() == [("name", 49), (None, 1)]
        unfinished = "SELECT count(*) FROM pg_index WHERE NOT indisvalid AND indrelid = 'users'::regclass"
        assert empty.execute_sql(unfinished).fetchone() == (0,)


def test_rolling_back_more_than_there_is_stops_at_the_beginning(empty: Database) -> None:
    assert rollback(empty, 3, report=quiet) == []


def test_replicas_that_start_together_migrate_once(empty: Database) -> None:
    runners = [Database(empty.url, size=2) for _ in range(4)]
    together, ran = threading.Barrier(len(runners)), []

    def start(database: Database) -> None:
        together.wait()
        ran.extend(migrate(database, report=quiet))
        database.reset()

    threads = [threading.Thread(target=start, args=(runner,)) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == NAMES
    with empty.connection_context():
        assert empty.execute_sql("SELECT name FROM migratehistory ORDER BY id").fetchall() == [(n,) for n in NAMES]


def test_the_history_takes_a_name_once(empty: Database) -> None:
    migrate(empty, report=quiet)
    with empty.connection_context(), pytest.raises(peewee.IntegrityError):
        empty.execute_sql("INSERT INTO migratehistory (name) VALUES (%s)", (NAMES[0],))


def test_a_migration_from_a_newer_release_is_named(empty: Database) -> None:
    migrate(empty, report=quiet)
    with empty.connection_context():
        empty.execute_sql("INSERT INTO migratehistory (name) VALUES ('2099-01-01-00-00-flying-cars')")
    for work in (migrate, rollback):
        with pytest.raises(MigrationError, match=r"newer release.*2099-01-01-00-00-flying-cars"):
            work(empty, report=quiet)
    assert status(empty)[-1][0] == "2099-01-01-00-00-flying-cars"
    assert pending(empty) == []


def test_a_migration_that_fails_leaves_nothing_of_itself(empty: Database, tmp_path: Path) -> None:
    write(tmp_path, "2026-01-01-00-00-good", "CREATE TABLE good (id int)")
    write(tmp_path, "2026-01-02-00-00-bad", "CREATE TABLE half (id int); SELECT 1 / 0")
    with pytest.raises(MigrationError) as caught:
        migrate(empty, report=quiet, directory=tmp_path)
    assert str(caught.value) == (
        "migrations/2026-01-02-00-00-bad.py:3: division by zero; it changed nothing: correct it and run it again"
    ).replace("migrations", tmp_path.name)
    with empty.connection_context():
        assert set(empty.get_tables()) == {"good", "migratehistory"}
    assert pending(empty, directory=tmp_path) == ["2026-01-02-00-00-bad"]


def test_an_index_can_be_built_without_a_transaction_while_another_replica_waits(
    empty: Database, tmp_path: Path
) -> None:
    write(tmp_path, "2026-01-01-00-00-table", "CREATE TABLE big (id int)")
    write(tmp_path, "2026-01-02-00-00-index", "CREATE INDEX CONCURRENTLY big_id ON big (id)", atomic=False)
    first, second = Database(empty.url, size=2), Database(empty.url, size=2)
    waits, waiter = threading.Event(), []

    def wait(line: str) -> None:
        waits.set()

    def while_holding_the_lock(line: str) -> None:
        if "index" in line:
            waiter.append(
                threading.Thread(target=migrate, args=(second,), kwargs={"report": wait, "directory": tmp_path})
            )
            waiter[0].start()
            assert waits.wait(10)

    assert len(migrate(first, report=while_holding_the_lock, directory=tmp_path)) == 2
    waiter[0].join(10)
    assert not waiter[0].is_alive()
    first.reset()
    second.reset()


def test_a_migration_does_not_queue_for_a_lock_in_front_of_everybody(
    empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.database.migrator._LOCK_TIMEOUT", "50ms")
    write(tmp_path, "2026-01-01-00-00-table", "CREATE TABLE busy (id int)")
    migrate(empty, report=quiet, directory=tmp_path)
    write(tmp_path, "2026-01-02-00-00-column", "ALTER TABLE busy ADD name text")
    reader = empty.connect_outside_pool()
    reader.cursor().execute("BEGIN; SELECT * FROM busy")
    with pytest.raises(MigrationError, match="waited 50ms for a lock"):
        migrate(empty, report=quiet, directory=tmp_path)
    reader.close()
    assert migrate(empty, report=quiet, directory=tmp_path) == ["2026-01-02-00-00-column"]


def test_a_new_migration_is_written_with_the_date_in_front(tmp_path: Path) -> None:
    moment = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
    first, second = (create(tmp_path, name, now=moment) for name in ("loyalty-points", "add-coupons"))
    assert first.name == "2026-01-31-23-59-loyalty-points.py"
    assert first.read_text().startswith('"""Loyalty points."""')
    assert second.name == "2026-02-01-00-00-add-coupons.py"


def test_a_server_that_is_away_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        migrate(Database("postgresql://127.0.0.1:1/x", size=1), report=quiet)


def write(directory: Path, name: str, sql: str, *, atomic: bool = True) -> None:
    (directory / f"{name}.py").write_text(
        f"atomic = {atomic}\n"
        f"def migrate(migrator, database, **kwargs):\n    database.execute_sql({sql!r})\n"
        "def rollback(migrator, database, **kwargs):\n    pass\n"
    )
