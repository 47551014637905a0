-- Returns a page of the list of accounts, newest first, with the total before each row.
--
-- One row of nulls beside the total stands for an empty page. Page and total are of one snapshot, that of the statement
-- that calls the function: it is stable.
--
-- Called by: app/services/user_search.py
--
-- Arguments:
--   p_role          keeps accounts with the role of this name; null: any. No account has a role that does not exist
--   p_status        keeps accounts with this status; null: any
--   p_after_at      the page begins after an account that was created at this time; null: with the first one
--   p_after_id      the id of that account; it decides between equal times, and need not exist any more
--   p_offset        accounts that are skipped
--   p_limit         accounts that are returned
--
-- It is a function because PostgreSQL keeps the plans of its statements: to plan them takes longer than to run them. A
-- generic plan knows no LIMIT, so it looks dearer than one for a LIMIT of 20, and would never be kept unless it is forced.
-- docs/decisions/0042-the-first-list-keeps-its-plan.md
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
