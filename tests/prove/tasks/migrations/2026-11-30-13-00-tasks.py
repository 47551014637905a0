"""Tasks."""


def migrate(migrator, database, **kwargs):
    """Add the table."""
    database.execute_sql("""
CREATE TABLE tasks (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name text NOT NULL CHECK (char_length(name) <= 100)
);
CREATE INDEX tasks_user_id ON tasks (user_id);
""")


def rollback(migrator, database, **kwargs):
    """Delete all tasks."""
    database.execute_sql("DROP TABLE tasks")
