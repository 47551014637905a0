"""A function that returns accounts by their ids, which PostgreSQL plans once for each connection."""

USERS = """
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
) LANGUAGE plpgsql STABLE AS $$
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
"""


def migrate(migrator, database, **kwargs):
    """Create the function."""
    database.execute_sql(USERS)


def rollback(migrator, database, **kwargs):
    """Drop the function; servers of the release before do not call it."""
    database.execute_sql("DROP FUNCTION charter_users(uuid[])")
