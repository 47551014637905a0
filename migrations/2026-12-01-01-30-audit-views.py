"""The audit trail in words, for people and for the release before this one.

`audit_events` becomes a view with the columns that the table had. It can be read and inserted into, so the statements
of the release before this one go on. The table is called `audit_events_former`; the next migration moves its rows.
`audit_trail` has the address and the user agent of each row, too, and is only read.
"""

RENAME = "ALTER TABLE audit_events RENAME TO audit_events_former"
RENAME_BACK = "ALTER TABLE audit_events_former RENAME TO audit_events"

VIEWS = """
CREATE VIEW audit_events AS
SELECT id, kind, occurred_at, request_id, actor_id, actor_role, action, permission, outcome, reason,
       target_type, target_id, details, client_id
FROM audit_events_former;

CREATE VIEW audit_trail AS
SELECT e.id, e.kind, e.occurred_at, e.request_id, e.actor_id, e.actor_role, e.action, e.permission, e.outcome,
       e.reason, e.target_type, e.target_id, e.details, c.address, c.user_agent
FROM audit_events e LEFT JOIN audit_clients c ON c.id = e.client_id
"""

TRIGGERS = """
CREATE FUNCTION charter_insert_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_events_former (
        id, kind, occurred_at, request_id, actor_id, actor_role, action, permission, outcome, reason,
        target_type, target_id, details, client_id
    )
    VALUES (
        NEW.id, NEW.kind, NEW.occurred_at, NEW.request_id, NEW.actor_id, NEW.actor_role, NEW.action, NEW.permission,
        NEW.outcome, NEW.reason, NEW.target_type, NEW.target_id, NEW.details, NEW.client_id
    )
    ON CONFLICT DO NOTHING;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_events_insert INSTEAD OF INSERT ON audit_events
    FOR EACH ROW EXECUTE FUNCTION charter_insert_audit_event();
CREATE TRIGGER audit_no_change INSTEAD OF UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()
"""

# Whoever may read or write the table may do the same with the view, and nobody more, whatever default privileges say.
RIGHTS = """
DO $$
DECLARE
    given record;
BEGIN
    FOR given IN
        SELECT DISTINCT oid::regclass AS name, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS role
        FROM pg_class CROSS JOIN aclexplode(relacl)
        WHERE oid IN ('audit_events'::regclass, 'audit_trail'::regclass) AND grantee <> relowner
    LOOP
        EXECUTE format('REVOKE ALL ON TABLE %s FROM %s', given.name, given.role);
    END LOOP;
    FOR given IN
        SELECT privilege_type AS privilege, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS role
        FROM pg_class CROSS JOIN aclexplode(relacl)
        WHERE oid = 'audit_events_former'::regclass AND grantee <> relowner
          AND privilege_type IN ('SELECT', 'INSERT')
    LOOP
        EXECUTE format('GRANT %s ON TABLE audit_events TO %s', given.privilege, given.role);
        IF given.privilege = 'SELECT' THEN
            EXECUTE format('GRANT SELECT ON TABLE audit_trail TO %s', given.role);
        END IF;
    END LOOP;
END $$
"""

HALFWAY = """
DO $$ BEGIN
    IF to_regclass('charter_audit_move') IS NOT NULL THEN
        RAISE EXCEPTION 'the audit trail is moved half-way: run charter db migrate first, then roll back';
    END IF;
END $$
"""


def migrate(migrator, database, **kwargs):
    """Rename the table, and put the views in its place: only the catalogue changes."""
    database.execute_sql(RENAME)
    database.execute_sql(VIEWS)
    database.execute_sql(TRIGGERS)
    database.execute_sql(RIGHTS)


def rollback(migrator, database, **kwargs):
    """Drop the views, and give the table its name back."""
    database.execute_sql(HALFWAY)
    database.execute_sql("DROP VIEW audit_trail; DROP VIEW audit_events; DROP FUNCTION charter_insert_audit_event()")
    database.execute_sql(RENAME_BACK)
