"""Projects."""


def migrate(migrator, database, **kwargs):
    """Add the table."""
    database.execute_sql("""
CREATE TABLE projects (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name text NOT NULL CHECK (char_length(name) <= 100),
    status text NOT NULL CHECK (status IN ('open', 'archived')),
    version integer NOT NULL DEFAULT 1
);
CREATE INDEX projects_user_id ON projects (user_id);
""")


def rollback(migrator, database, **kwargs):
    """Delete all projects."""
    database.execute_sql("DROP TABLE projects")
