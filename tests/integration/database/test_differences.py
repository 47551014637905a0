"""A start in development warns when a migration has not run, and when the tables and the models differ."""

import pytest

from app.cli.differences import report_differences
from app.database import Database
from charter.models import Record, text


class Bill(Record):
    """A model of a project."""

    title = text(max_length=100)

    class Meta:
        table_name = "bills"


MIGRATE = "run CHARTER_ENV=development charter db migrate (in a project: make migrate)"
BILLS = """CREATE TABLE bills (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    title text NOT NULL CHECK (char_length(title) <= 100)
)"""


def test_nothing_is_said_of_a_database_as_it_should_be(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    report_differences()
    assert capsys.readouterr().err == ""


def test_a_table_without_the_column_of_its_model_is_told(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    database.execute_sql("ALTER TABLE users DROP COLUMN verified_at")
    report_differences()
    told = capsys.readouterr().err
    assert told.startswith("charter: warning: the tables and the models differ: only in the models: users: column ver")
    assert told.endswith(f"write a migration, then {MIGRATE}\n")


def test_a_migration_that_has_not_run_is_told(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    database.execute_sql("DELETE FROM migratehistory WHERE id = (SELECT max(id) FROM migratehistory)")
    report_differences()
    told = capsys.readouterr().err
    assert told.startswith("charter: warning: ")
    assert told.endswith(f": {MIGRATE}\n")


def test_the_tables_of_a_project_are_compared_with_its_models(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(database, "project_models", (Bill,))
    report_differences()
    assert "differ: only in the models: bills: " in capsys.readouterr().err
    database.execute_sql(BILLS)
    report_differences()
    assert capsys.readouterr().err == ""
    database.execute_sql("ALTER TABLE bills ADD COLUMN colour text")
    report_differences()
    assert "differ: only in the database: bills: column colour" in capsys.readouterr().err
