"""The migrations of Charter and of a project in one database: one history, each side by its names."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database import Database
from app.database.migration_error import MigrationError
from app.database.migrator import MIGRATIONS, latest, migrate, pending, rollback, status
from app.project import Project
from tests.servers import Servers

FIRST = "2026-02-01-00-00-first"
SECOND = "2026-03-01-00-00-second"
EARLIER = "2026-01-01-00-00-earlier"


class Sides:
    """A folder of Charter's migrations and a project, with what is recorded of both."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.database = database
        self.charter = folder / "charter"
        self.project = Project("shop", folder / "shop")
        for path in (self.charter, self.project.migrations):
            path.mkdir(parents=True)
        self.told: list[str] = []

    def write(self, folder: Path, name: str, forward: str, back: str = "") -> None:
        (folder / f"{name}.py").write_text(
            f"def migrate(migrator, database, **kwargs):\n    database.execute_sql({forward!r})\n"
            f"def rollback(migrator, database, **kwargs):\n    database.execute_sql({back or 'SELECT 1'!r})\n"
        )

    def migrate(self, database: Database | None = None, project: Project | None = None) -> list[str]:
        at = {"directory": self.charter, "project": project or self.project}
        return migrate(database or self.database, report=self.told.append, **at)

    def rollback(self, steps: int = 1) -> list[str]:
        at = {"directory": self.charter, "project": self.project}
        return rollback(self.database, steps, report=self.told.append, **at)

    @property
    def tables(self) -> set[str]:
        with self.database.connection_context():
            return set(self.database.get_tables()) - {"migratehistory"}


@pytest.fixture
def sides(servers: Servers, tmp_path: Path) -> Iterator[Sides]:
    """Both sides with a file of the same name, the project's referring to Charter's, and an empty database."""
    database = Database(servers.empty(), size=4)
    made = Sides(tmp_path, database)
    made.write(made.charter, FIRST, "CREATE TABLE people (id int PRIMARY KEY)", "DROP TABLE people")
    work = "CREATE TABLE work (id int PRIMARY KEY, person int REFERENCES people)"
    made.write(made.project.migrations, FIRST, work, "DROP TABLE work")
    yield made
    database.reset()
    servers.drop(database.url)


def test_what_is_missing_of_charter_runs_before_what_is_missing_of_the_project(sides: Sides) -> None:
    assert sides.migrate() == [FIRST, f"shop:{FIRST}"]
    sides.write(sides.project.migrations, EARLIER, "ALTER TABLE work ADD name text", "ALTER TABLE work DROP name")
    sides.write(sides.charter, SECOND, "ALTER TABLE people ADD name text", "ALTER TABLE people DROP name")
    assert pending(sides.database, directory=sides.charter, project=sides.project) == [SECOND, f"shop:{EARLIER}"]
    assert sides.migrate() == [SECOND, f"shop:{EARLIER}"]
    assert sides.migrate() == []

    names = [name for name, moment in status(sides.database, directory=sides.charter, project=sides.project) if moment]
    assert names == [FIRST, SECOND, f"shop:{EARLIER}", f"shop:{FIRST}"]
    assert latest(sides.database, 2, project=sides.project) == [f"shop:{EARLIER}", SECOND]
    assert sides.rollback(9) == [f"shop:{EARLIER}", SECOND, f"shop:{FIRST}", FIRST]
    assert sides.tables == set()


def test_replicas_that_start_together_run_each_migration_of_both_once(sides: Sides) -> None:
    runners = [Database(sides.database.url, size=2) for _ in range(3)]
    together, ran = threading.Barrier(len(runners)), []

    def start(database: Database) -> None:
        together.wait()
        ran.extend(sides.migrate(database))
        database.reset()

    threads = [threading.Thread(target=start, args=(runner,)) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == [FIRST, f"shop:{FIRST}"]


def test_a_migration_of_the_project_that_fails_is_named_with_its_line_and_leaves_the_others(sides: Sides) -> None:
    sides.write(sides.project.migrations, SECOND, "CREATE TABLE half (id int); ALTER TABLE nowhere ADD id int")
    with pytest.raises(MigrationError) as caught:
        sides.migrate()
    assert str(caught.value) == (
        f'migrations/{SECOND}.py:2: relation "nowhere" does not exist; it changed nothing: correct it and run it again'
    )
    assert sides.tables == {"people", "work"}
    sides.write(sides.project.migrations, SECOND, "ALTER TABLE work ADD name text")
    assert sides.migrate() == [f"shop:{SECOND}"]


def test_every_file_is_checked_before_the_first_one_runs(sides: Sides) -> None:
    folder = sides.project.migrations
    (folder / f"{SECOND}.py").write_text("def migrate(:\n")
    (folder / "2026-04-01-00-00-raises.py").write_text("\n1 / 0\n")
    (folder / "2026-05-01-00-00-forward.py").write_text("def migrate(migrator, database, **kwargs): pass\n")
    (folder / "0001_initial.py").write_text("")
    with pytest.raises(MigrationError) as caught:
        sides.migrate()
    assert str(caught.value).splitlines() == [
        (
            "migrations/0001_initial.py:1: this is no name of a migration, so it would never run: "
            "rename it to YYYY-MM-DD-HH-mm-description.py, or move it out of this folder"
        ),
        f"migrations/{SECOND}.py:1: this is not Python: invalid syntax",
        "migrations/2026-04-01-00-00-raises.py:2: ZeroDivisionError: division by zero: correct this line",
        "migrations/2026-05-01-00-00-forward.py:1: it has no function rollback: add it",
        "nothing has changed",
    ]
    assert sides.tables == set()


def test_migrations_that_only_the_database_has_are_told_by_side(sides: Sides) -> None:
    sides.migrate()
    newer = [(f"shop:{SECOND}", "newer release of shop"), (SECOND, "by a newer release, and")]
    for name, told in newer:
        with sides.database.connection_context():
            sides.database.execute_sql("INSERT INTO migratehistory (name) VALUES (%s)", (name,))
        with pytest.raises(MigrationError, match=f"{told}.*{name}"):
            sides.migrate()
        with sides.database.connection_context():
            sides.database.execute_sql("DELETE FROM migratehistory WHERE name = %s", (name,))


def test_a_database_of_a_project_is_left_alone_outside_of_it_and_follows_a_new_name(sides: Sides) -> None:
    sides.migrate()
    with pytest.raises(MigrationError, match=r"migrations of the project shop: .* set CHARTER_PROJECT"):
        migrate(sides.database, report=print, directory=sides.charter)
    renamed = Project("store", sides.project.root)
    with pytest.raises(MigrationError, match=r"this is store") as caught:
        sides.migrate(project=renamed)
    with sides.database.connection_context():
        sides.database.execute_sql(str(caught.value).partition("run: ")[2].replace("%", "%%"), ())
    assert sides.migrate(project=renamed) == []


REFUSED = (
    "it ends the transaction that it runs in: leave out COMMIT and ROLLBACK, and a SET CONSTRAINTS ALL IMMEDIATE, "
    "or write `atomic = False` at the top of the file; "
)


def refused(sides: Sides, body: str) -> str:
    """Run a migration of the project with this body; return what is said of it, after its place."""
    path = sides.project.migrations / f"{SECOND}.py"
    path.write_text(
        f"import asyncio\nimport sys\n\n\ndef migrate(migrator, database, **kwargs):\n    run = database.execute_sql\n"
        f"    run('CREATE TABLE half (id int)')\n    {body}\ndef rollback(migrator, database, **kwargs): pass\n"
    )
    with pytest.raises(MigrationError) as caught:
        sides.migrate()
    place, _, text = str(caught.value).partition(": ")
    assert place == f"migrations/{SECOND}.py:8"
    with sides.database.connection_context():
        assert (f"shop:{SECOND}",) not in sides.database.execute_sql("SELECT name FROM migratehistory").fetchall()
    return text


@pytest.mark.parametrize("end", ["run('COMMIT')", "database.commit()", "run('SELECT 1; end; BEGIN')"])
def test_a_migration_of_the_project_cannot_commit_halfway(sides: Sides, end: str) -> None:
    assert refused(sides, f"{end}; run('CREATE TABLE more (id int)')") == f"{REFUSED}it changed nothing"
    assert sides.tables == {"people", "work"}


def test_a_migration_of_the_project_that_rolls_back_goes_no_further(sides: Sides) -> None:
    text = refused(sides, "run('ROLLBACK'); run('CREATE TABLE more (id int)')")
    assert text == f"{REFUSED}what it did stays: undo that by hand"
    assert sides.tables == {"people", "work"}
    # Where nothing shows it at once, it is noticed at the end.
    text = refused(sides, "run('ROLLBACK; BEGIN'); run('CREATE TABLE more (id int)')")
    assert text == f"{REFUSED}what it did stays: undo that by hand"
    assert sides.tables == {"people", "work"}


@pytest.mark.parametrize(
    "raised", ["sys.exit(3)", "raise GeneratorExit", "raise asyncio.CancelledError", "raise BaseException('all')"]
)
def test_a_migration_that_would_end_the_process_is_named_with_its_line(sides: Sides, raised: str) -> None:
    text = refused(sides, raised)
    assert text.endswith("; it changed nothing: correct it and run it again")
    assert text.startswith(("SystemExit: 3;", "GeneratorExit;", "CancelledError;", "BaseException: all;"))
    assert sides.tables == {"people", "work"}
    (sides.project.migrations / f"{SECOND}.py").write_text("import sys\nsys.exit(4)\n")
    with pytest.raises(MigrationError, match=rf"{SECOND}.py:2: SystemExit: 4: correct this line"):
        sides.migrate()


SIDES = [
    ("ALTER TABLE users ADD color text", "users: column color text"),
    ("DROP TABLE audit_clients CASCADE", "audit_clients: "),
    ("ALTER TABLE charter_audit_entries DISABLE TRIGGER ALL", "charter_audit_entries: trigger "),
    ("DROP TRIGGER user_profiles_name_key ON user_profiles", "user_profiles: trigger user_profiles_name_key"),
    ("DROP FUNCTION keep_name_key() CASCADE", "keep_name_key: "),
    ("CREATE INDEX users_created ON users (created_at)", "users: index (created_at"),
    ("CREATE TABLE charter_bills (id int)", "charter_bills: "),
    ("ALTER TABLE roles RENAME TO parts", "roles: "),
    ("DROP TABLE migratehistory", "migratehistory: "),
    (
        "CREATE OR REPLACE FUNCTION lowest_id(moment timestamptz) RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
        "lowest_id: ",
    ),
]


@pytest.mark.parametrize(("statement", "told"), SIDES, ids=[statement[:30] for statement, _ in SIDES])
def test_a_migration_of_the_project_cannot_change_what_is_charters(
    servers: Servers, tmp_path: Path, statement: str, told: str
) -> None:
    database = Database(servers.clone(), size=4)
    sides = Sides(tmp_path, database)
    sides.charter = MIGRATIONS
    before = sides.tables
    text = refused(sides, f"run({statement!r})")
    assert text.startswith("it changes tables or functions of Charter's (")
    assert told in text
    assert text.endswith("; it changed nothing")
    assert sides.tables == before
    # What refers to Charter's tables is the project's.
    sides.write(sides.project.migrations, SECOND, "CREATE TABLE bills (account uuid REFERENCES users)")
    assert sides.migrate() == [f"shop:{SECOND}"]
    database.reset()
    servers.drop(database.url)
