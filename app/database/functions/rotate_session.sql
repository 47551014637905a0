-- Rotates a session as the release before this one did: rotation, grace, reuse and the end of its session in one statement.
--
-- Servers of that release may still run during a rolling upgrade; a later migration drops it. They do not know the day by
-- which a session ends by itself, so the function takes it away. It keeps law 7 by the lock on the session's row. It keeps
-- law 8 because it runs in autocommit and ends the session itself. This release uses rotate_refresh_token.sql.
--
-- Called by: nothing in this release
--
-- Arguments:
--   p_session_id    the session that the token names
--   p_generation    the generation that the token names
--   p_token_key_id  the key that the token was derived with
--   p_new_key_id    the key that the next token is derived with
--   p_now           the present moment
--   p_grace         how long the previous token stays good after a rotation
--   p_idle          how long a session lives without a rotation
--
-- Returns one row, or none if there is no such session.
--   outcome         accepted: rotated, grace; refused: ended, suspended, expired, never_issued, reuse
--   user_id, role   the account of the session, and the name of its role
--   key_id          the key of the generation that is current now
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
            idle_expires_at = CASE f.outcome WHEN 'rotated' THEN p_now + p_idle ELSE s.idle_expires_at END,
            ends_by = CASE f.outcome WHEN 'rotated' THEN NULL ELSE s.ends_by END,
            ended_at = CASE f.outcome WHEN 'reuse' THEN p_now END,
            end_reason = CASE f.outcome WHEN 'reuse' THEN 'reuse' END,
            updated_at = p_now
        FROM found f
        WHERE s.id = f.id AND f.outcome IN ('rotated', 'reuse')
        RETURNING s.key_id
    )
    SELECT f.outcome, f.user_id, f.role, coalesce((SELECT c.key_id FROM changed c), f.key_id)
    FROM found f;
END $$;
