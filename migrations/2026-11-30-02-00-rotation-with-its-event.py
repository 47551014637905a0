"""The function that rotates a session inside the transaction of its event row, by the database's clock.

It punishes nothing: what it finds to be reuse is ended by a statement of its own, once its transaction is rolled back.
`rotate_session` stays for servers of the release before this one, during a rolling upgrade.
"""

# Null but for a rotation whose COMMIT was cut off: its answer never left, so that the token before it stays good.
COLUMN = "ALTER TABLE sessions ADD COLUMN unanswered_generation integer"

# The row is locked before it is judged, so fifty twins are judged one after the other, each on what the last one left
# (law 7). A token is judged by the moment at which it arrived, however long it then waited for the row; the grace of
# the one before it begins as late as can be. The first answer of an unanswered generation begins its grace.
ROTATE = """
CREATE FUNCTION rotate_refresh_token(
    p_session_id uuid, p_generation integer, p_token_key_id text, p_new_key_id text, p_grace interval, p_idle interval,
    p_now timestamptz
) RETURNS TABLE (outcome text, user_id uuid, role text, key_id text, rotated_at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    arrived_at constant timestamptz := coalesce(p_now, statement_timestamp());
BEGIN
    RETURN QUERY
    WITH found AS MATERIALIZED (
        SELECT s.id, s.user_id, r.name AS role, s.key_id, s.rotated_at, CASE
            WHEN s.ended_at IS NOT NULL THEN 'ended'
            WHEN u.status <> 'active' THEN 'suspended'
            WHEN least(s.idle_expires_at, s.expires_at) <= arrived_at THEN 'expired'
            WHEN s.generation = p_generation AND s.key_id = p_token_key_id THEN 'rotated'
            WHEN s.generation = p_generation THEN 'never_issued'
            WHEN s.generation = p_generation + 1 AND s.unanswered_generation = s.generation THEN 'unanswered'
            WHEN s.generation = p_generation + 1 AND s.rotated_at > arrived_at - p_grace THEN 'grace'
            ELSE 'reuse' END AS outcome
        FROM sessions s JOIN users u ON u.id = s.user_id JOIN roles r ON r.id = u.role_id
        WHERE s.id = p_session_id
        FOR UPDATE OF s
    ), locked AS MATERIALIZED (
        SELECT found.*, coalesce(p_now, clock_timestamp()) AS moment FROM found
    ), changed AS (
        UPDATE sessions s SET
            generation = CASE f.outcome WHEN 'rotated' THEN s.generation + 1 ELSE s.generation END,
            key_id = CASE f.outcome WHEN 'rotated' THEN p_new_key_id ELSE s.key_id END,
            unanswered_generation = NULL,
            rotated_at = f.moment,
            idle_expires_at = CASE f.outcome WHEN 'rotated' THEN f.moment + p_idle ELSE s.idle_expires_at END,
            updated_at = f.moment
        FROM locked f WHERE s.id = f.id AND f.outcome IN ('rotated', 'unanswered')
        RETURNING s.key_id, s.rotated_at
    )
    SELECT f.outcome, f.user_id, f.role, coalesce(c.key_id, f.key_id), coalesce(c.rotated_at, f.rotated_at)
    FROM locked f LEFT JOIN changed c ON true;
END $$
"""

# Waiting for the row is waiting for the transaction in doubt: only then does a statement see what became of it.
UNANSWERED = """
CREATE FUNCTION note_unanswered_rotation(p_session_id uuid, p_generation integer, p_rotated_at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM sessions WHERE id = p_session_id FOR UPDATE;
    UPDATE sessions SET unanswered_generation = generation
    WHERE id = p_session_id AND generation = p_generation AND rotated_at = p_rotated_at AND ended_at IS NULL;
END $$
"""


def migrate(migrator, database, **kwargs):
    """Add the column, and the functions that use it."""
    database.execute_sql(COLUMN)
    database.execute_sql(ROTATE)
    database.execute_sql(UNANSWERED)


def rollback(migrator, database, **kwargs):
    """Drop all three; a rotation whose answer was cut off has the ordinary grace again."""
    database.execute_sql("DROP FUNCTION note_unanswered_rotation; DROP FUNCTION rotate_refresh_token")
    database.execute_sql("ALTER TABLE sessions DROP COLUMN unanswered_generation")
