"""Every migration has a dated name, a way forward and a way back."""

import ast
import re
from datetime import datetime

import pytest

from tests.house.repository import check, files, shown

NAME = re.compile(r"(\d{4}-\d\d-\d\d-\d\d-\d\d)-[a-z0-9]+(-[a-z0-9]+)*\.py")
MIGRATIONS = files("migrations/*.py")


@pytest.mark.parametrize("path", MIGRATIONS, ids=shown)
def test_a_migration_has_a_dated_name(path):
    found = NAME.fullmatch(path.name)
    assert found, f"Rename {shown(path)} to migrations/YYYY-MM-DD-HH-mm-description.py."
    assert datetime.strptime(found[1], "%Y-%m-%d-%H-%M")  # noqa: DTZ007  # only whether there is such a moment


@pytest.mark.parametrize("path", MIGRATIONS, ids=shown)
def test_a_migration_goes_forward_and_back(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    missing = [name for name in ("migrate", "rollback") if name not in functions]
    check(missing, f"Add these functions to {shown(path)}.")
    for name in ("migrate", "rollback"):
        statements = [part for part in functions[name].body if not isinstance(part, ast.Pass)]
        doing = [
            part for part in statements if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        ]
        assert doing, f"Write {name}() in {shown(path)}: it does nothing."


def test_no_two_migrations_share_a_moment():
    moments = [path.name[:16] for path in MIGRATIONS]
    twice = [shown(path) for path, moment in zip(MIGRATIONS, moments, strict=True) if moments.count(moment) > 1]
    check(twice, "Rename all but one of these: no two migrations have the same time.")


# The last migration from before projects could have tables. Since then, a name may be taken by any of them.
FREE_UNTIL = "2026-11-30-03-00"
# Names of ours that a project could not take before that either, and the view for auditors.
NEVER_FREE = re.compile(r"audit_trail|audit_events(_\w+)?")
NEW_NAME = re.compile(r"\bCREATE (?:TABLE|VIEW|FUNCTION|SEQUENCE|TYPE)(?: IF NOT EXISTS)? (\w+)")


def test_what_a_later_migration_adds_has_a_name_that_no_project_has():
    later = [path for path in MIGRATIONS if path.name[:16] > FREE_UNTIL]
    names = {name for path in later for name in NEW_NAME.findall(path.read_text(encoding="utf-8"))}
    assert names
    others = [name for name in sorted(names) if not name.startswith("charter_") and not NEVER_FREE.fullmatch(name)]
    check(others, "Begin these names with charter_.")
