"""The tags that a write has to drop from the cache, kept in the write's own transaction until they are dropped.

`dropped_at`: when somebody other than the writer dropped the tag; the row stays a while longer, for readers who had
read the cache before that and read the table after it.
"""


def migrate(migrator, database, **kwargs):
    """Create the table."""
    database.execute_sql(
        """
        CREATE TABLE pending_invalidations (
            id uuid PRIMARY KEY,
            tag text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            dropped_at timestamptz,
            updated_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE INDEX pending_invalidations_tag ON pending_invalidations (tag)
        """
    )


def rollback(migrator, database, **kwargs):
    """Drop the table."""
    database.execute_sql("DROP TABLE pending_invalidations")
