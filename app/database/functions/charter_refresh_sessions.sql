-- Exchanges refresh tokens as it was proposed, each with its event, if they are good; of the others it changes nothing.
--
-- The caller has worked out and checked the responses: the next generation of each session, with the newest key. Such a
-- response is right after a rotation, and for a token that is accepted again. Whatever is not so, the caller decides in a
-- transaction, by rotate_refresh_token.sql, which has the rules. A test compares the two. The statement is in autocommit,
-- so rotation and event are committed together (law 4), and once for each token (law 7).
--
-- Nobody waits here for a session that another request holds. The lock timeout bounds how long requests wait for each
-- other, and keeps one that was given up from being made when a lock is released much later.
--
-- Called by: app/services/rotations.py
--
-- Arguments:
--   p_asked         the requests, an array of objects:
--                   number          tells them apart
--                   now             the present moment, which tests pass; absent: the database's clock decides
--                   session_id, user_id, generation, token_key_id
--                                   what the token names: session, account, generation, and the key that it was derived
--                                   with
--                   event_id        for the event: the id of its row, a UUIDv7
--                   request_id      for the event: the id of the request
--                   client_id       for the event: the id of this client's row in audit_clients
--                   address         for the event: the client's address
--                   user_agent      for the event: the client's user agent, or null
--   p_new_key_id    the key that the next tokens are derived with
--   p_grace         how long the previous token stays good after a rotation
--   p_idle          how long a session lives without a rotation
--   p_action        the name of the events
--
-- Returns for each request whether the exchange was made. False: nothing has changed, or another request holds the
-- session just now.
CREATE OR REPLACE FUNCTION charter_refresh_sessions(
    p_asked json,
    p_new_key_id text,
    p_grace interval,
    p_idle interval,
    p_action text
) RETURNS TABLE (number integer, is_made boolean) LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
    asked record;
    rotation record;
    v_role text;
    v_kind text;
BEGIN
    FOR asked IN
        SELECT one.*, coalesce(one.now, statement_timestamp()) AS moment
        FROM json_to_recordset(p_asked) AS one (
            number integer, now timestamptz, session_id uuid, user_id uuid, generation integer, token_key_id text,
            event_id uuid, request_id text, client_id uuid, address text, user_agent text
        )
    LOOP
        v_role := NULL;
        -- Nearly always the token is the current one. Then this does what rotate_refresh_token does, in half the time.
        WITH held AS MATERIALIZED (
            SELECT s.id, r.name AS role
            FROM sessions s
            JOIN users u ON u.id = s.user_id
            JOIN roles r ON r.id = u.role_id
            WHERE s.id = asked.session_id AND s.user_id = asked.user_id
                AND s.generation = asked.generation AND s.key_id = asked.token_key_id
                AND s.ended_at IS NULL AND least(s.idle_expires_at, s.expires_at) > asked.moment
                AND u.status = 'active'
            FOR UPDATE OF s SKIP LOCKED
        ),
        -- The clock is read after the lock is held: the grace of the replaced token begins as late as possible.
        locked AS MATERIALIZED (
            SELECT held.*, coalesce(asked.now, clock_timestamp()) AS moment FROM held
        )
        UPDATE sessions s SET
            generation = s.generation + 1,
            key_id = p_new_key_id,
            unanswered_generation = NULL,
            rotated_at = l.moment,
            idle_expires_at = l.moment + p_idle,
            ends_by = date_trunc('day', least(l.moment + p_idle, s.expires_at), 'UTC') + interval '1 day',
            updated_at = l.moment
        FROM locked l
        WHERE s.id = l.id
        RETURNING 'rotated', l.role INTO v_kind, v_role;

        -- The token before the current one may get the response with the current one, if that has the newest key.
        IF v_role IS NULL THEN
            PERFORM FROM sessions s
            WHERE s.id = asked.session_id AND s.user_id = asked.user_id
                AND s.generation = asked.generation + 1 AND s.key_id = p_new_key_id
            FOR UPDATE SKIP LOCKED;
            IF FOUND THEN
                SELECT * INTO rotation FROM rotate_refresh_token(
                    asked.session_id, asked.generation, asked.token_key_id, p_new_key_id, p_grace, p_idle, asked.now
                );
                IF rotation.outcome IN ('grace', 'unanswered') THEN
                    v_kind := rotation.outcome;
                    v_role := rotation.role;
                END IF;
            END IF;
        END IF;

        number := asked.number;
        is_made := v_role IS NOT NULL;
        IF is_made THEN
            PERFORM record_event(
                asked.moment, asked.event_id, asked.request_id, asked.user_id, v_role, p_action, 'succeeded', NULL,
                NULL, NULL, jsonb_build_object('session_id', asked.session_id, 'kind', v_kind),
                asked.client_id, asked.address, asked.user_agent
            );
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;
