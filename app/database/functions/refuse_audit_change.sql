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

-- PostgreSQL copies a row trigger of audit_events to each partition.
CREATE OR REPLACE TRIGGER audit_events_no_change BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();

-- It does not copy a trigger on TRUNCATE: each partition has its own.
CREATE OR REPLACE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE OR REPLACE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events_default
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- ALWAYS: a session cannot switch them off by session_replication_role.
ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_no_change;
ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_no_truncate;
ALTER TABLE audit_events_default ENABLE ALWAYS TRIGGER audit_events_no_truncate;
