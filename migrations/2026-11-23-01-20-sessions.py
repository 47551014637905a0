"""Sessions, and the counters of failed sign-ins."""

TABLES = """
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    generation integer NOT NULL,
    key_id text NOT NULL,
    rotated_at timestamptz,
    idle_expires_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text,
    user_agent text,
    address text NOT NULL,
    network text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sessions_user_id ON sessions (user_id);

CREATE TABLE sign_in_attempts (
    id uuid PRIMARY KEY,
    key text NOT NULL CONSTRAINT sign_in_attempts_key UNIQUE,
    failures integer NOT NULL DEFAULT 0,
    blocked_until timestamptz,
    window_started_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
"""


def migrate(migrator, database, **kwargs):
    """Create the tables."""
    database.execute_sql(TABLES)


def rollback(migrator, database, **kwargs):
    """Drop the tables; everybody is signed out."""
    database.execute_sql("DROP TABLE sign_in_attempts; DROP TABLE sessions")
