-- Exchanges a refresh token as it was proposed, and writes the event, if the token is good; else it changes nothing.
--
-- The caller has worked out and checked the response: the next generation of the session, with the newest key. It is
-- right after a rotation, and for a token that is accepted again. Whatever is not so, the caller decides in a
-- transaction, by rotate_refresh_token.sql, which has the rules for both. The statement is in autocommit, so rotation
-- and event are committed together (law 4), and once for each token (law 7).
--
-- Called by: app/services/rotations.py
--
-- Arguments:
--   p_now           the present moment; the caller passes the database's clock, tests pass their own
--   p_session_id    the session that the token names
--   p_user_id       the account that the token names
--   p_generation    the generation that the token names
--   p_token_key_id  the key that the token was derived with
--   p_new_key_id    the key that the next token is derived with
--   p_grace         how long the previous token stays good after a rotation
--   p_idle          how long a session lives without a rotation
--   p_event_id      for the event: the id of its row, a UUIDv7
--   p_request_id    for the event: the id of the request
--   p_action        for the event: its name
--   p_client_id     for the event: the id of this client's row in audit_clients
--   p_address       for the event: the client's address
--   p_user_agent    for the event: the client's user agent, or null
--
-- Its lock timeout bounds how long requests wait for each other, and keeps a request that was given up from being made
-- when a lock is released much later.
--
-- Returns whether the exchange was made. False: nothing has changed, or another request holds the session just now.
CREATE OR REPLACE FUNCTION charter_refresh_session(
    p_now timestamptz,
    p_session_id uuid,
    p_user_id uuid,
    p_generation integer,
    p_token_key_id text,
    p_new_key_id text,
    p_grace interval,
    p_idle interval,
    p_event_id uuid,
    p_request_id text,
    p_action text,
    p_client_id uuid,
    p_address text,
    p_user_agent text
) RETURNS boolean LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
    rotation record;
BEGIN
    -- A statement for several requests waits for none of them. The key must be the new one of the next generation, or
    -- that of the present one if the token is the one before it.
    PERFORM FROM sessions
    WHERE id = p_session_id AND user_id = p_user_id
        AND (generation = p_generation OR (generation = p_generation + 1 AND key_id = p_new_key_id))
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    SELECT * INTO rotation FROM rotate_refresh_token(
        p_session_id, p_generation, p_token_key_id, p_new_key_id, p_grace, p_idle, p_now
    );
    IF (rotation.outcome IN ('rotated', 'grace', 'unanswered')) IS NOT TRUE THEN
        RETURN false;
    END IF;

    PERFORM record_event(
        p_now, p_event_id, p_request_id, p_user_id, rotation.role, p_action, 'succeeded', NULL, NULL, NULL,
        jsonb_build_object('session_id', p_session_id, 'kind', rotation.outcome), p_client_id, p_address, p_user_agent
    );
    RETURN true;
END $$;
