-- Returns accounts by their ids, each with the name of its role and its profile; ids that no account has are left out.
--
-- Called by: app/services/user_rows.py
--
-- Arguments:
--   p_ids           the ids
--
-- Returns one row for each account.
--
-- It is a function because PostgreSQL keeps the plan of its statement: to plan the join takes longer than to run it.
-- docs/decisions/0005-hot-statements-are-functions.md
-- It keeps it although it does not know how many ids there are (plan_cache_mode). By itself it would take the plan for one
-- or two for cheaper, and plan again each time.
-- The result has columns of the same names as the tables: a plain name in the statement means the table's column
-- (#variable_conflict).
CREATE OR REPLACE FUNCTION charter_users(p_ids uuid[]) RETURNS TABLE (
    id uuid,
    email text,
    status text,
    verified_at timestamptz,
    version integer,
    created_at timestamptz,
    updated_at timestamptz,
    role text,
    display_name text,
    locale text,
    time_zone text,
    avatar_url text,
    bio text,
    profile_created_at timestamptz,
    profile_updated_at timestamptz
) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT
        u.id, u.email, u.status, u.verified_at, u.version, u.created_at, u.updated_at, r.name,
        p.display_name, p.locale, p.time_zone, p.avatar_url, p.bio, p.created_at, p.updated_at
    FROM users u
    JOIN roles r ON r.id = u.role_id
    JOIN user_profiles p ON p.user_id = u.id
    WHERE u.id = ANY (p_ids);
END $$;
