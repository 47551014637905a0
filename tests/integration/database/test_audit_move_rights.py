"""What moves the audit trail gives nobody a right to change it, and leaves it in one piece or says that it is not."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database import Database, run
from app.database.migration_error import MigrationError
from app.database.migrator import migrate, rollback
from app.identifiers import new_id
from app.resources import MIGRATIONS
from tests.integration.roles import TwoRoles, bound, two_roles
from tests.servers import Servers

FIRST, MOVE = "2026-12-01-01-00-audit-entries", "2026-12-01-01-40-audit-move"
BATCH = 5
NAMES = sorted(path.stem for path in MIGRATIONS.glob("*.py"))
AFTER = NAMES[NAMES.index(FIRST) :]
RECORD = """
SELECT record_event(now(), %s, 'r', NULL, 'cli', 'role.updated', 'failed', %s, 'role', %s, NULL, %s, '::1', NULL)
"""
# The rights on what is of the trail, without the clients, which are erased.
RIGHTS = """
SELECT relname, privilege FROM pg_class
CROSS JOIN unnest('{INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) privilege
WHERE relname ~ 'audit' AND relname <> 'audit_clients' AND relkind IN ('r', 'p', 'v')
  AND has_table_privilege(%s, oid, privilege)
"""


@pytest.fixture
def release(servers: Servers, tmp_path: Path) -> Iterator[tuple[TwoRoles, Database, Path]]:
    """A database of the release before, granted to the serving role; the owner's connection, and the migrations."""
    older = tmp_path / "older"
    older.mkdir()
    for name in NAMES:
        text = (MIGRATIONS / f"{name}.py").read_text().replace("BATCH = 10_000", f"BATCH = {BATCH}")
        (tmp_path / f"{name}.py").write_text(text)
        if name < FIRST:
            (older / f"{name}.py").write_text(text)
    with two_roles(servers, empty=True) as roles, bound(roles.owner) as owner:
        migrate(owner, report=quiet, directory=older)
        roles.grant()
        with owner.connection_context():
            for number in range(4 * BATCH):
                # The last reasons are longer than an entry of an index may be.
                reason = secrets.token_hex(2000) if number > 3 * BATCH else "role_in_use"
                owner.execute_sql(RECORD, (new_id(), reason, f"clerk-{number}", new_id()))
        yield roles, owner, tmp_path


def quiet(_: str) -> None:
    """Report nothing."""


def test_the_serving_role_may_only_add_rows_at_any_point_of_the_move_and_back(
    release: tuple[TwoRoles, Database, Path],
) -> None:
    roles, owner, directory = release
    serving = roles.names[1]
    seen: set[tuple[str, str]] = set()

    def look(_: object) -> None:
        if not owner.in_transaction():
            with owner.connection().cursor() as cursor:
                cursor.execute(RIGHTS, (serving,))
                seen.update(cursor.fetchall())

    owner.query_hooks.append(look)
    migrate(owner, report=quiet, directory=directory)
    rollback(owner, len(AFTER), report=quiet, directory=directory)
    migrate(owner, report=quiet, directory=directory)
    rollback(owner, len(NAMES) - NAMES.index(MOVE), report=quiet, directory=directory)

    written = {"audit_events", "audit_events_former", "charter_audit_entries"}
    assert seen == {(name, "INSERT") for name in written}
    del owner.query_hooks[-1]
    migrate(owner, report=quiet, directory=directory)
    with bound(roles.server):
        assert run("SELECT count(*) FROM charter_audit_entries_default") == [(0,)]
        assert run("SELECT count(*) FROM audit_trail") == [(4 * BATCH,)]


class Killed(BaseException):
    """The process is gone."""


def test_no_later_migration_runs_while_the_trail_is_moved_back_half_way(
    release: tuple[TwoRoles, Database, Path],
) -> None:
    _, owner, directory = release
    migrate(owner, report=quiet, directory=directory)
    back = len(NAMES) - NAMES.index(MOVE)

    batches = iter(range(2))

    def die(query: object) -> None:
        if "UPDATE charter_audit_move" in str(query) and next(batches, None) is None:
            raise Killed

    owner.query_hooks.append(die)
    with pytest.raises(MigrationError, match="Killed"):
        rollback(owner, back, report=quiet, directory=directory)
    del owner.query_hooks[-1]
    owner.reset()

    with pytest.raises(MigrationError, match="moved back half-way: run charter db rollback first"):
        migrate(owner, report=quiet, directory=directory)

    assert rollback(owner, 1, report=quiet, directory=directory) == [MOVE]
    migrate(owner, report=quiet, directory=directory)
    with owner.connection_context():
        assert owner.execute_sql("SELECT count(*) FROM charter_audit_entries").fetchone() == (4 * BATCH,)
