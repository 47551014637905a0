-- Refuses to change or remove a row of the audit trail (law 4).
--
-- Called by: the triggers below, and those that ensure_audit_partitions.sql puts on each month's partition. The check
-- that all of them are there is in app/cli/doctor/audit_trail.py
--
-- A trigger function has no arguments. This one never returns: it fails with insufficient_privilege (42501).
CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_events is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

-- PostgreSQL copies a row trigger of charter_audit_entries to each partition.
CREATE OR REPLACE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON charter_audit_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE OR REPLACE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON charter_audit_labels
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE OR REPLACE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON charter_audit_roles
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();

-- It does not copy a trigger on TRUNCATE: each partition has its own.
CREATE OR REPLACE TRIGGER audit_no_truncate BEFORE TRUNCATE ON charter_audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE OR REPLACE TRIGGER audit_no_truncate BEFORE TRUNCATE ON charter_audit_entries_default
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE OR REPLACE TRIGGER audit_no_truncate BEFORE TRUNCATE ON charter_audit_labels
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE OR REPLACE TRIGGER audit_no_truncate BEFORE TRUNCATE ON charter_audit_roles
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- ALWAYS: a session cannot switch them off by session_replication_role.
ALTER TABLE charter_audit_entries ENABLE ALWAYS TRIGGER audit_no_change;
ALTER TABLE charter_audit_entries ENABLE ALWAYS TRIGGER audit_no_truncate;
ALTER TABLE charter_audit_entries_default ENABLE ALWAYS TRIGGER audit_no_truncate;
ALTER TABLE charter_audit_labels ENABLE ALWAYS TRIGGER audit_no_change;
ALTER TABLE charter_audit_labels ENABLE ALWAYS TRIGGER audit_no_truncate;
ALTER TABLE charter_audit_roles ENABLE ALWAYS TRIGGER audit_no_change;
ALTER TABLE charter_audit_roles ENABLE ALWAYS TRIGGER audit_no_truncate;

-- The view has no rows of its own: it is told the same.
CREATE OR REPLACE TRIGGER audit_no_change INSTEAD OF UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
