"""Two indexes of the audit log: what the busiest account hardly ever did, and what was hardly ever done to a thing.

The first has an account's actions and outcomes apart. The second takes the place of the one by thing: it holds the
action too, and no longer the rows that are about nothing, which are most.

As in the migration of the other indexes, each partition gets its part beside the writers (CONCURRENTLY), and no lock on
the whole is held for longer than it takes to change the catalogue. Run again after a failure half-way, it goes on where
it stopped.
"""

atomic = False

_LOCK_WAIT = "5s"
_LONGEST = 63 - len("_idx")

# The name without `audit_events_`; the columns; which rows.
FORMER = (("target_type_target_id_id", "target_type, target_id, id", ""),)
LATTER = (
    ("actor_id_action_outcome_id", "actor_id, action, outcome, id", ""),
    ("target_id_action", "target_type, target_id, id, action, actor_id", "WHERE target_id IS NOT NULL"),
)

# Partitions that have no part of an index yet.
BARE = """
SELECT partition.inhrelid::regclass::text FROM pg_inherits partition
WHERE partition.inhparent = 'audit_events'::regclass AND NOT EXISTS (
    SELECT FROM pg_index part JOIN pg_inherits attached ON attached.inhrelid = part.indexrelid
    WHERE part.indrelid = partition.inhrelid AND attached.inhparent = %s::regclass
) ORDER BY 1
"""


def migrate(migrator, database, **kwargs):
    """Build both indexes, then drop the one that is replaced."""
    _replace(database, FORMER, LATTER)


def rollback(migrator, database, **kwargs):
    """Build the former index, then drop both."""
    _replace(database, LATTER, FORMER)


def _replace(database, old, new):
    for name, columns, predicate in new:
        _build(database, f"audit_events_{name}", columns, predicate)
    for name, _, _ in old:
        _briefly(database, f"DROP INDEX IF EXISTS audit_events_{name}")


def _build(database, index, columns, predicate):
    _briefly(database, f"CREATE INDEX IF NOT EXISTS {index} ON ONLY audit_events ({columns}) {predicate}")
    for (partition,) in database.execute_sql(BARE, (index,)).fetchall():
        # As PostgreSQL names those of a partition that is attached with none.
        part = f"{partition}_{columns.replace(', ', '_')}"[:_LONGEST] + "_idx"
        database.execute_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {part}")
        database.execute_sql(f"CREATE INDEX CONCURRENTLY {part} ON {partition} ({columns}) {predicate}")
        _briefly(database, f"ALTER INDEX {index} ATTACH PARTITION {part}")


def _briefly(database, statement):
    with database.transaction():
        database.execute_sql(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
        database.execute_sql(statement)
