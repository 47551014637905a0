"""Models and migrated schema say the same, in both directions."""

import pytest

import models
from app.database import Database
from app.database.drift import drift

ALL = [getattr(models, name) for name in models.__all__]


def test_models_equal_the_migrated_schema(database: Database) -> None:
    assert drift(database, ALL) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("CREATE TABLE stray (id int)", "only in the database: stray: table"),
        ("ALTER TABLE users ADD nickname text", "only in the database: users: column nickname text"),
        ("ALTER TABLE users DROP COLUMN verified_at", "only in the models: users: column verified_at timestamp"),
        ("ALTER TABLE users ALTER version TYPE bigint", "only in the models: users: column version integer"),
        ("ALTER TABLE users ALTER status DROP NOT NULL", "only in the models: users: column status text not null"),
        ("ALTER TABLE roles ALTER version DROP IDENTITY", "only in the models: roles: column version integer"),
        ("ALTER TABLE users ALTER version DROP DEFAULT", "only in the models: users: column version integer not null"),
        ('ALTER TABLE users ALTER email TYPE text COLLATE "default"', "only in the models: users: column email text"),
        ("ALTER TABLE users DROP CONSTRAINT users_status", "only in the models: users: CHECK"),
        ("ALTER TABLE sessions DROP CONSTRAINT sessions_user_id_fkey", "only in the models: sessions: FOREIGN KEY"),
        ("DROP INDEX users_status_updated_at", "only in the models: users: index (status text_ops, updated_at"),
        ("CREATE INDEX stray ON sessions (network)", "only in the database: sessions: index (network"),
        ("ALTER TABLE roles DROP CONSTRAINT roles_name", "only in the models: roles: unique index (name"),
        ("DROP INDEX charter_audit_entries_label", "only in the models: charter_audit_entries: index (label_id"),
    ],
)
def test_every_kind_of_difference_is_told(database: Database, change: str, told: str) -> None:
    database.execute_sql(change)
    assert any(line.startswith(told) for line in drift(database, ALL)), drift(database, ALL)


def test_the_comparison_leaves_nothing_behind(database: Database) -> None:
    drift(database, ALL)
    assert database.execute_sql("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'charter%%'", ()).fetchall() == []
