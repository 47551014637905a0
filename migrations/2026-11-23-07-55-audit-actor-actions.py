"""An index of the audit log by account and action, each outcome apart: what the busiest account hardly ever did.

As in the migration of the other indexes, each partition gets its part beside the writers (CONCURRENTLY), and no lock on
the whole is held for longer than it takes to change the catalogue. Run again after a failure half-way, it goes on where
it stopped.
"""

atomic = False

_LOCK_WAIT = "5s"

INDEX, COLUMNS = "audit_events_actor_id_action_outcome_id", "actor_id, action, outcome, id"

# Partitions that have no part of the index yet.
BARE = """
SELECT partition.inhrelid::regclass::text FROM pg_inherits partition
WHERE partition.inhparent = 'audit_events'::regclass AND NOT EXISTS (
    SELECT FROM pg_index part JOIN pg_inherits attached ON attached.inhrelid = part.indexrelid
    WHERE part.indrelid = partition.inhrelid AND attached.inhparent = %s::regclass
) ORDER BY 1
"""


def migrate(migrator, database, **kwargs):
    """Build the index."""
    _briefly(database, f"CREATE INDEX IF NOT EXISTS {INDEX} ON ONLY audit_events ({COLUMNS})")
    for (partition,) in database.execute_sql(BARE, (INDEX,)).fetchall():
        # As PostgreSQL names those of a partition that is attached with none.
        part = f"{partition}_{COLUMNS.replace(', ', '_')}_idx"
        database.execute_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {part}")
        database.execute_sql(f"CREATE INDEX CONCURRENTLY {part} ON {partition} ({COLUMNS})")
        _briefly(database, f"ALTER INDEX {INDEX} ATTACH PARTITION {part}")


def rollback(migrator, database, **kwargs):
    """Drop the index."""
    _briefly(database, f"DROP INDEX IF EXISTS {INDEX}")


def _briefly(database, statement):
    with database.transaction():
        database.execute_sql(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
        database.execute_sql(statement)
