"""The list of rights of the serving role is what the statements of the code need: not less, and not more."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from app.database import Database
from app.database.migrator import MIGRATIONS, Router
from app.services import database_rights
from tests.house.model_queries import privileges
from tests.house.repository import ROOT, check, files

# What the owner runs, and what only looks at the shape of tables.
OTHERS = (
    "app/database/migration_files.py",
    "app/database/migrator.py",
    "app/database/drift.py",
    "app/services/database_rights.py",
)
VERBS = {"INSERT INTO": "INSERT", "UPDATE": "UPDATE", "DELETE FROM": "DELETE", "FROM": "SELECT", "JOIN": "SELECT"}
STATEMENT = re.compile(rf"\b({'|'.join(VERBS)})\s+([a-z_]+)")
LOCKED = re.compile(r"\bFROM\s+([a-z_]+)[^;]*?\bFOR (?:UPDATE|NO KEY UPDATE|SHARE|KEY SHARE)\b", re.DOTALL)
UPSERT = re.compile(r"INSERT INTO\s+([a-z_]+)[^;]*?\bON CONFLICT\s*\([^)]*\) DO UPDATE\b", re.DOTALL)
SOUGHT = re.compile(r"\b(?:UPDATE|DELETE FROM)\s+([a-z_]+)[^;]*?\bWHERE\b", re.DOTALL)
FUNCTION = re.compile(r"FUNCTION (\w+)\(.*?\$\$(.*?)\$\$", re.DOTALL)
ROUTER = Router(Database("postgresql:///x", size=1), migrate_dir=MIGRATIONS)
BY_THE_OWNER = (
    "ensure_audit_partitions",
    "make_audit_partitions",
    "lowest_id",
    "charter_learn_audit_label",
    "charter_learn_audit_role",
)


def _texts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _statements() -> Iterator[str]:
    for path in files("app/*.py"):
        if path.relative_to(ROOT).as_posix() not in OTHERS:
            yield from _texts(path)
    for path in MIGRATIONS.glob("*.py"):
        for text in ROUTER.load(path.stem).values():
            if isinstance(text, str):
                yield from (body for name, body in FUNCTION.findall(text) if name not in BY_THE_OWNER)


def _used() -> dict[str, set[str]]:
    used: dict[str, set[str]] = {table: set() for table in database_rights.required_privileges()}
    for text in _statements():
        found = [(table, VERBS[verb]) for verb, table in STATEMENT.findall(text)]
        found += [(table, "SELECT") for table in SOUGHT.findall(text)]
        found += [(table, "UPDATE") for pattern in (LOCKED, UPSERT) for table in pattern.findall(text)]
        for table, privilege in found:
            if table in used:
                used[table].add(privilege)
    return used


def test_the_rights_of_each_table_are_those_that_the_code_uses() -> None:
    used = _used()
    for path in files("app/*.py"):
        for table, privilege in privileges(path):
            used[table].add(privilege)
    used["migratehistory"].add("SELECT")  # the start looks whether a migration is missing

    needed = {table: set(privileges) for table, privileges in database_rights.required_privileges().items()}
    missing = [f"{table}: {sorted(used[table] - needed[table])}" for table in used if used[table] - needed[table]]
    check(missing, "Add these rights to the list in app/services/database_rights.py: a statement needs them.")
    spare = [f"{table}: {sorted(needed[table] - used[table])}" for table in used if needed[table] - used[table]]
    check(spare, "Take these rights out of the list in app/services/database_rights.py: no statement needs them.")
