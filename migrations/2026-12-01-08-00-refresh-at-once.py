"""Functions that rotate sessions with their events in one statement, and note one whose response was never sent."""

REFRESH_SESSIONS = """
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
    database.execute_sql(REFRESH_SESSIONS)
    database.execute_sql(NOTE_UNANSWERED_REFRESH)


def rollback(migrator, database, **kwargs):
    """Drop the functions; servers of the release before do not call them."""
    database.execute_sql("DROP FUNCTION charter_note_unanswered_refresh")
    database.execute_sql("DROP FUNCTION charter_refresh_sessions")
