"""Users and their profiles."""

# Collation C on the address: its unique index also serves prefix search and sorting, alike on every server.
TABLES = """
CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text COLLATE "C" NOT NULL CONSTRAINT users_email UNIQUE,
    password_hash text NOT NULL,
    role_id uuid NOT NULL REFERENCES roles,
    status text NOT NULL DEFAULT 'active' CONSTRAINT users_status CHECK (status IN ('active', 'suspended')),
    verified_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX users_created_at_id ON users (created_at, id);
CREATE INDEX users_updated_at_id ON users (updated_at, id);
CREATE INDEX users_role_id_created_at_id ON users (role_id, created_at, id);
CREATE INDEX users_status_created_at_id ON users (status, created_at, id);

CREATE TABLE user_profiles (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT user_profiles_user_id UNIQUE REFERENCES users ON DELETE CASCADE,
    display_name text,
    locale text,
    time_zone text,
    avatar_url text,
    bio text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX user_profiles_display_name ON user_profiles (lower(display_name) text_pattern_ops);
"""


def migrate(migrator, database, **kwargs):
    """Create the tables."""
    database.execute_sql(TABLES)


def rollback(migrator, database, **kwargs):
    """Drop the tables with every account."""
    database.execute_sql("DROP TABLE user_profiles; DROP TABLE users")
