"""Queries go through the models; SQL texts are exceptions, listed here, each with its reason. So are clocks."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.house.model_queries import own_ways
from tests.house.repository import check, files, shown
from tests.house.sql_texts import sql_texts

_CATALOGUE = "reads PostgreSQL's catalogue or settings, which have no models"
_FUNCTION = "calls an SQL function of app/database/functions, which has the query"
_HOT = "hot: the bench shows what building the query costs"
_LIST = "hot: a list engine, which chooses the index for each filter"
_CHANGING_CTE = "several changes in one statement, which Peewee cannot say"
_PING = "reads no table"
_MIGRATOR = "runs before the models match the tables"
_OF_TESTS = "prepares or checks what a test of a project needs, beside the models"

# By module, then by the constant or function that holds the text.
EXCEPTIONS: Mapping[str, Mapping[str, str]] = {
    "app/cli/doctor/audit_trail.py": {"_PARTITIONS": _CATALOGUE, "_STRAY": _CATALOGUE, "_TRIGGERS": _CATALOGUE},
    "app/cli/doctor/database.py": {
        "_LIMITS": _CATALOGUE,
        "_STATEMENT_LOG": _CATALOGUE,
        "connection()": _CATALOGUE,
        "durability()": _CATALOGUE,
        "encoding()": _CATALOGUE,
        "extensions()": _CATALOGUE,
        "version()": _CATALOGUE,
    },
    "app/cli/doctor/rights.py": {"_EXCESS_RIGHTS": _CATALOGUE, "_OWNERSHIP": _CATALOGUE, "role()": _CATALOGUE},
    "app/cli/doctor/server.py": {"_AUTOVACUUM": _CATALOGUE, "_BUFFERS": _CATALOGUE, "_JIT": _CATALOGUE},
    "app/cli/migrating.py": {"reject_other_encodings()": _CATALOGUE},
    "app/context/invalidations.py": {
        "_DELETE_UNSYNCED": "DELETE … USING with a setting for this statement, which Peewee cannot say",
    },
    "app/context/unanswered_rotations.py": {"_RECORD": _FUNCTION, "_RECORD_BY_EVENT": _FUNCTION},
    "app/database/drift.py": {"_FACTS": _CATALOGUE, "_SCHEMA": _CATALOGUE, "_facts_of_models()": _CATALOGUE},
    "app/database/identity.py": {"_IDENTITY": _CATALOGUE},
    "app/database/migration_files.py": {"MigrationFiles.check_known()": "a statement in a message, for people to run"},
    "app/database/migration_guard.py": {
        "_DISARM": _MIGRATOR,
        "_FUNCTIONS": _CATALOGUE,
        "_IS_ARMED": _CATALOGUE,
        "_MAY_ARM": _CATALOGUE,
        "_MORE_FACTS": _CATALOGUE,
    },
    "app/database/migration_history.py": {"history()": _MIGRATOR},
    "app/database/migrator.py": {
        "Router.step()": _MIGRATOR,
        "_PARTITION_FUNCTION": _CATALOGUE,
        "_PARTITIONS": _FUNCTION,
        "_PRIVILEGES": _CATALOGUE,
        "_exclusive()": _MIGRATOR,
        "_lock()": _MIGRATOR,
        "migrate()": _MIGRATOR,
    },
    "app/pipeline/steps/authorization.py": {"_statement()": "hot: the session statement, which calls an SQL function"},
    "app/pipeline/stored_responses.py": {"_CLAIM": _FUNCTION},
    "app/services/referring_rows.py": {
        "_LINKS": _CATALOGUE,
        "note_deletion()": "changes tables that only the catalogue names",
    },
    "app/services/activity_statistics.py": {
        "_AGGREGATE": "hot: statistics, with generate_series and window functions",
        "_COUNTED": "hot: part of both statements of the statistics",
        "_FIRST_MOMENT": "the least of five tables, each by its index",
        "_POINTS": "hot: statistics in one snapshot",
        "_counted()": "hot: part of both statements of the statistics",
    },
    "app/services/audit_events.py": {"_WRITE": _FUNCTION},
    "app/services/audit_search.py": dict.fromkeys(
        ("_WHOSE", "_in_order()", "_labels_of()", "_statement()", "_with_words()"), _LIST
    ),
    "app/services/auth.py": {"_BY_ADDRESS": "hot: sign-in"},
    "app/services/clock_offset.py": {"measure()": _PING},
    "app/services/database_rights.py": {
        "_MISSING_RIGHTS": _CATALOGUE,
        "_OWNER": _CATALOGUE,
        "connected_role()": _CATALOGUE,
        "missing_tables()": _CATALOGUE,
    },
    "app/services/health.py": {"_READ_ONLY": _CATALOGUE, "_try_database()": _FUNCTION},
    "app/services/invalidations.py": {
        "_MERGE": _CHANGING_CTE,
        "_IS_PENDING": "hot: also part of the session statement",
    },
    "app/services/maintenance.py": {"_MAKE_PARTITIONS": _FUNCTION},
    "app/services/probes.py": {"build_probes()": _PING},
    "app/services/rotations.py": {"_MAKE_ALL": _FUNCTION, "_ROTATE": _FUNCTION},
    "app/services/sessions.py": {"_OPEN": "hot: sign-in"},
    "app/services/settings.py": {"_LOCK": "an advisory lock, for a row that may not exist"},
    "app/services/sign_in_attempts.py": {"_COUNT": "hot: sign-in, with an upsert that decides by the old row"},
    "app/services/user_rows.py": {"GET": "hot: get_user and get_profile", "_INSERT": _CHANGING_CTE},
    "app/services/user_search.py": {
        **dict.fromkeys(("_all()", "_collection()", "_count()", "_count_both()", "_page()", "search()"), _LIST),
        "_NEWEST": _FUNCTION,
    },
    "app/services/user_statistics.py": {"_MERGE": _CHANGING_CTE, "_TOTALS": "hot: statistics", "total_sql()": _LIST},
    "app/testing/checks.py": {"_HELD": _OF_TESTS, "test_permissions()": _OF_TESTS},
    "app/testing/people.py": {"People.make_with()": _CHANGING_CTE},
}


# How a text can reach the database.
WAYS = (
    'run("TABLE roles")',
    'run_in_autocommit("ALTER TABLE roles DISABLE TRIGGER ALL")',
    'run_in_autocommit("delete from roles")',
    'statements.run_in_autocommit(f"delete from {table}")',
    'perform(lambda database: database.execute_sql("drop table roles"))',
    'Role.raw("select * from roles")',
    'fetch(Role.select(SQL("(select max(x) from y)")))',
    'text = "SELECT 1"',
)


@pytest.mark.parametrize("line", WAYS)
def test_a_text_is_found_however_it_reaches_the_database(tmp_path: Path, line: str) -> None:
    (path := tmp_path / "service.py").write_text(f"def find():\n    {line}\n", encoding="utf-8")
    assert sql_texts(path) == {"find()"}


def test_words_and_pieces_without_a_verb_are_no_sql(tmp_path: Path) -> None:
    lines = ('SQL("DEFAULT")', 'SQL("version + 1")', 'refuse("Set it again.")', "check.run(deployment)")
    (path := tmp_path / "service.py").write_text("\n".join(lines), encoding="utf-8")
    assert sql_texts(path) == set()


def test_every_sql_text_is_a_listed_exception() -> None:
    unlisted = [
        f'    "{module}": {{"{name}": "hot, or what Peewee cannot say: …"}},'
        for module, names in _found().items()
        for name in sorted(names - set(EXCEPTIONS.get(module, {})))
    ]

    assert not unlisted, (
        "Write these queries with the models: docs/contributing.md, Models or SQL, has examples. If a query is hot, or "
        "Peewee cannot say it, add its line to EXCEPTIONS in tests/house/test_sql.py:\n" + "\n".join(unlisted)
    )


def test_every_listed_exception_still_exists() -> None:
    found = _found()
    gone = [
        f"{module}: {name}"
        for module, names in EXCEPTIONS.items()
        for name in sorted(set(names) - found.get(module, set()))
    ]

    assert not gone, "Remove from EXCEPTIONS in tests/house/test_sql.py, no SQL text is there:\n" + "\n".join(gone)


def test_services_and_handlers_run_no_query_in_a_way_of_peewees_own() -> None:
    found = [f"{shown(path)}, {way}" for path in files("app/services/*.py", "handlers/*.py") for way in own_ways(path)]
    check(found, "Pass the query to `fetch`, `fetch_one`, `fetch_value` or `execute` from `charter`.")


@pytest.mark.parametrize(
    "line",
    [
        'Role.get(Role.name == "admin")',
        "Role.select().where(Role.built_in).count()",
        "Role.delete().execute()",
        "role.save()",
        "[role.name for role in Role.select()]",
        "for role in Role.select().where(Role.built_in): pass",
    ],
)
def test_a_way_of_peewees_own_is_found(tmp_path: Path, line: str) -> None:
    (path := tmp_path / "service.py").write_text(line, encoding="utf-8")
    assert len(list(own_ways(path))) == 1


_CLOCK = re.compile(r"\b(datetime\.(now|utcnow)|date\.today|time\.time|system_clock)\b")


def test_services_and_models_read_no_clock_of_the_process() -> None:
    found = [
        f"{shown(path)}, line {number}"
        for path in files("app/services/*.py", "handlers/*.py", "models/*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        # This one compares the clock of the process with that of the database.
        if path.name != "clock_offset.py" and _CLOCK.search(line)
    ]
    check(found, "Use `sql_now()` for what several servers compare, and `context.dependencies.clock()` for people.")


def _found() -> dict[str, set[str]]:
    found = {shown(path): sql_texts(path) for path in files("app/*.py", "charter/*.py", "handlers/*.py")}
    return {module: names for module, names in found.items() if names}
