-- Returns the number of a label of the audit trail, and makes the label if it is new.
--
-- A label is what many rows have in common, in words: action, permission, outcome, reason and type of target. The words
-- come from the document and the code, never from a client, so there are some hundreds. The role that serves may not
-- write labels: this function runs with the owner's rights (SECURITY DEFINER) and only adds (law 4).
--
-- Called by: app/database/functions/charter_decide_request.sql, app/database/functions/charter_write_audit_entry.sql
--
-- Arguments:
--   p_action        the operationId, or the name of an event
--   p_permission    the permissions that a decision was about, separated by spaces; null: an event
--   p_outcome       allowed, denied, succeeded or failed
--   p_reason        why it was denied or failed, or null
--   p_target_type   the kind of thing acted on, or null
--
-- Returns the number. Two that learn the same label at once get the same number: one waits for the other.
CREATE OR REPLACE FUNCTION charter_learn_audit_label(
    p_action text,
    p_permission text,
    p_outcome text,
    p_reason text,
    p_target_type text
) RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
-- As in make_audit_partitions.sql: the schema of our tables.
SET search_path = public, pg_temp
AS $$
DECLARE
    number integer;
BEGIN
    INSERT INTO charter_audit_labels (action, permission, outcome, reason, target_type)
    VALUES (p_action, p_permission, p_outcome, p_reason, p_target_type)
    ON CONFLICT DO NOTHING
    RETURNING id INTO number;

    IF number IS NULL THEN
        SELECT id INTO number FROM charter_audit_labels
        WHERE action = p_action AND outcome = p_outcome AND permission IS NOT DISTINCT FROM p_permission
          AND reason IS NOT DISTINCT FROM p_reason AND target_type IS NOT DISTINCT FROM p_target_type;
    END IF;
    RETURN number;
END $$;

-- Everybody may call a new function. This one has the owner's rights: `charter db grants` names who may.
REVOKE EXECUTE ON FUNCTION charter_learn_audit_label(text, text, text, text, text) FROM PUBLIC;
