"""A start in development warns when a migration has not run, and when the tables and the models differ."""

import pytest

from app.cli.differences import report_differences
from app.database import Database


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
    assert told.endswith("write a migration, then run charter db migrate\n")


def test_a_migration_that_has_not_run_is_told(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    database.execute_sql("DELETE FROM migratehistory WHERE id = (SELECT max(id) FROM migratehistory)")
    report_differences()
    told = capsys.readouterr().err
    assert told.startswith("charter: warning: ")
    assert told.endswith(": run charter db migrate\n")
