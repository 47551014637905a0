"""The decision about a request, and its row in the tables that the audit trail moves into.

Servers of the release before this one go on with decide_call, which writes into audit_events.
"""

DECIDE = """
CREATE FUNCTION charter_decide_request(
    p_now timestamptz,
    p_session_id uuid,
    p_user_id uuid,
    p_permission text,
    p_owner uuid,
    p_recency integer,
    p_decision_id uuid,
    p_request_id text,
    p_action text,
    p_target_type text,
    p_target_id text,
    p_client_id uuid,
    p_address text,
    p_user_agent text
) RETURNS TABLE (
    id uuid,
    email text,
    role text,
    status text,
    verified_at timestamptz,
    version integer,
    created_at timestamptz,
    updated_at timestamptz,
    display_name text,
    locale text,
    time_zone text,
    avatar_url text,
    bio text,
    profile_created_at timestamptz,
    profile_updated_at timestamptz,
    signed_in_at timestamptz,
    holds_all boolean,
    permissions text[],
    refusal text
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    required constant text[] := string_to_array(p_permission, ' ');
    request_uuid constant uuid := charter_canonical_uuid(p_request_id);
    target_uuid constant uuid := charter_canonical_uuid(p_target_id);
BEGIN
    RETURN QUERY
    WITH caller AS MATERIALIZED (
        SELECT
            u.id, u.email, r.name AS role, u.status, u.verified_at, u.version, u.created_at, u.updated_at,
            p.display_name, p.locale, p.time_zone, p.avatar_url, p.bio,
            p.created_at AS profile_created_at, p.updated_at AS profile_updated_at,
            s.created_at AS signed_in_at,
            r.holds_all,
            CASE WHEN NOT r.holds_all THEN
                ARRAY['account:read', 'account:update', 'sessions:end']
                || ARRAY(SELECT permission FROM role_permissions WHERE role_id = r.id)
            END AS permissions,
            s.ended_at IS NOT NULL OR s.idle_expires_at <= p_now OR s.expires_at <= p_now AS is_over
        FROM sessions s
        JOIN users u ON u.id = s.user_id
        JOIN roles r ON r.id = u.role_id
        JOIN user_profiles p ON p.user_id = u.id
        WHERE s.id = p_session_id AND s.user_id = p_user_id
    ),
    verdict AS MATERIALIZED (
        SELECT
            caller.*,
            CASE
                WHEN is_over THEN 'session_ended'
                WHEN status <> 'active' THEN 'account_suspended'
                WHEN (id = p_owner OR holds_all OR permissions @> required) IS NOT TRUE THEN 'permission_missing'
                WHEN (p_owner IS NULL OR id = p_owner) AND signed_in_at < p_now - make_interval(secs => p_recency)
                    THEN 'step_up_required'
            END AS refusal
        FROM caller
    ),
    client AS (
        INSERT INTO audit_clients (id, address, user_agent, created_at)
        VALUES (p_client_id, p_address, p_user_agent, p_now)
        ON CONFLICT (id) DO NOTHING
    ),
    told AS (
        SELECT
            verdict.role,
            CASE WHEN verdict.id IS NULL OR refusal IS NOT NULL THEN 'denied' ELSE 'allowed' END AS outcome,
            CASE WHEN verdict.id IS NULL THEN 'session_unknown' ELSE refusal END AS reason
        FROM (SELECT 1) AS once LEFT JOIN verdict ON true
    ),
    decision AS (
        INSERT INTO charter_audit_entries (
            id, actor_id, request_id, client_id, target_id, occurred_at, tick, label_id, role_id,
            request_name, target_name
        )
        SELECT
            p_decision_id, p_user_id, request_uuid, p_client_id, target_uuid, p_now, charter_audit_tick(p_decision_id),
            coalesce(
                (SELECT l.id FROM charter_audit_labels l
                 WHERE l.action = p_action AND l.outcome = told.outcome AND l.permission = p_permission
                   AND l.reason IS NOT DISTINCT FROM told.reason AND l.target_type IS NOT DISTINCT FROM p_target_type),
                charter_learn_audit_label(p_action, p_permission, told.outcome, told.reason, p_target_type)
            ),
            CASE WHEN told.role IS NOT NULL THEN coalesce(
                (SELECT k.id FROM charter_audit_roles k WHERE k.role = told.role),
                charter_learn_audit_role(told.role)
            ) END,
            CASE WHEN request_uuid IS NULL THEN p_request_id END,
            CASE WHEN target_uuid IS NULL THEN p_target_id END
        FROM told
        ON CONFLICT DO NOTHING
    )
    SELECT
        v.id, v.email, v.role, v.status, v.verified_at, v.version, v.created_at, v.updated_at,
        v.display_name, v.locale, v.time_zone, v.avatar_url, v.bio, v.profile_created_at, v.profile_updated_at,
        v.signed_in_at, v.holds_all, v.permissions, v.refusal
    FROM verdict v;
END $$;
"""


def migrate(migrator, database, **kwargs):
    """Create the function."""
    database.execute_sql(DECIDE)


def rollback(migrator, database, **kwargs):
    """Drop it: servers of this release must have stopped."""
    database.execute_sql("DROP FUNCTION charter_decide_request")
