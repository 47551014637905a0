"""Roles and what they hold, with the three that are built in."""

TABLES = """
CREATE TABLE roles (
    id uuid PRIMARY KEY,
    name text NOT NULL CONSTRAINT roles_name UNIQUE,
    description text NOT NULL,
    built_in boolean NOT NULL DEFAULT false,
    holds_all boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE role_permissions (
    id uuid PRIMARY KEY,
    role_id uuid NOT NULL REFERENCES roles ON DELETE CASCADE,
    permission text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT role_permissions_role_id_permission UNIQUE (role_id, permission)
);
"""

# The keys are fixed, so that every deployment gives the built-in roles the same ones.
ROLES = """
INSERT INTO roles (id, name, description, built_in, holds_all) VALUES
    ('01a205b3-d000-7000-8000-000000000001', 'admin', 'Holds every permission.', true, true),
    ('01a205b3-d000-7000-8000-000000000002', 'user', 'Signed in, with a verified address.', true, false),
    ('01a205b3-d000-7000-8000-000000000003', 'guest', 'Signed in, with an address not yet verified.', true, false)
"""

PERMISSIONS = """
INSERT INTO role_permissions (id, role_id, permission) VALUES
    ('01a205b3-d000-7000-8000-000000000011', '01a205b3-d000-7000-8000-000000000002', 'account:read'),
    ('01a205b3-d000-7000-8000-000000000012', '01a205b3-d000-7000-8000-000000000002', 'account:update'),
    ('01a205b3-d000-7000-8000-000000000013', '01a205b3-d000-7000-8000-000000000002', 'sessions:end'),
    ('01a205b3-d000-7000-8000-000000000014', '01a205b3-d000-7000-8000-000000000002', 'profiles:read'),
    ('01a205b3-d000-7000-8000-000000000021', '01a205b3-d000-7000-8000-000000000003', 'account:read'),
    ('01a205b3-d000-7000-8000-000000000022', '01a205b3-d000-7000-8000-000000000003', 'account:update'),
    ('01a205b3-d000-7000-8000-000000000023', '01a205b3-d000-7000-8000-000000000003', 'sessions:end')
"""


def migrate(migrator, database, **kwargs):
    """Create the tables and the built-in roles."""
    database.execute_sql(TABLES)
    database.execute_sql(ROLES)
    database.execute_sql(PERMISSIONS)


def rollback(migrator, database, **kwargs):
    """Drop the tables with every role."""
    database.execute_sql("DROP TABLE role_permissions; DROP TABLE roles")
