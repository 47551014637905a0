"""The database that one test after another has for its own is as good as a fresh copy of the template."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg2
import pytest

from app.database import run
from app.identifiers import new_id
from models.record import database as proxy
from tests import leaks
from tests.people import make_account, make_role
from tests.rows import write_row
from tests.servers import Servers, straight
from tests.stored import CachedValue


@pytest.fixture
def kept(servers: Servers) -> Iterator[CachedValue]:
    url = servers.clone()
    made = CachedValue(url, apart=straight(url))
    yield made
    made.end()
    servers.drop(made.url)


@contextlib.contextmanager
def used(kept: CachedValue) -> Iterator[None]:
    """Bind it for a block, and give its sessions back."""
    database = kept.open()
    proxy.initialize(database)
    try:
        yield
    finally:
        kept.close(database)
        proxy.initialize(None)


def test_every_row_is_as_it_was_and_numbers_start_again(kept: CachedValue) -> None:
    first = sorted(kept.rows())
    with used(kept):
        make_role("clerk", "users:read")
        make_account("ada", "clerk", "none", now=datetime.now(UTC))
        write_row("one", datetime.now(UTC))
        run("DELETE FROM role_permissions WHERE permission = 'account:read'")
        [(number,)] = run("SELECT nextval('migratehistory_id_seq')")
    assert sorted(kept.rows()) != first

    assert kept.put_back()

    assert sorted(kept.rows()) == first
    with used(kept):
        assert run("SELECT nextval('migratehistory_id_seq')") == [(number,)]


def test_what_guards_the_audit_trail_guards_it_afterwards(kept: CachedValue) -> None:
    for _ in range(2):
        with used(kept):
            write_row("one", datetime.now(UTC))
            with pytest.raises(Exception, match="append-only"):
                run("SET session_replication_role = replica; DELETE FROM charter_audit_entries")
            with pytest.raises(Exception, match="append-only"):
                run("TRUNCATE charter_audit_entries")
        assert kept.put_back()


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more (id int)",
        "ALTER TABLE users DROP CONSTRAINT users_email",
        "ALTER TABLE users ALTER COLUMN email DROP NOT NULL",
        "ALTER TABLE users DISABLE TRIGGER ALL",
        "CREATE OR REPLACE FUNCTION lowest_id(moment timestamptz) RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
        "GRANT SELECT ON users TO PUBLIC",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 1024', current_database()); END $$",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 50', current_database()); END $$",
    ],
)
def test_a_change_of_anything_but_rows_is_seen(kept: CachedValue, change: str) -> None:
    assert not kept.altered()
    with used(kept):
        run(change)
    assert kept.altered()


def test_nobody_else_is_left_in_it_and_its_own_sessions_know_nothing_of_before(kept: CachedValue) -> None:
    stranger = psycopg2.connect(kept.url)
    stranger.cursor().execute("DELETE FROM role_permissions")
    with used(kept):
        [(session,)] = run("SELECT pg_backend_pid()")
        run("SET search_path = nowhere")

    assert kept.put_back()

    with pytest.raises(psycopg2.OperationalError):
        stranger.cursor().execute("SELECT 1")
    with used(kept):
        assert run("SELECT pg_backend_pid(), current_schema()::text") == [(session, "public")]


def test_it_is_lent_to_one_at_a_time_and_not_again_once_altered(servers: Servers) -> None:
    with servers.lend() as first, servers.lend() as second:
        assert first.url != second.url
    with servers.lend() as again, used(again):
        assert again.url in (first.url, second.url)
        run("CREATE TABLE more (id int)")
    with servers.lend() as fresh:
        assert fresh.url not in (first.url, second.url)


def test_a_secret_in_one_of_its_rows_is_found(servers: Servers) -> None:
    secret = f"a secret of this test {new_id()}"
    leaks.note(secret)
    with pytest.raises(leaks.Leak), servers.lend() as lent, used(lent):
        write_row("one", datetime.now(UTC), reason=secret)
    with servers.lend() as lent:
        assert not [row for row in lent.rows() if secret in row]
