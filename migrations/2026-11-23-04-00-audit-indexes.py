"""Indexes of the audit log that end in the id, so that a page of the trail is the first entries of one of them.

Every request writes to this log, so no lock on it is held for longer than it takes to change the catalogue: each
partition gets its index beside the writers (CONCURRENTLY), and the whole has its own once every partition has. A
partition made meanwhile gets them from ATTACH PARTITION, as later ones do. Run again after a failure half-way, it goes
on where it stopped.
"""

atomic = False

_LOCK_WAIT = "5s"

# The name without `audit_events_`; the columns; which rows. Partial ones hold what is rare, and decisions that are
# allowed, which is what nearly every request writes, are in none of them.
PAGED = (
    ("actor_id_id", "actor_id, id", ""),
    ("target_type_target_id_id", "target_type, target_id, id", ""),
    ("action_id", "action, id", ""),
    ("outcome_id", "outcome, id", "WHERE outcome IN ('denied', 'failed')"),
    ("actor_id_outcome_id", "actor_id, outcome, id", "WHERE outcome IN ('denied', 'failed')"),
    ("event_id", "id", "WHERE kind = 'event'"),
    ("actor_id_kind_id", "actor_id, kind, id", "WHERE kind = 'event'"),
    ("actor_role_id", "actor_role, id", "WHERE actor_id IS NULL AND actor_role = 'cli'"),
)
PLAIN = (
    ("actor_id", "actor_id", ""),
    ("target_type_target_id", "target_type, target_id", ""),
    ("action", "action", ""),
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
    """Build the indexes that end in the id, then drop those that they replace."""
    _replace(database, PLAIN, PAGED)


def rollback(migrator, database, **kwargs):
    """Build the former indexes, then drop those that end in the id."""
    _replace(database, PAGED, PLAIN)


def _replace(database, old, new):
    for name, columns, predicate in new:
        _build(database, f"audit_events_{name}", columns, predicate)
    for name, _, _ in old:
        _briefly(database, f"DROP INDEX IF EXISTS audit_events_{name}")


def _build(database, index, columns, predicate):
    _briefly(database, f"CREATE INDEX IF NOT EXISTS {index} ON ONLY audit_events ({columns}) {predicate}")
    for (partition,) in database.execute_sql(BARE, (index,)).fetchall():
        # As PostgreSQL names those of a partition that is attached with none.
        part = f"{partition}_{columns.replace(', ', '_')}_idx"
        database.execute_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {part}")
        database.execute_sql(f"CREATE INDEX CONCURRENTLY {part} ON {partition} ({columns}) {predicate}")
        _briefly(database, f"ALTER INDEX {index} ATTACH PARTITION {part}")


def _briefly(database, statement):
    with database.transaction():
        database.execute_sql(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
        database.execute_sql(statement)
