-- Records that the client of a session never received the token of its current generation.
--
-- A server that loses its connection during COMMIT does not know whether the rotation was committed, and its client is
-- gets a 503. If it was committed, the previous token is the only one that the client has: rotate_refresh_token.sql then
-- accepts it once more, however late (law 9: a commit in doubt gives 503, and the client loses nothing by it).
--
-- Called by: app/context/unanswered_rotations.py
--
-- Arguments:
--   p_session_id    the session that was being rotated
--   p_generation    the generation that the rotation began, if it was committed
--   p_rotated_at    when that generation began, as the lost transaction had it
--
-- Returns nothing. It changes nothing if the rotation was not committed, or if the session has been rotated again or
-- has ended since.
CREATE OR REPLACE FUNCTION note_unanswered_rotation(
    p_session_id uuid,
    p_generation integer,
    p_rotated_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- The transaction in doubt may still hold the row. Only a statement that begins after the wait sees what that
    -- transaction has left, so the lock and the change are two statements.
    PERFORM FROM sessions WHERE id = p_session_id FOR UPDATE;

    UPDATE sessions SET unanswered_generation = generation
    WHERE id = p_session_id AND generation = p_generation AND rotated_at = p_rotated_at AND ended_at IS NULL;
END $$;
