"""Whatever a list of users is asked for, it is one stretch of an index or two.

The name that people are searched by is copied to the account, in small letters, so that it can stand in one index with
role and status. A trigger keeps it, whichever release writes the profile.

Nobody is held up for longer than a batch takes: the column is filled a few thousand rows at a time, and the indexes are
built beside the writers (CONCURRENTLY). Run again after a failure half-way, it goes on where it stopped.
"""

atomic = False

_LOCK_WAIT = "5s"
_BATCH = 5000

COLUMN = "ALTER TABLE users ADD COLUMN IF NOT EXISTS name_key text"

# Who changes a profile has locked its account first. An account made together with its profile has its key already.
KEEP = """
CREATE OR REPLACE FUNCTION keep_name_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users SET name_key = lower(NEW.display_name)
    WHERE id = NEW.user_id AND name_key IS DISTINCT FROM lower(NEW.display_name);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER user_profiles_name_key AFTER INSERT OR UPDATE OF display_name ON user_profiles
    FOR EACH ROW EXECUTE FUNCTION keep_name_key();
"""

# Two statements: the second one sees every profile as it is once nobody can change it any more.
LOCK = "SELECT id FROM users WHERE id > %s ORDER BY id LIMIT %s FOR NO KEY UPDATE"
FILL = """
UPDATE users u SET name_key = lower(p.display_name) FROM user_profiles p
WHERE p.user_id = u.id AND u.id = ANY(%s::uuid[]) AND u.name_key IS DISTINCT FROM lower(p.display_name)
"""

# The name, the table, the columns. What a list is searched and sorted by is in all of them: rows are read for the page
# alone.
SEARCHED = tuple(
    (f"users_{first.replace(', ', '_')}_{name}", "users", f"({first}, {columns})")
    for first in ("status", "role_id, status")
    for name, columns in (
        ("created_at", "created_at, id) INCLUDE (email, name_key"),
        ("updated_at", "updated_at, id) INCLUDE (email, name_key"),
        ("email", "email) INCLUDE (id, created_at, updated_at"),
        ("name_key", "name_key text_pattern_ops) INCLUDE (id, email, created_at, updated_at"),
    )
)
FORMER = (
    ("users_created_at_id", "users", "(created_at, id)"),
    ("users_updated_at_id", "users", "(updated_at, id)"),
    ("users_role_id_created_at_id", "users", "(role_id, created_at, id)"),
    ("users_status_created_at_id", "users", "(status, created_at, id)"),
    ("user_profiles_display_name", "user_profiles", "(lower(display_name) text_pattern_ops)"),
)
INVALID = "SELECT FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid"


def migrate(migrator, database, **kwargs):
    """Copy the names, then build the indexes that have them, then drop those that are replaced."""
    _briefly(database, COLUMN)
    _briefly(database, KEEP)
    _fill(database)
    _replace(database, FORMER, SEARCHED)
    database.execute_sql("ANALYZE users")


def rollback(migrator, database, **kwargs):
    """Build the former indexes, then drop the others and the names."""
    _replace(database, SEARCHED, FORMER)
    _briefly(database, "DROP TRIGGER IF EXISTS user_profiles_name_key ON user_profiles")
    _briefly(database, "DROP FUNCTION IF EXISTS keep_name_key()")
    _briefly(database, "ALTER TABLE users DROP COLUMN IF EXISTS name_key")


def _fill(database):
    last = "00000000-0000-0000-0000-000000000000"
    while last:
        with database.transaction():
            ids = [row[0] for row in database.execute_sql(LOCK, (last, _BATCH)).fetchall()]
            database.execute_sql(FILL, (ids,))
        last = ids[-1] if ids else None


def _replace(database, old, new):
    for name, table, columns in new:
        if database.execute_sql(INVALID, (name,)).fetchall():
            database.execute_sql(f"DROP INDEX CONCURRENTLY {name}")
        database.execute_sql(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} {columns}")
    for name, _, _ in old:
        database.execute_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def _briefly(database, statement):
    with database.transaction():
        database.execute_sql(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
        database.execute_sql(statement)
