"""Functions that rotate a session with its event in one statement, and note one whose response was never sent."""

REFRESH_SESSION = """
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
"""

NOTE_UNANSWERED_REFRESH = """
CREATE OR REPLACE FUNCTION charter_note_unanswered_refresh(
    p_session_id uuid,
    p_generation integer,
    p_event_id uuid
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- The statement in doubt may still hold the row. Only one that begins after the wait sees what it has left.
    PERFORM FROM sessions WHERE id = p_session_id FOR UPDATE;

    UPDATE sessions SET unanswered_generation = generation
    WHERE id = p_session_id AND generation = p_generation AND ended_at IS NULL
        AND EXISTS (SELECT FROM charter_audit_entries WHERE id = p_event_id);
END $$;
"""


def migrate(migrator, database, **kwargs):
    """Create the functions."""
    database.execute_sql(REFRESH_SESSION)
    database.execute_sql(NOTE_UNANSWERED_REFRESH)


def rollback(migrator, database, **kwargs):
    """Drop the functions; servers of the release before do not call them."""
    database.execute_sql("DROP FUNCTION charter_note_unanswered_refresh")
    database.execute_sql("DROP FUNCTION charter_refresh_session")
