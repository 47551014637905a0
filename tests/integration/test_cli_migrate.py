"""`charter db migrate` beyond the migrations: partitions, and what the built-in roles hold by permissions.yaml."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli.dependencies import built_in_permissions
from app.cli.migrating import describe_missing, role_differences
from app.database import Database, run, transaction
from app.services import built_in_roles
from tests.command import PRODUCTION, ROOT, clean_environment, expect_refusal
from tests.months import coming_month
from tests.people import make_role
from tests.rows import stored_role
from tests.terminal import Terminal, command_rows

DAMAGE = """
DELETE FROM role_permissions WHERE permission = 'profiles:read';
INSERT INTO role_permissions (id, role_id, permission)
SELECT gen_random_uuid(), id, 'ships:launch' FROM roles WHERE name IN ('guest', 'user')
"""
UP_TO_DATE = "the database is up to date\n"
# Who waits for the transaction that asks.
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid"


@pytest.fixture
def charter(tmp_path: Path, database: Database) -> Terminal:
    return Terminal(tmp_path, database)


def tables() -> tuple[list[tuple], list[tuple]]:
    return run("SELECT * FROM roles ORDER BY id"), run("SELECT * FROM role_permissions ORDER BY id")


def test_missing_partitions_are_named_as_they_are_made(charter: Terminal) -> None:
    missing = coming_month()
    run(f"DROP TABLE {missing}")

    assert charter.done("db", "migrate") == f"creating the partition {missing}\n{UP_TO_DATE}"
    assert charter.done("db", "migrate") == UP_TO_DATE


def test_built_in_roles_are_brought_in_line_with_the_catalogue_which_is_told_and_recorded(charter: Terminal) -> None:
    before = stored_role("user"), stored_role("guest")
    run(DAMAGE)

    told = charter.done("db", "migrate")

    assert told.splitlines() == [
        "the role guest no longer holds ships:launch",
        "the role user now holds profiles:read and no longer holds ships:launch",
        UP_TO_DATE.strip(),
    ]
    for name, was in zip(("user", "guest"), before, strict=True):
        now = stored_role(name)
        assert was
        assert now
        assert (now.permissions, now.version > was.version) == (was.permissions, True)
    _, user = command_rows()
    changes = {"os_user": pwd.getpwuid(os.getuid()).pw_name, "added": ["profiles:read"], "removed": ["ships:launch"]}
    user.check(role="cli", action="role.updated", outcome="succeeded", target="role:user", details=changes)
    assert charter.done("db", "migrate") == UP_TO_DATE
    assert len(command_rows()) == 2


def test_where_nothing_differs_nothing_is_written_and_roles_of_ones_own_stay(charter: Terminal) -> None:
    make_role("relic", "relics:keep")
    before = tables()

    charter.done("db", "migrate")

    assert tables() == before
    assert command_rows() == []


def test_of_two_that_race_one_changes_the_roles_and_the_other_waits_and_finds_nothing(database: Database) -> None:
    run(DAMAGE)
    given = built_in_permissions()
    second: list[list[built_in_roles.Difference]] = []

    def race() -> None:
        second.append(built_in_roles.synchronise(given, now=datetime.now(UTC)))
        database.close()

    other = threading.Thread(target=race)
    with transaction():
        first = built_in_roles.synchronise(given, now=datetime.now(UTC))
        other.start()
        while run(WAITING) == [(0,)]:
            assert other.is_alive()
    other.join()

    assert ([change.role for change in first], second) == (["guest", "user"], [[]])
    assert built_in_roles.differences(given) == []


def test_accounts_are_made_while_roles_are_brought_in_line(database: Database) -> None:
    run(DAMAGE)

    def make() -> None:
        run("""
            INSERT INTO users (id, email, password_hash, role_id)
            SELECT gen_random_uuid(), 'a@b.example', '', id FROM roles WHERE name = 'guest'
        """)
        database.close()

    with transaction():
        built_in_roles.synchronise(built_in_permissions(), now=datetime.now(UTC))
        other = threading.Thread(target=make)
        other.start()
        while other.is_alive():
            assert run(WAITING) == [(0,)]
    assert run("SELECT count(*) FROM users") == [(1,)]


def charter_in(root: Path, *words: str, url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        cwd=root, env=clean_environment(**PRODUCTION, DATABASE_URL=url),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_production_serves_only_once_the_built_in_roles_hold_what_the_catalogue_gives_them(
    tmp_path: Path, database: Database
) -> None:
    for folder in ("app", "charter", "handlers", "models", "openapi", "migrations"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    catalogue = tmp_path / "openapi" / "permissions.yaml"
    text = catalogue.read_text("utf-8")
    new = next(name for name, roles in built_in_permissions().items() if "user" not in roles)
    catalogue.write_text(re.sub(rf"({new}:\n  description: .*\n  roles: ).*", r"\1[user]", text), "utf-8")

    refused = charter_in(tmp_path, "serve", "--port", "0", url=database.url)

    expect_refusal(refused, 78, f"user should hold {new}", "run charter db migrate")
    done = charter_in(tmp_path, "db", "migrate", url=database.url)
    assert (done.stdout, done.stderr) == (f"the role user now holds {new}\n{UP_TO_DATE}", "")
    held = stored_role("user")
    assert held
    assert new in held.permissions

    catalogue.write_text(text.replace("roles: [user]", "roles: [usher]"), "utf-8")
    expect_refusal(charter_in(tmp_path, "db", "migrate", url=database.url), 78, "permissions.yaml", lines=2)


def test_a_role_that_holds_more_keeps_no_server_from_its_start(database: Database) -> None:
    run("INSERT INTO role_permissions (id, role_id, permission) SELECT gen_random_uuid(), id, 'users:list' FROM roles"
        " WHERE name = 'user'")  # fmt: skip

    assert describe_missing(database) is None
    assert role_differences() == "user should not hold users:list"
