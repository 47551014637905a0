"""The index of the audit log by action holds each outcome of an action apart: most actions never have some of them.

As in the migration of the other indexes, each partition gets its part beside the writers (CONCURRENTLY), and no lock on
the whole is held for longer than it takes to change the catalogue. Run again after a failure half-way, it goes on where
it stopped.
"""

atomic = False

_LOCK_WAIT = "5s"

FORMER = ("audit_events_action_id", "action, id")
LATTER = ("audit_events_action_outcome_id", "action, outcome, id")

# Partitions that have no part of an index yet.
BARE = """
SELECT partition.inhrelid::regclass::text FROM pg_inherits partition
WHERE partition.inhparent = 'audit_events'::regclass AND NOT EXISTS (
    SELECT FROM pg_index part JOIN pg_inherits attached ON attached.inhrelid = part.indexrelid
    WHERE part.indrelid = partition.inhrelid AND attached.inhparent = %s::regclass
) ORDER BY 1
"""


def migrate(migrator, database, **kwargs):
    """Build the index with outcomes, then drop the one that it replaces."""
    _replace(database, FORMER, LATTER)


def rollback(migrator, database, **kwargs):
    """Build the former index, then drop the one with outcomes."""
    _replace(database, LATTER, FORMER)


def _replace(database, old, new):
    index, columns = new
    _briefly(database, f"CREATE INDEX IF NOT EXISTS {index} ON ONLY audit_events ({columns})")
    for (partition,) in database.execute_sql(BARE, (index,)).fetchall():
        # As PostgreSQL names those of a partition that is attached with none.
        part = f"{partition}_{columns.replace(', ', '_')}_idx"
        database.execute_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {part}")
        database.execute_sql(f"CREATE INDEX CONCURRENTLY {part} ON {partition} ({columns})")
        _briefly(database, f"ALTER INDEX {index} ATTACH PARTITION {part}")
    _briefly(database, f"DROP INDEX IF EXISTS {old[0]}")


def _briefly(database, statement):
    with database.transaction():
        database.execute_sql(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
        database.execute_sql(statement)
