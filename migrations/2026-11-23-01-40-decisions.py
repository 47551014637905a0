"""The two functions that write the audit log: functions, because the server keeps their plans.

A statement of this size costs more to plan than to run, and whatever keeps a plan by session (PREPARE) is refused by
a pooler in transaction mode. A release that needs other columns adds a function of another name and leaves these to
the release before it.
"""

# The three permissions that being signed in means are held by every role, whatever its rows say.
# IS NOT TRUE: where an operation has no owner the comparison is null, and what is not known must deny (law 9).
DECIDE = """
CREATE FUNCTION decide_call(
    p_now timestamptz, p_session_id uuid, p_user_id uuid, p_required text[], p_owner uuid, p_recency integer,
    p_decision_id uuid, p_request_id text, p_action text, p_permission text, p_target_type text, p_target_id text,
    p_client_id uuid, p_address text, p_user_agent text
) RETURNS TABLE (
    id uuid, email text, role text, status text, verified_at timestamptz, version integer,
    created_at timestamptz, updated_at timestamptz,
    display_name text, locale text, time_zone text, avatar_url text, bio text,
    profile_created_at timestamptz, profile_updated_at timestamptz,
    signed_in_at timestamptz, holds_all boolean, permissions text[], refusal text
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH caller AS MATERIALIZED (
        SELECT u.id, u.email, r.name AS role, u.status, u.verified_at, u.version, u.created_at, u.updated_at,
               p.display_name, p.locale, p.time_zone, p.avatar_url, p.bio,
               p.created_at AS profile_created_at, p.updated_at AS profile_updated_at,
               s.created_at AS signed_in_at, r.holds_all,
               CASE WHEN NOT r.holds_all THEN
                   ARRAY['account:read', 'account:update', 'sessions:end']
                   || ARRAY(SELECT permission FROM role_permissions WHERE role_id = r.id) END AS permissions,
               s.ended_at IS NOT NULL OR s.idle_expires_at <= p_now OR s.expires_at <= p_now AS is_over
        FROM sessions s
        JOIN users u ON u.id = s.user_id
        JOIN roles r ON r.id = u.role_id
        JOIN user_profiles p ON p.user_id = u.id
        WHERE s.id = p_session_id AND s.user_id = p_user_id
    ), verdict AS MATERIALIZED (
        SELECT caller.*, CASE
            WHEN is_over THEN 'session_ended'
            WHEN status <> 'active' THEN 'account_suspended'
            WHEN (id = p_owner OR holds_all OR permissions @> p_required) IS NOT TRUE THEN 'permission_missing'
            WHEN (p_owner IS NULL OR id = p_owner) AND signed_in_at < p_now - make_interval(secs => p_recency)
                THEN 'step_up_required'
            END AS refusal
        FROM caller
    ), client AS (
        INSERT INTO audit_clients (id, address, user_agent, created_at)
        VALUES (p_client_id, p_address, p_user_agent, p_now)
        ON CONFLICT (id) DO NOTHING
    ), decision AS (
        INSERT INTO audit_events (id, kind, occurred_at, request_id, actor_id, actor_role, action, permission,
                                  outcome, reason, target_type, target_id, client_id)
        SELECT p_decision_id, 'decision', p_now, p_request_id, p_user_id, verdict.role, p_action, p_permission,
               CASE WHEN verdict.id IS NULL OR refusal IS NOT NULL THEN 'denied' ELSE 'allowed' END,
               CASE WHEN verdict.id IS NULL THEN 'session_unknown' ELSE refusal END,
               p_target_type, p_target_id, p_client_id
        FROM (SELECT 1) AS once LEFT JOIN verdict ON true
        ON CONFLICT DO NOTHING
    )
    SELECT v.id, v.email, v.role, v.status, v.verified_at, v.version, v.created_at, v.updated_at,
           v.display_name, v.locale, v.time_zone, v.avatar_url, v.bio, v.profile_created_at, v.profile_updated_at,
           v.signed_in_at, v.holds_all, v.permissions, v.refusal
    FROM verdict v;
END $$
"""

RECORD = """
CREATE FUNCTION record_event(
    p_now timestamptz, p_event_id uuid, p_request_id text, p_actor_id uuid, p_actor_role text, p_action text,
    p_outcome text, p_reason text, p_target_type text, p_target_id text, p_details jsonb,
    p_client_id uuid, p_address text, p_user_agent text
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_clients (id, address, user_agent, created_at)
    VALUES (p_client_id, p_address, p_user_agent, p_now)
    ON CONFLICT (id) DO NOTHING;
    INSERT INTO audit_events (id, kind, occurred_at, request_id, actor_id, actor_role, action, outcome, reason,
                              target_type, target_id, details, client_id)
    VALUES (p_event_id, 'event', p_now, p_request_id, p_actor_id, p_actor_role, p_action, p_outcome, p_reason,
            p_target_type, p_target_id, p_details, p_client_id)
    ON CONFLICT DO NOTHING;
END $$
"""


def migrate(migrator, database, **kwargs):
    """Create both functions."""
    database.execute_sql(DECIDE)
    database.execute_sql(RECORD)


def rollback(migrator, database, **kwargs):
    """Drop both functions."""
    database.execute_sql("DROP FUNCTION decide_call; DROP FUNCTION record_event")
