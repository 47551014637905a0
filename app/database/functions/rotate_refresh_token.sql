-- Decides whether a refresh token is accepted, and rotates its session if the token is the current one.
--
-- The caller has verified that the token is one of ours. This function judges its generation against the session's row.
-- It runs in the transaction of the event row, so a refresh that fails has used nothing up. It locks the row before it
-- judges: parallel requests with the same token are judged one after the other, each on what the last one left (law 7).
-- It does not end the session after reuse. The caller ends it with a separate statement after the rollback, so that the
-- session stays ended although the request is rejected (law 8).
--
-- Called by: app/services/rotations.py, app/database/functions/charter_refresh_sessions.sql
--
-- Arguments:
--   p_session_id    the session that the token names
--   p_generation    the generation that the token names
--   p_token_key_id  the key that the token was derived with
--   p_new_key_id    the key that the next token is derived with
--   p_grace         how long the previous token stays good after a rotation
--   p_idle          how long a session lives without a rotation
--   p_now           tests pass the present moment; null: the database's clock decides
--
-- Returns one row, or none if there is no such session.
--   outcome         accepted: rotated; grace (the previous token, soon enough); unanswered (the previous token, and the
--                   response with the current one was never sent).
--                   refused: ended, suspended, expired, never_issued (the generation is current, but its token has
--                   another key), reuse
--   user_id, role   the account of the session, and the name of its role
--   key_id          the key of the generation that is current now
--   rotated_at      when that generation began
--
-- Why reuse is theft, and when it is not: docs/decisions/0014-reuse-is-theft-unless-we-know-better.md
-- It is a function because PostgreSQL keeps the plan of its statement:
-- docs/decisions/0005-hot-statements-are-functions.md
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
    -- A token is judged by the moment of its arrival, however long it then waits for the lock.
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
                -- The server lost the connection during COMMIT and the client got a 503: the current token is
                -- unknown to everybody, so the one before it proves no theft, however late it comes.
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
    -- The clock is read after the lock is held: the grace of the replaced token begins as late as possible.
    locked AS MATERIALIZED (
        SELECT found.*, coalesce(p_now, clock_timestamp()) AS moment FROM found
    ),
    -- `rotated` begins a new generation. `unanswered` only begins the grace again, for the first response that is sent.
    -- `grace` changes nothing, so its window does not move. The absolute limit (expires_at) never moves.
    changed AS (
        UPDATE sessions s SET
            generation = CASE f.outcome WHEN 'rotated' THEN s.generation + 1 ELSE s.generation END,
            key_id = CASE f.outcome WHEN 'rotated' THEN p_new_key_id ELSE s.key_id END,
            unanswered_generation = NULL,
            rotated_at = f.moment,
            idle_expires_at = CASE f.outcome WHEN 'rotated' THEN f.moment + p_idle ELSE s.idle_expires_at END,
            -- There is an index on it. It changes once in a day at most, so other rotations write no index.
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
