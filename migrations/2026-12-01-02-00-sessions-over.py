"""Statistics find sessions that were over by columns that a rotation hardly ever changes, so it writes no index.

The index on the moment at which a session is over was written at each rotation. In its place there is one on the day by
which the session ends by itself, and one on the moment at which it was ended. The indexes are built beside the writers
(CONCURRENTLY). Run again after a failure half-way, it goes on where it stopped.
"""

atomic = False

BATCH = 5_000
_LOCK_WAIT = "5s"

# A page with room for another version of a row: the new version needs no new entry in any index.
COLUMN = "ALTER TABLE sessions ADD COLUMN IF NOT EXISTS ends_by timestamptz; ALTER TABLE sessions SET (fillfactor = 85)"
COLUMN_GONE = "ALTER TABLE sessions DROP COLUMN IF EXISTS ends_by; ALTER TABLE sessions RESET (fillfactor)"

ROTATE = """
CREATE OR REPLACE FUNCTION rotate_refresh_token(
    p_session_id uuid,
    p_generation integer,
    p_token_key_id text,
    p_new_key_id text,
    p_grace interval,
    p_idle interval,
    p_now timestamptz
) RETURNS TABLE (
    outcome text,
    user_id uuid,
    role text,
    key_id text,
    rotated_at timestamptz
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    arrived_at constant timestamptz := coalesce(p_now, statement_timestamp());
BEGIN
    RETURN QUERY
    WITH found AS MATERIALIZED (
        SELECT
            s.id, s.user_id, r.name AS role, s.key_id, s.rotated_at,
            CASE
                WHEN s.ended_at IS NOT NULL THEN 'ended'
                WHEN u.status <> 'active' THEN 'suspended'
                WHEN least(s.idle_expires_at, s.expires_at) <= arrived_at THEN 'expired'
                WHEN s.generation = p_generation AND s.key_id = p_token_key_id THEN 'rotated'
                WHEN s.generation = p_generation THEN 'never_issued'
                WHEN s.generation = p_generation + 1 AND s.unanswered_generation = s.generation THEN 'unanswered'
                WHEN s.generation = p_generation + 1 AND s.rotated_at > arrived_at - p_grace THEN 'grace'
                ELSE 'reuse'
            END AS outcome
        FROM sessions s
        JOIN users u ON u.id = s.user_id
        JOIN roles r ON r.id = u.role_id
        WHERE s.id = p_session_id
        FOR UPDATE OF s
    ),
    locked AS MATERIALIZED (
        SELECT found.*, coalesce(p_now, clock_timestamp()) AS moment FROM found
    ),
    changed AS (
        UPDATE sessions s SET
            generation = CASE f.outcome WHEN 'rotated' THEN s.generation + 1 ELSE s.generation END,
            key_id = CASE f.outcome WHEN 'rotated' THEN p_new_key_id ELSE s.key_id END,
            unanswered_generation = NULL,
            rotated_at = f.moment,
            idle_expires_at = CASE f.outcome WHEN 'rotated' THEN f.moment + p_idle ELSE s.idle_expires_at END,
            ends_by = CASE f.outcome
                WHEN 'rotated' THEN date_trunc('day', least(f.moment + p_idle, s.expires_at), 'UTC') + interval '1 day'
                ELSE s.ends_by END,
            updated_at = f.moment
        FROM locked f
        WHERE s.id = f.id AND f.outcome IN ('rotated', 'unanswered')
        RETURNING s.key_id, s.rotated_at
    )
    SELECT f.outcome, f.user_id, f.role, coalesce(c.key_id, f.key_id), coalesce(c.rotated_at, f.rotated_at)
    FROM locked f LEFT JOIN changed c ON true;
END $$;
"""
FORMER_ROTATE = """
CREATE OR REPLACE FUNCTION rotate_refresh_token(
    p_session_id uuid,
    p_generation integer,
    p_token_key_id text,
    p_new_key_id text,
    p_grace interval,
    p_idle interval,
    p_now timestamptz
) RETURNS TABLE (
    outcome text,
    user_id uuid,
    role text,
    key_id text,
    rotated_at timestamptz
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    arrived_at constant timestamptz := coalesce(p_now, statement_timestamp());
BEGIN
    RETURN QUERY
    WITH found AS MATERIALIZED (
        SELECT
            s.id, s.user_id, r.name AS role, s.key_id, s.rotated_at,
            CASE
                WHEN s.ended_at IS NOT NULL THEN 'ended'
                WHEN u.status <> 'active' THEN 'suspended'
                WHEN least(s.idle_expires_at, s.expires_at) <= arrived_at THEN 'expired'
                WHEN s.generation = p_generation AND s.key_id = p_token_key_id THEN 'rotated'
                WHEN s.generation = p_generation THEN 'never_issued'
                WHEN s.generation = p_generation + 1 AND s.unanswered_generation = s.generation THEN 'unanswered'
                WHEN s.generation = p_generation + 1 AND s.rotated_at > arrived_at - p_grace THEN 'grace'
                ELSE 'reuse'
            END AS outcome
        FROM sessions s
        JOIN users u ON u.id = s.user_id
        JOIN roles r ON r.id = u.role_id
        WHERE s.id = p_session_id
        FOR UPDATE OF s
    ),
    locked AS MATERIALIZED (
        SELECT found.*, coalesce(p_now, clock_timestamp()) AS moment FROM found
    ),
    changed AS (
        UPDATE sessions s SET
            generation = CASE f.outcome WHEN 'rotated' THEN s.generation + 1 ELSE s.generation END,
            key_id = CASE f.outcome WHEN 'rotated' THEN p_new_key_id ELSE s.key_id END,
            unanswered_generation = NULL,
            rotated_at = f.moment,
            idle_expires_at = CASE f.outcome WHEN 'rotated' THEN f.moment + p_idle ELSE s.idle_expires_at END,
            updated_at = f.moment
        FROM locked f
        WHERE s.id = f.id AND f.outcome IN ('rotated', 'unanswered')
        RETURNING s.key_id, s.rotated_at
    )
    SELECT f.outcome, f.user_id, f.role, coalesce(c.key_id, f.key_id), coalesce(c.rotated_at, f.rotated_at)
    FROM locked f LEFT JOIN changed c ON true;
END $$;
"""

FILL = """
WITH part AS (
    SELECT id FROM sessions WHERE id > %s ORDER BY id LIMIT %s
), filled AS (
    UPDATE sessions s
    SET ends_by = date_trunc('day', least(s.idle_expires_at, s.expires_at), 'UTC') + interval '1 day'
    FROM part WHERE s.id = part.id AND s.ends_by IS NULL
)
SELECT id FROM part ORDER BY id DESC LIMIT 1
"""

FORMER = (("sessions_over_at", "((greatest(created_at, least(ended_at, idle_expires_at, expires_at))))"),)
LATTER = (("sessions_ends_by", "(ends_by)"), ("sessions_ended_at", "(ended_at) WHERE ended_at IS NOT NULL"))


def migrate(migrator, database, **kwargs):
    """Add the column, have rotations write it, fill it, and replace the index."""
    _briefly(database, COLUMN)
    database.execute_sql(ROTATE)
    last = "00000000-0000-0000-0000-000000000000"
    while last:
        last = (database.execute_sql(FILL, (last, BATCH)).fetchone() or (None,))[0]
    _replace(database, FORMER, LATTER)


def rollback(migrator, database, **kwargs):
    """Build the former index, put the former function in its place, and drop the column."""
    database.execute_sql(FORMER_ROTATE)
    _replace(database, LATTER, FORMER)
    _briefly(database, COLUMN_GONE)


def _replace(database, old, new):
    for name, columns in new:
        database.execute_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        database.execute_sql(f"CREATE INDEX CONCURRENTLY {name} ON sessions {columns}")
    for name, _ in old:
        database.execute_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def _briefly(database, statements):
    with database.transaction():
        database.execute_sql(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
        database.execute_sql(statements)
