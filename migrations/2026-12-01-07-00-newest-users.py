"""A function that returns a page of accounts, newest first, with the total; its plan is kept for each connection."""

NEWEST_USERS = """
CREATE OR REPLACE FUNCTION charter_newest_users(
    p_role text,
    p_status text,
    p_after_at timestamptz,
    p_after_id uuid,
    p_offset integer,
    p_limit integer
) RETURNS TABLE (
    total bigint,
    id text,
    email text,
    role text,
    status text,
    verified_at timestamptz,
    created_at timestamptz,
    updated_at timestamptz,
    display_name text,
    locale text,
    time_zone text,
    avatar_url text,
    bio text
) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    v_after_at timestamptz := coalesce(p_after_at, 'infinity');
    v_after_id uuid := coalesce(p_after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    v_reach integer := p_offset + p_limit;
    v_role_id uuid;
    v_ids uuid[];
BEGIN
    -- Each part is a range of one index, in the order of the list.
    IF p_role IS NULL THEN
        v_ids := ARRAY(
            SELECT u.id FROM (
                (
                    SELECT u.id, u.created_at FROM users u
                    WHERE u.status = 'active' AND coalesce(p_status, 'active') = 'active'
                        AND (u.created_at, u.id) < (v_after_at, v_after_id)
                    ORDER BY u.created_at DESC, u.id DESC LIMIT v_reach
                )
                UNION ALL
                (
                    SELECT u.id, u.created_at FROM users u
                    WHERE u.status = 'suspended' AND coalesce(p_status, 'suspended') = 'suspended'
                        AND (u.created_at, u.id) < (v_after_at, v_after_id)
                    ORDER BY u.created_at DESC, u.id DESC LIMIT v_reach
                )
            ) u
            ORDER BY u.created_at DESC, u.id DESC OFFSET p_offset LIMIT p_limit
        );
    ELSE
        v_role_id := (SELECT r.id FROM roles r WHERE r.name = p_role);
        v_ids := ARRAY(
            SELECT u.id FROM (
                (
                    SELECT u.id, u.created_at FROM users u
                    WHERE u.role_id = v_role_id AND u.status = 'active' AND coalesce(p_status, 'active') = 'active'
                        AND (u.created_at, u.id) < (v_after_at, v_after_id)
                    ORDER BY u.created_at DESC, u.id DESC LIMIT v_reach
                )
                UNION ALL
                (
                    SELECT u.id, u.created_at FROM users u
                    WHERE u.role_id = v_role_id AND u.status = 'suspended'
                        AND coalesce(p_status, 'suspended') = 'suspended'
                        AND (u.created_at, u.id) < (v_after_at, v_after_id)
                    ORDER BY u.created_at DESC, u.id DESC LIMIT v_reach
                )
            ) u
            ORDER BY u.created_at DESC, u.id DESC OFFSET p_offset LIMIT p_limit
        );
    END IF;
    -- OFFSET 0: the joins are taken as they are written.
    RETURN QUERY
    SELECT
        whole.total, u.id::text, u.email, (SELECT r.name FROM roles r WHERE r.id = u.role_id), u.status,
        u.verified_at, u.created_at, u.updated_at, p.display_name, p.locale, p.time_zone, p.avatar_url, p.bio
    FROM (
        SELECT coalesce(sum(c.number), 0)::bigint FROM user_counts c
        WHERE (p_role IS NULL OR c.role_id = v_role_id) AND (p_status IS NULL OR c.status = p_status)
    ) whole (total)
    LEFT JOIN unnest(v_ids) WITH ORDINALITY page (id, place) ON true
    LEFT JOIN LATERAL (SELECT * FROM users WHERE users.id = page.id OFFSET 0) u ON true
    LEFT JOIN LATERAL (SELECT * FROM user_profiles WHERE user_profiles.user_id = page.id OFFSET 0) p ON true
    ORDER BY page.place;
END $$;
"""


def migrate(migrator, database, **kwargs):
    """Create the function."""
    database.execute_sql(NEWEST_USERS)


def rollback(migrator, database, **kwargs):
    """Drop the function; servers of the release before do not call it."""
    database.execute_sql("DROP FUNCTION charter_newest_users(text, text, timestamptz, uuid, integer, integer)")
