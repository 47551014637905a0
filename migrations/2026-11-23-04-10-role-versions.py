"""The version of a role, which its ETag tells."""


def migrate(migrator, database, **kwargs):
    """Add the column; with a constant default no row is rewritten, so the lock is short however many there are."""
    database.execute_sql("ALTER TABLE roles ADD version integer NOT NULL DEFAULT 1")


def rollback(migrator, database, **kwargs):
    """Drop the column."""
    database.execute_sql("ALTER TABLE roles DROP version")
