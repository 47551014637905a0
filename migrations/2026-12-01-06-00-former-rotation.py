"""What rotates sessions for servers of an earlier release leaves no wrong day by which a session ends by itself.

It does not know `ends_by`. A session whose end it moved was never found again by the statistics, and counted as alive
for ever. Now it takes the day away: the statistics look at each session without one.
"""

ROTATE = """
CREATE OR REPLACE FUNCTION rotate_session(
    p_session_id uuid,
    p_generation integer,
    p_token_key_id text,
    p_new_key_id text,
    p_now timestamptz,
    p_grace interval,
    p_idle interval
) RETURNS TABLE (
    outcome text,
    user_id uuid,
    role text,
    key_id text
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH found AS MATERIALIZED (
        SELECT
            s.id, s.user_id, r.name AS role, s.key_id,
            CASE
                WHEN s.ended_at IS NOT NULL THEN 'ended'
                WHEN u.status <> 'active' THEN 'suspended'
                WHEN least(s.idle_expires_at, s.expires_at) <= p_now THEN 'expired'
                WHEN s.generation = p_generation AND s.key_id = p_token_key_id THEN 'rotated'
                WHEN s.generation = p_generation THEN 'never_issued'
                WHEN s.generation = p_generation + 1 AND s.rotated_at > p_now - p_grace THEN 'grace'
                ELSE 'reuse'
            END AS outcome
        FROM sessions s
        JOIN users u ON u.id = s.user_id
        JOIN roles r ON r.id = u.role_id
        WHERE s.id = p_session_id
        FOR UPDATE OF s
    ),
    changed AS (
        UPDATE sessions s SET
            generation = CASE f.outcome WHEN 'rotated' THEN s.generation + 1 ELSE s.generation END,
            key_id = CASE f.outcome WHEN 'rotated' THEN p_new_key_id ELSE s.key_id END,
            rotated_at = CASE f.outcome WHEN 'rotated' THEN p_now ELSE s.rotated_at END,
            idle_expires_at = CASE f.outcome WHEN 'rotated' THEN p_now + p_idle ELSE s.idle_expires_at END,{ends_by}
            ended_at = CASE f.outcome WHEN 'reuse' THEN p_now END,
            end_reason = CASE f.outcome WHEN 'reuse' THEN 'reuse' END,
            updated_at = p_now
        FROM found f
        WHERE s.id = f.id AND f.outcome IN ('rotated', 'reuse')
        RETURNING s.key_id
    )
    SELECT f.outcome, f.user_id, f.role, coalesce((SELECT c.key_id FROM changed c), f.key_id)
    FROM found f;
END $$
"""
ENDS_BY = """
            ends_by = CASE f.outcome WHEN 'rotated' THEN NULL ELSE s.ends_by END,"""


def migrate(migrator, database, **kwargs):
    """Replace the function."""
    database.execute_sql(ROTATE.format(ends_by=ENDS_BY))


def rollback(migrator, database, **kwargs):
    """Put the former text in its place."""
    database.execute_sql(ROTATE.format(ends_by=""))
