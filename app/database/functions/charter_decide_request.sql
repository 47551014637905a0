-- Decides whether a request may run its operation, and records the decision.
--
-- This is the rule of who may do what. It runs once for each request that needs a permission, before the handler, in
-- autocommit. It reads everything again, so a revoked session, a suspended account or a changed role applies at once
-- (law 5). It writes exactly one decision row, allowed or denied, in the same statement (law 4). Everything that it
-- cannot establish is denied (law 9). It does not look at the target: a request without the permission cannot learn
-- whether the target exists.
--
-- Called by: app/pipeline/steps/authorization.py
--
-- Arguments:
--   p_now           the present moment; the caller passes the database's clock, tests pass their own
--   p_session_id    the session that the access token names
--   p_user_id       the account that the access token names
--   p_permission    the permissions that the operation needs, all of them (x-permission), separated by spaces
--   p_owner         the account that needs no permission for this target (x-owner); null: the operation has no owner
--   p_recency       how recent the sign-in must be, in seconds (x-step-up); null: any sign-in will do
--   p_decision_id   the id of the decision row, a UUIDv7; a repeat with the same id writes no second row
--   p_request_id    for the decision row: the id of the request
--   p_action        for the decision row: the operationId
--   p_target_type   for the decision row: the kind of thing that the path names, or null
--   p_target_id     for the decision row: which one, or null
--   p_client_id     the id of this client's row in audit_clients
--   p_address       the client's address
--   p_user_agent    the client's user agent, or null
--
-- Returns one row about the caller: account, role, profile, time of sign-in, permissions, and the reason of a refusal.
--   holds_all       the role holds every permission; `permissions` is null then
--   refusal         null: allowed; else session_ended, account_suspended, permission_missing or step_up_required
-- It returns no row when the account has no such session. The decision row then says session_unknown.
--
-- It is a function because PostgreSQL keeps the plan of its statement:
-- docs/decisions/0005-hot-statements-are-functions.md
-- It is one statement inside PL/pgSQL. The result has columns of the same names as the tables: a plain name in the
-- statement means the table's column (#variable_conflict).
CREATE OR REPLACE FUNCTION charter_decide_request(
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
    -- Who calls: the session, its account, the role and the profile. The session must belong to the account that the
    -- token names. MATERIALIZED: what is decided and what is recorded come from one reading.
    WITH caller AS MATERIALIZED (
        SELECT
            u.id, u.email, r.name AS role, u.status, u.verified_at, u.version, u.created_at, u.updated_at,
            p.display_name, p.locale, p.time_zone, p.avatar_url, p.bio,
            p.created_at AS profile_created_at, p.updated_at AS profile_updated_at,
            s.created_at AS signed_in_at,
            r.holds_all,
            -- Every role has these three permissions, whatever its rows say: they are what being signed in means.
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
    -- The decision: the first reason that applies, or null.
    verdict AS MATERIALIZED (
        SELECT
            caller.*,
            CASE
                WHEN is_over THEN 'session_ended'
                WHEN status <> 'active' THEN 'account_suspended'
                -- The owner, a role that holds everything, or every required permission. IS NOT TRUE: without an
                -- owner the comparison gives null, and null must deny.
                WHEN (id = p_owner OR holds_all OR permissions @> required) IS NOT TRUE THEN 'permission_missing'
                -- An operation with an owner asks only the owner for a recent sign-in; any other asks everybody. If
                -- p_recency is null, the comparison is null, and the branch does not apply.
                WHEN (p_owner IS NULL OR id = p_owner) AND signed_in_at < p_now - make_interval(secs => p_recency)
                    THEN 'step_up_required'
            END AS refusal
        FROM caller
    ),
    -- Address and user agent are in a row of their own, which can be erased; decision rows cannot.
    client AS (
        INSERT INTO audit_clients (id, address, user_agent, created_at)
        VALUES (p_client_id, p_address, p_user_agent, p_now)
        ON CONFLICT (id) DO NOTHING
    ),
    -- What the decision row says. The outer join to one constant row says it also where there is no caller.
    told AS (
        SELECT
            verdict.role,
            CASE WHEN verdict.id IS NULL OR refusal IS NOT NULL THEN 'denied' ELSE 'allowed' END AS outcome,
            CASE WHEN verdict.id IS NULL THEN 'session_unknown' ELSE refusal END AS reason
        FROM (SELECT 1) AS once LEFT JOIN verdict ON true
    ),
    -- The decision row, with numbers in place of words as in charter_write_audit_entry.sql. New words are learned.
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
        -- The caller repeats the statement when the connection is lost: the row may be there already.
        ON CONFLICT DO NOTHING
    )
    SELECT
        v.id, v.email, v.role, v.status, v.verified_at, v.version, v.created_at, v.updated_at,
        v.display_name, v.locale, v.time_zone, v.avatar_url, v.bio, v.profile_created_at, v.profile_updated_at,
        v.signed_in_at, v.holds_all, v.permissions, v.refusal
    FROM verdict v;
END $$;
