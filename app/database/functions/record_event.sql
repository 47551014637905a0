-- Writes one event row of the audit trail: what was done, by whom, and whether it succeeded.
--
-- An event row belongs to the work: a successful one commits with it, a failed one is written after the rollback
-- (law 4). Secrets never get here (law 10): the caller chooses the details.
--
-- Called by: app/services/audit_events.py, app/database/functions/charter_refresh_sessions.sql
--
-- Arguments:
--   p_now           the present moment; the caller passes the database's clock, tests pass their own
--   p_event_id      the id of the row, a UUIDv7; a repeat with the same id writes no second row
--   p_request_id    the id of the request
--   p_actor_id      the account that acted; null: somebody who is not signed in
--   p_actor_role    the name of its role, or null
--   p_action        the event's name, such as user.updated
--   p_outcome       succeeded or failed
--   p_reason        why it failed, or null
--   p_target_type   the kind of thing acted on, or null
--   p_target_id     which one, or null
--   p_details       more facts as a JSON object, or null
--   p_client_id     the id of this client's row in audit_clients; null: the command, which has no client
--   p_address       the client's address, or null with it
--   p_user_agent    the client's user agent, or null
--
-- Returns nothing.
--
-- It is a function because PostgreSQL keeps the plans of its statements:
-- docs/decisions/0005-hot-statements-are-functions.md
CREATE OR REPLACE FUNCTION record_event(
    p_now timestamptz,
    p_event_id uuid,
    p_request_id text,
    p_actor_id uuid,
    p_actor_role text,
    p_action text,
    p_outcome text,
    p_reason text,
    p_target_type text,
    p_target_id text,
    p_details jsonb,
    p_client_id uuid,
    p_address text,
    p_user_agent text
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Address and user agent are in a row of their own, which can be erased; event rows cannot.
    IF p_client_id IS NOT NULL THEN
        INSERT INTO audit_clients (id, address, user_agent, created_at)
        VALUES (p_client_id, p_address, p_user_agent, p_now)
        ON CONFLICT (id) DO NOTHING;
    END IF;

    PERFORM charter_write_audit_entry(
        p_event_id, p_now, p_request_id, p_actor_id, p_actor_role, p_action, NULL, p_outcome, p_reason,
        p_target_type, p_target_id, p_details, p_client_id
    );
END $$;
