-- Writes one row of the audit trail, given in words.
--
-- The table has a number in place of the words that many rows share, and 16 bytes in place of a UUID in letters.
-- Words that it does not know yet are learned. Everything is written once: law 4.
--
-- Called by: app/database/functions/record_event.sql, app/database/functions/charter_insert_audit_event.sql
--
-- Arguments:
--   p_id            the id of the row, a UUIDv7; a repeat with the same id writes no second row
--   p_occurred_at   the moment that the row tells
--   p_request_id    the id of the request
--   p_actor_id      the account that acted, or null
--   p_actor_role    the name of its role, `cli` for the command, or null
--   p_action        the operationId, or the name of an event
--   p_permission    the permissions that a decision was about; null: an event
--   p_outcome       allowed or denied: the row is a decision; succeeded or failed: it is an event
--   p_reason        why it was denied or failed, or null
--   p_target_type   the kind of thing acted on, or null
--   p_target_id     which one, or null
--   p_details       more facts as a JSON object, or null
--   p_client_id     the id of the client's row in audit_clients, or null
--
-- Returns nothing.
CREATE OR REPLACE FUNCTION charter_write_audit_entry(
    p_id uuid,
    p_occurred_at timestamptz,
    p_request_id text,
    p_actor_id uuid,
    p_actor_role text,
    p_action text,
    p_permission text,
    p_outcome text,
    p_reason text,
    p_target_type text,
    p_target_id text,
    p_details jsonb,
    p_client_id uuid
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    request_uuid constant uuid := charter_canonical_uuid(p_request_id);
    target_uuid constant uuid := charter_canonical_uuid(p_target_id);
BEGIN
    INSERT INTO charter_audit_entries (
        id, actor_id, request_id, client_id, target_id, occurred_at, tick, label_id, role_id, counted,
        request_name, target_name, details
    )
    VALUES (
        p_id, p_actor_id, request_uuid, p_client_id, target_uuid, p_occurred_at, charter_audit_tick(p_id),
        coalesce(
            (SELECT id FROM charter_audit_labels
             WHERE action = p_action AND outcome = p_outcome AND permission IS NOT DISTINCT FROM p_permission
               AND reason IS NOT DISTINCT FROM p_reason AND target_type IS NOT DISTINCT FROM p_target_type),
            charter_learn_audit_label(p_action, p_permission, p_outcome, p_reason, p_target_type)
        ),
        CASE WHEN p_actor_role IS NOT NULL THEN coalesce(
            (SELECT id FROM charter_audit_roles WHERE role = p_actor_role),
            charter_learn_audit_role(p_actor_role)
        ) END,
        charter_counted_as(p_action, p_outcome, p_details),
        CASE WHEN request_uuid IS NULL THEN p_request_id END,
        CASE WHEN target_uuid IS NULL THEN p_target_id END,
        p_details
    )
    ON CONFLICT DO NOTHING;
END $$;
