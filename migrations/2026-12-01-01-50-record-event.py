"""Event rows are written into the new tables at once, not by way of the view."""

RECORD = """
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
"""
FORMER_RECORD = """
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
    INSERT INTO audit_clients (id, address, user_agent, created_at)
    VALUES (p_client_id, p_address, p_user_agent, p_now)
    ON CONFLICT (id) DO NOTHING;
    INSERT INTO audit_events (
        id, kind, occurred_at, request_id, actor_id, actor_role, action, outcome, reason,
        target_type, target_id, details, client_id
    )
    VALUES (
        p_event_id, 'event', p_now, p_request_id, p_actor_id, p_actor_role, p_action, p_outcome, p_reason,
        p_target_type, p_target_id, p_details, p_client_id
    )
    ON CONFLICT DO NOTHING;
END $$;
"""

HALFWAY = """
DO $$ BEGIN
    IF to_regclass('charter_audit_move') IS NOT NULL THEN
        RAISE EXCEPTION 'the audit trail is moved back half-way: run charter db rollback first, then migrate';
    END IF;
END $$
"""


def migrate(migrator, database, **kwargs):
    """Replace the function."""
    database.execute_sql(HALFWAY)
    database.execute_sql(RECORD)


def rollback(migrator, database, **kwargs):
    """Put the former text in its place."""
    database.execute_sql(FORMER_RECORD)
