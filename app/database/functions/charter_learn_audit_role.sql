-- Returns the number of a role's name in the audit trail, and notes the name if it is new.
--
-- The trail keeps the name that a role had at the time, also when the role is renamed or deleted. The role that serves
-- may not write names: this function runs with the owner's rights (SECURITY DEFINER) and only adds (law 4).
--
-- Called by: app/database/functions/charter_decide_request.sql, app/database/functions/charter_write_audit_entry.sql
--
-- Arguments:
--   p_role          the name, not null
--
-- Returns the number. Two that learn the same name at once get the same number: one waits for the other.
CREATE OR REPLACE FUNCTION charter_learn_audit_role(p_role text) RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
-- As in make_audit_partitions.sql: the schema of our tables.
SET search_path = public, pg_temp
AS $$
DECLARE
    number integer;
BEGIN
    INSERT INTO charter_audit_roles (role) VALUES (p_role) ON CONFLICT DO NOTHING RETURNING id INTO number;

    IF number IS NULL THEN
        SELECT id INTO number FROM charter_audit_roles WHERE role = p_role;
    END IF;
    RETURN number;
END $$;

-- Everybody may call a new function. This one has the owner's rights: `charter db grants` names who may.
REVOKE EXECUTE ON FUNCTION charter_learn_audit_role(text) FROM PUBLIC;
