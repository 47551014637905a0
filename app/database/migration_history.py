"""Which migrations have run. A start reads it without peewee-migrate, which is slow to import, and runs them only."""

from datetime import datetime
from pathlib import Path

from app import resources
from app.database.migration_files import MigrationFiles
from app.database.pool import Database
from app.project import Project

MIGRATIONS = resources.MIGRATIONS


def history(database: Database) -> list[tuple[str, datetime]]:
    """Return (name, time) of each recorded migration, in the order they ran."""
    if not database.execute_sql("SELECT to_regclass('migratehistory')").fetchone()[0]:
        return []
    return list(database.execute_sql("SELECT name, migrated_at FROM migratehistory ORDER BY id").fetchall())


def pending(database: Database, *, directory: Path = MIGRATIONS, project: Project | None = None) -> list[str]:
    """Return the names of the migrations that have not run, in order."""
    with database.connection_context():
        done = {name for name, _ in history(database)}
    return [name for name in MigrationFiles(directory, project).names() if name not in done]
