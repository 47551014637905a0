-- Writes a row that is inserted into the view audit_events.
--
-- The view has the columns that the table of the release before this one had, so its servers and commands write and read
-- the trail while they still run during an upgrade. This release writes by functions.
--
-- Called by: the trigger below
--
-- A trigger function has no arguments. It returns the row.
CREATE OR REPLACE FUNCTION charter_insert_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM charter_write_audit_entry(
        NEW.id, NEW.occurred_at, NEW.request_id, NEW.actor_id, NEW.actor_role, NEW.action, NEW.permission,
        NEW.outcome, NEW.reason, NEW.target_type, NEW.target_id, NEW.details, NEW.client_id
    );
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER audit_events_insert INSTEAD OF INSERT ON audit_events
    FOR EACH ROW EXECUTE FUNCTION charter_insert_audit_event();
