"""The function that returns accounts by their ids is planned once for each connection, and not for each call."""

KEEP = "ALTER FUNCTION charter_users(uuid[]) SET plan_cache_mode = force_generic_plan"


def migrate(migrator, database, **kwargs):
    """Let PostgreSQL keep the plan."""
    database.execute_sql(KEEP)


def rollback(migrator, database, **kwargs):
    """Let PostgreSQL choose again."""
    database.execute_sql("ALTER FUNCTION charter_users(uuid[]) RESET plan_cache_mode")
