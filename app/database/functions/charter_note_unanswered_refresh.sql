-- Records that the client of a session never received the token of its current generation, as
-- note_unanswered_rotation.sql does, after a refresh that one statement made with its event.
--
-- A server that loses its connection during that statement has not learned when the generation began. But it knows the
-- id of the event: the row is there if, and only if, the refresh was committed.
--
-- Called by: app/context/unanswered_rotations.py
--
-- Arguments:
--   p_session_id    the session that was being rotated
--   p_generation    the generation that the client's next token has
--   p_event_id      the id of the event of the refresh
--
-- Returns nothing. It changes nothing if the refresh was not committed, or if the session has been rotated again or has
-- ended since.
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
