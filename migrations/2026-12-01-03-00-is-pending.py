"""A function that returns whether a cache tag is pending, which PostgreSQL plans once for each connection."""

IS_PENDING = """
CREATE OR REPLACE FUNCTION charter_is_pending(p_tags text[]) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM pending_invalidations WHERE tag = ANY (p_tags));
END $$;
"""


def migrate(migrator, database, **kwargs):
    """Create the function."""
    database.execute_sql(IS_PENDING)


def rollback(migrator, database, **kwargs):
    """Drop the function; servers of the release before do not call it."""
    database.execute_sql("DROP FUNCTION charter_is_pending(text[])")
