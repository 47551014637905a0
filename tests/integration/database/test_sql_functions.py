"""The files of app/database/functions/ are the SQL functions and triggers that the migrations leave."""

import difflib
import re
from pathlib import Path

import pytest

from app.database import Database
from tests.house.repository import ROOT, shown
from tests.sql_tokens import tokens

FOLDER = ROOT / "app" / "database" / "functions"
FILES = sorted(FOLDER.glob("*.sql"))
NAMED = re.compile(r"\b(?:app|docs)/[\w./-]+\.(?:py|sql|md)")

# Functions of ours, and the facts about each. What an extension brings is not ours.
FUNCTIONS = """
SELECT p.proname, format('(%s) RETURNS %s', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid)), ARRAY[
    'kind ' || p.prokind::text,
    'language ' || l.lanname,
    CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
    CASE p.proparallel WHEN 's' THEN 'parallel safe' WHEN 'r' THEN 'parallel restricted' ELSE 'parallel unsafe' END,
    CASE WHEN p.proisstrict THEN 'strict' ELSE 'called on null input' END,
    CASE WHEN p.prosecdef THEN 'security definer' ELSE 'security invoker' END,
    CASE WHEN p.proleakproof THEN 'leakproof' ELSE 'not leakproof' END,
    format('cost %s, rows %s, support %s', p.procost, p.prorows, p.prosupport),
    'rights ' || coalesce(p.proacl::text, 'default')
] || ARRAY(SELECT 'set ' || setting FROM unnest(p.proconfig) setting), p.prosrc
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = to_regnamespace(quote_ident(current_schema()))
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
ORDER BY p.proname, p.oid
"""
# Their triggers: not those that a partition has from its table, and not those on the partitions of single months, which
# a function makes.
TRIGGERS = """
SELECT p.proname,
       pg_get_triggerdef(t.oid) || CASE t.tgenabled WHEN 'O' THEN '' ELSE ', enabled: ' || t.tgenabled::text END
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgparentid = 0
  AND (NOT c.relispartition OR pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT')
ORDER BY 1, 2
"""

# Where a line begins or ends when a body is shown.
STARTS = {"AND", "CASE", "ELSE", "END", "FROM", "GROUP", "JOIN", "LEFT", "ON", "OR", "SELECT", "SET", "WHEN", "WHERE"}
ENDS = {",", ";", "BEGIN"}

Definitions = dict[str, list[str]]
"""The lines that describe a function and its triggers, by the function's name."""


def definitions(database: Database) -> Definitions:
    """Return the definitions of the database, with the bodies as tokens: comments and white space are not compared."""
    described: Definitions = {}
    for name, signature, facts, body in database.execute_sql(FUNCTIONS).fetchall():
        described.setdefault(name, []).extend([*_lines(signature), *facts, *_lines(body)])
    for name, trigger in database.execute_sql(TRIGGERS).fetchall():
        described.setdefault(name, []).append(trigger)
    return described


def _lines(text: str) -> list[str]:
    """Return the tokens of a text, in lines that are short enough for a readable diff."""
    lines: list[list[str]] = [[]]
    for token in tokens(text):
        if token in STARTS:
            lines.append([])
        lines[-1].append(token)
        if token in ENDS:
            lines.append([])
    return [" ".join(line) for line in lines if line]


def difference(migrated: Definitions, made: Definitions, path: Path) -> str:
    """Return a diff of what the migrations and a file have made; empty when both are the same."""
    lines = [
        line
        for name in sorted({*migrated, *made})
        for line in difflib.unified_diff(
            migrated.get(name, []), made.get(name, []), f"{name} as migrated", f"{name} by {shown(path)}", lineterm=""
        )
    ]
    if not lines:
        return ""
    advice = "The file and a migration must say the same: see docs/contributing.md, Change an SQL function."
    return "\n".join(["", *lines, advice])


def by_file(database: Database, text: str, name: str) -> tuple[Definitions, Definitions]:
    """Return the definitions after a file has created its function, and after it has run again; roll all of it back."""
    with database.connection_context(), database.atomic() as transaction:
        database.execute_sql(f"DROP FUNCTION IF EXISTS {name} CASCADE")
        database.execute_sql(text)
        created = definitions(database)
        database.execute_sql(text)
        replaced = definitions(database)
        transaction.rollback()
    return created, replaced


def test_there_is_one_file_for_each_function(database: Database) -> None:
    functions, named = set(definitions(database)), {path.stem for path in FILES}
    assert sorted(functions - named) == [], f"these functions have no file in {shown(FOLDER)}"
    assert sorted(named - functions) == [], f"these files of {shown(FOLDER)} have no function"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_makes_what_the_migrations_made(database: Database, path: Path) -> None:
    migrated = definitions(database)

    for made in by_file(database, path.read_text(encoding="utf-8"), path.stem):
        if diff := difference(migrated, made, path):
            pytest.fail(diff, pytrace=False)
    assert definitions(database) == migrated


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("charter_decide_request", "holds_all OR permissions", "permissions"),
        ("charter_decide_request", "'permission_missing'", "'permission  missing'"),
        ("charter_decide_request", "p_owner uuid", "p_owner_id uuid"),
        ("charter_decide_request", "p_recency integer", "p_recency bigint"),
        ("charter_decide_request", "holds_all boolean", "holds_all text"),
        ("charter_decide_request", "p_user_agent text\n", "p_user_agent text DEFAULT NULL\n"),
        ("charter_decide_request", "FUNCTION charter_decide_request", "FUNCTION decide_anything"),
        ("lowest_id", "IMMUTABLE", "STABLE"),
        ("lowest_id", "IMMUTABLE", "IMMUTABLE PARALLEL SAFE"),
        ("lowest_id", "IMMUTABLE", "IMMUTABLE STRICT"),
        ("lowest_id", "IMMUTABLE", "IMMUTABLE COST 1"),
        ("check_health", "SET work_mem = '64kB'", "SET work_mem = '1MB'"),
        ("check_health", "RETURNS void", "RETURNS text"),
        ("make_audit_partitions", "SECURITY DEFINER", ""),
        ("make_audit_partitions", "REVOKE EXECUTE ON FUNCTION make_audit_partitions(timestamptz) FROM PUBLIC;", ""),
        ("make_audit_partitions", "public, pg_temp", "pg_temp, public"),
        ("refuse_audit_change", "ALWAYS TRIGGER audit_no_change", "TRIGGER audit_no_change"),
        ("refuse_audit_change", "BEFORE UPDATE OR DELETE", "BEFORE DELETE"),
        ("count_new_users", "AFTER INSERT", "AFTER UPDATE"),
    ],
)
def test_every_kind_of_difference_is_found(database: Database, name: str, old: str, new: str) -> None:
    path = FOLDER / f"{name}.sql"
    text = path.read_text(encoding="utf-8")
    assert old in text

    created, _ = by_file(database, text.replace(old, new), name)

    diff = difference(definitions(database), created, path)
    assert f"{name} by app/database/functions/{name}.sql" in diff
    assert [line for line in diff.splitlines() if line.startswith(("+", "-")) and line[:3] not in ("+++", "---")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_says_who_calls_its_function(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    missing = [name for name in NAMED.findall(text) if not (ROOT / name).is_file()]
    assert missing == [], f"{shown(path)} names files that are not there"

    line = re.search(r"^-- Called by: (.*?)\n--\n", text, re.MULTILINE | re.DOTALL)
    assert line, f"{shown(path)} needs a line: -- Called by: app/..., or the trigger below"
    callers = line[1]
    silent = [name for name in NAMED.findall(callers) if path.stem not in (ROOT / name).read_text(encoding="utf-8")]
    assert silent == [], f"{shown(path)} names callers that do not name it"
    if "EXECUTE FUNCTION" not in text.partition("$$;")[2]:
        assert NAMED.search(callers) or callers == "nothing in this release", callers
