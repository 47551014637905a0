"""The command of the wheel in the folder of a project: migrations of both sides, and the project's own commands."""

import subprocess
import sys
from pathlib import Path

from app.database import Database
from tests.command import PRODUCTION, clean_environment
from tests.servers import Servers
from tests.unit.sample_project import edited, write
from tests.wheel import installed_wheel

MIGRATION = "shop:2026-11-30-12-00-projects"


def charter(root: Path, *words: str, url: str = "") -> subprocess.CompletedProcess[str]:
    variables = {**PRODUCTION, "DATABASE_URL": url} if url else {}
    return subprocess.run(
        [sys.executable, "-P", "-m", "charter", *words],
        cwd=root,
        env=clean_environment(PYTHONPATH=str(installed_wheel()), **variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command_migrates_both_sides_and_runs_the_commands_of_the_project(
    tmp_path: Path, servers: Servers, database_url: str, database: Database
) -> None:
    root = write(tmp_path, {}).root
    refused = charter(root, "archive", "Old", url=database_url)
    assert (refused.returncode, refused.stderr) == (
        78,
        "charter: the database is 1 migration behind: run charter db migrate\n",
    )
    migrated = charter(root, "db", "migrate", url=database_url)
    assert migrated.stdout.splitlines()[0] == f"migrating {MIGRATION}", migrated.stderr
    database.execute_sql("""
        INSERT INTO users (id, email, password_hash, role_id)
        SELECT gen_random_uuid(), 'a@example.com', 'x', id FROM roles WHERE name = 'user'
    """)
    database.execute_sql("INSERT INTO projects (id, user_id, name, status) SELECT id, id, 'Old', 'open' FROM users")
    archived = charter(root, "archive", "Old", url=database_url)
    assert (archived.returncode, archived.stdout) == (0, "1 archived\n"), archived.stderr
    row = "SELECT outcome FROM audit_events WHERE action = 'projects.archived'"
    assert database.execute_sql(row).fetchall() == [("succeeded",)]
    asked = charter(root, "db", "rollback", "--steps", "2", url=database_url)
    assert asked.returncode == 1
    assert f"{MIGRATION}\n" in asked.stderr
    assert " (of Charter; what shop needs of it is lost)\n" in asked.stderr


def test_help_lists_the_commands_of_the_project_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    root = write(tmp_path, {}).root
    assert "\n  archive   Archive every project called NAME.\n" in charter(root, "--help").stdout
    written = charter(root, "db", "new", "add-colors").stdout
    [path] = (root / "migrations").glob("*-add-colors.py")
    assert written.startswith(f"wrote migrations/{path.name}: ")
    write(tmp_path, edited("pyproject.toml", "services.commands:archive", "services.commands:missing"))
    told = "pyproject.toml:8: There is no services.commands:missing. "
    assert f"The project's commands cannot be loaded: {told}" in charter(root, "--help").stdout
    assert charter(root, "archive", "Old").stderr.startswith(f"charter: {told}")
