"""One role migrates and owns, another serves: it can do its work, and nothing to the audit trail (law 4)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import peewee
import psycopg2
import pytest
from click.testing import CliRunner

from app.cli import main
from app.database import Database, run
from app.database.migration_error import MigrationError
from app.database.migrator import migrate, rollback
from app.identifiers import new_id
from app.services import activity_statistics, database_rights, user_statistics
from app.services.maintenance import run_maintenance
from tests.integration.roles import TwoRoles, bound, execute, two_roles
from tests.months import coming_month
from tests.servers import Servers
from tests.service import config_for
from tests.terminal import Terminal

EVENT = """
INSERT INTO audit_events (id, kind, occurred_at, request_id, action, outcome)
VALUES (%s, 'event', now(), 'r1', 'login', 'succeeded')
"""
PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'charter_audit_entries'::regclass"


@pytest.fixture
def roles(servers: Servers) -> Iterator[TwoRoles]:
    """A migrated database of two roles, where nothing is granted yet."""
    with two_roles(servers) as made:
        yield made


@pytest.fixture
def serving(roles: TwoRoles) -> Iterator[Database]:
    """The same, with what is printed granted, and bound as the serving role."""
    roles.grant()
    with bound(roles.server) as database:
        yield database


def test_what_is_granted_is_what_is_needed_and_may_be_granted_again(roles: TwoRoles) -> None:
    roles.grant()
    roles.grant()

    with bound(roles.server):
        assert database_rights.missing_rights() == []
        held = run(
            """
            SELECT relname, array_agg(privilege ORDER BY array_position(%(all)s, privilege))
            FROM pg_class CROSS JOIN unnest(%(all)s) privilege
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
              AND has_table_privilege(oid, privilege) GROUP BY relname
            """,
            {"all": [*database_rights.ALL, "TRUNCATE", "REFERENCES", "TRIGGER"]},
        )
        assert {table: tuple(privileges) for table, privileges in held} == database_rights.required_privileges()
        assert run("SELECT has_schema_privilege('public', 'CREATE')") == [(False,)]


def test_granting_takes_what_is_beyond(roles: TwoRoles) -> None:
    server = roles.names[1]
    execute(roles.owner, f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {server}")

    roles.grant()

    with bound(roles.server):
        assert run(f"SELECT has_table_privilege('{coming_month()}', 'DELETE')") == [(False,)]
        assert run("SELECT has_table_privilege('charter_audit_entries', 'UPDATE')") == [(False,)]


CHANGES = (
    "UPDATE {} SET counted = 1",
    "DELETE FROM {}",
    "TRUNCATE {}",
    "DROP TABLE {}",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "ALTER TABLE {} DISABLE TRIGGER audit_no_change",
    "DROP TRIGGER audit_no_change ON {}",
    "CREATE TRIGGER another BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()",
    "CREATE RULE silence AS ON INSERT TO {} DO INSTEAD NOTHING",
    "ALTER TABLE charter_audit_entries DETACH PARTITION {month}",
    "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE sql AS ''",
    "DROP FUNCTION refuse_audit_change() CASCADE",
    "SET session_replication_role = replica",
    "CREATE TABLE mine (id integer)",
    "DROP SCHEMA public CASCADE",
    "INSERT INTO charter_audit_entries_default (id) VALUES (gen_random_uuid())",
    "INSERT INTO charter_audit_labels (action, outcome) VALUES ('x', 'allowed')",
    "UPDATE charter_audit_labels SET action = 'x'",
    "DELETE FROM charter_audit_labels",
    "UPDATE charter_audit_roles SET role = 'x'",
    "UPDATE audit_events SET action = 'x'",
)


def test_the_serving_role_can_change_nothing_of_the_trail(serving: Database) -> None:
    run(EVENT, (new_id(),))
    before = run("SELECT * FROM audit_events")

    month = coming_month()
    tables = ("charter_audit_entries", month)
    for change in {change.format(table, month=month) for change in CHANGES for table in tables}:
        with pytest.raises(peewee.DatabaseError) as refused:
            run(change)
        assert getattr(refused.value.__cause__, "pgcode", None) == "42501", (change, refused.value)

    assert run("SELECT * FROM audit_events") == before


def test_maintenance_and_background_tasks_do_their_work_for_a_role_that_owns_nothing(serving: Database) -> None:
    config = config_for(DATABASE_URL=serving.url)
    before = {name for (name,) in run(PARTITIONS)}
    now = datetime.now(UTC)

    # Two months later, whatever their lengths.
    run_maintenance(config=config, now=now.replace(day=1) + timedelta(days=62))
    user_statistics.merge(leave=0)
    activity_statistics.aggregate_hours(settle_seconds=900, now=now)

    made = {name for (name,) in run(PARTITIONS)} - before
    assert len(made) == 2
    for name in made:
        assert run(
            "SELECT relowner::regrole::text, has_table_privilege(oid, 'SELECT, UPDATE, DELETE') "
            "FROM pg_class WHERE oid = %s::regclass",
            (name,),
        ) == [(run("SELECT relowner::regrole::text FROM pg_class WHERE relname = 'users'")[0][0], False)]


def test_a_temporary_table_of_the_callers_cannot_pass_for_the_trail(serving: Database) -> None:
    with serving.connection_context():
        run("CREATE TEMPORARY TABLE charter_audit_entries (id uuid) PARTITION BY RANGE (id)")
        run("CREATE TEMPORARY TABLE charter_audit_entries_default PARTITION OF charter_audit_entries DEFAULT")
        count = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'public.charter_audit_entries'::regclass"
        [(before,)] = run(count)
        run("SELECT make_audit_partitions(now() + interval '200 days')")
        assert run(count) == [(before + 4,)]


def test_partitions_are_made_for_no_moment_that_only_a_wrong_clock_tells(serving: Database) -> None:
    before = run(PARTITIONS)
    for moment in ("now() + interval '5 years'", "now() - interval '1 year'", "'infinity'"):
        assert run(f"SELECT make_audit_partitions({moment})") == [(0,)]
    assert run(PARTITIONS) == before


def test_nobody_makes_partitions_who_was_not_granted_it(roles: TwoRoles) -> None:
    with bound(roles.server), pytest.raises(peewee.ProgrammingError, match="permission denied"):
        run("SELECT make_audit_partitions(now())")


def test_what_a_migration_to_come_makes_is_within_reach(roles: TwoRoles, tmp_path: Path) -> None:
    roles.grant()
    (tmp_path / "2099-01-01-00-00-badges.py").write_text(
        "def migrate(migrator, database, **kwargs):\n"
        "    database.execute_sql('CREATE TABLE badges (id serial PRIMARY KEY, name text)')\n"
        "    database.execute_sql(\"CREATE FUNCTION badge() RETURNS text LANGUAGE sql AS $$ SELECT 'b' $$\")\n"
        "    database.execute_sql('REVOKE EXECUTE ON FUNCTION badge() FROM PUBLIC')\n"
        "def rollback(migrator, database, **kwargs):\n"
        "    database.execute_sql('DROP FUNCTION badge(); DROP TABLE badges')\n"
    )
    with bound(roles.owner) as owner:
        run("DELETE FROM migratehistory")
        migrate(owner, report=lambda line: None, directory=tmp_path)

    with bound(roles.server):
        run("INSERT INTO badges (name) VALUES (badge())")
        run("UPDATE badges SET name = 'c'")
        assert run("DELETE FROM badges RETURNING name") == [("c",)]
        assert database_rights.missing_rights() == []


def test_the_serving_role_does_not_migrate_and_is_told_who_does(roles: TwoRoles) -> None:
    roles.grant()
    owner = roles.names[0]
    with bound(roles.owner):
        run("DELETE FROM migratehistory WHERE name LIKE '%serving-role'")

    with bound(roles.server) as database:
        with pytest.raises(MigrationError, match=f"the tables belong to the role {owner}"):
            migrate(database, report=lambda line: None)
        with pytest.raises(MigrationError, match=f"the tables belong to the role {owner}"):
            rollback(database, report=lambda line: None)


def test_a_role_that_may_make_no_tables_is_told_so_before_the_first_migration(servers: Servers) -> None:
    told = pytest.raises(MigrationError, match=r"may not create tables in the schema public.*CREATE SCHEMA")
    with two_roles(servers, empty=True) as roles, bound(roles.server) as database, told:
        migrate(database, report=lambda line: None)


def test_the_owner_of_an_empty_database_migrates_and_the_other_serves(servers: Servers, tmp_path: Path) -> None:
    with two_roles(servers, empty=True) as roles:
        with bound(roles.owner) as database:
            owner = Terminal(tmp_path, database)
            assert "run charter db migrate first" in owner.refused("db", "grants", roles.names[1])
            assert "migrations run" in owner.done("db", "migrate")
            assert "owns the tables" in owner.refused("db", "grants", roles.names[0])
            script = owner.done("db", "grants", roles.names[1])
        execute(roles.owner, script)
        with bound(roles.server) as database:
            server = Terminal(tmp_path, database)
            assert server.done("db", "migrate") == "the database is up to date\n"
            assert "admin@example.com" in server.done("users", "create-admin")
            assert server.refused("db", "rollback", "--yes").startswith("charter: the tables belong to the role")
            assert database_rights.missing_rights() == []


@pytest.mark.parametrize("name", ["", "public", "none", "pg_monitor", "x" * 64, "a\nb", "a\x7fb"])
def test_a_name_that_no_role_can_have_is_refused(name: str) -> None:
    response = CliRunner().invoke(main, ["db", "grants", name])
    assert (response.exit_code, "Invalid value for 'ROLE': must be" in response.stderr) == (2, True)


def test_a_name_is_quoted_and_a_role_that_is_not_there_yet_is_told(database: Database, tmp_path: Path) -> None:
    odd = 'Ro"le; DROP TABLE users; --'
    script = Terminal(tmp_path, database).done("db", "grants", odd)

    assert script.count('TO "Ro""le; DROP TABLE users; --";') > 5
    with pytest.raises(psycopg2.errors.UndefinedObject):
        run_script(database, script)
    assert run("SELECT count(*) FROM users") == [(0,)]


def run_script(database: Database, script: str) -> None:
    connection = database.connect_outside_pool()
    try:
        connection.cursor().execute(script)
    finally:
        connection.close()
