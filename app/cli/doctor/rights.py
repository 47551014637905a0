"""The rights of the connected role: enough to serve, and too few to change the audit trail."""

from collections.abc import Iterator

from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, counted, failed, ok, warning
from app.database import run
from app.services.database_rights import missing_rights, required_privileges

# The owner of the tables, their schema or the database can disable a trigger, or drop its table.
_OWNERSHIP = """
SELECT quote_ident(current_user), quote_ident(pg_get_userbyid(c.relowner)), pg_has_role(c.relowner, 'USAGE'),
       has_schema_privilege(n.oid, 'CREATE'), quote_ident(n.nspname),
       ARRAY(SELECT format('%s (owner of the %s)', quote_ident(pg_get_userbyid(owner)), what)
             FROM (VALUES (n.nspowner, 'schema ' || quote_ident(n.nspname)),
                          (d.datdba, 'database ' || quote_ident(d.datname))) AS owners (owner, what)
             WHERE pg_has_role(owner, 'USAGE'))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_database d ON d.datname = current_database() WHERE c.oid = to_regclass('charter_audit_entries')
"""

_EXCESS_RIGHTS = """
SELECT string_agg(privilege || ' on ' || log.oid::regclass, ', ' ORDER BY log.oid::regclass::text, privilege)
FROM (SELECT to_regclass(name)::oid AS oid
      FROM unnest(ARRAY['charter_audit_entries', 'charter_audit_labels', 'charter_audit_roles']) AS name
      UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass('charter_audit_entries')) log
CROSS JOIN unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS privilege
WHERE has_table_privilege(log.oid, privilege)
"""


def role(deployment: Deployment) -> Iterator[Verdict]:
    """Check that the role is no superuser, who can disable the triggers that protect the audit trail (law 4)."""
    name, is_super = run("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")[0]
    if is_super and deployment.in_production:
        yield warning(
            f"{name} is a superuser, who can disable the triggers that protect the audit trail",
            "create a role with CREATE ROLE … LOGIN NOSUPERUSER, and use it in DATABASE_URL",
        )
    else:
        yield ok(f"{name}{', a superuser' if is_super else ''}")


def rights(_: Deployment) -> Iterator[Verdict]:
    """Check that the role may read and write every table, and call every function."""
    missing = missing_rights()
    if missing:
        yield failed(
            f"the role has no {'; no '.join(right for right, _ in missing)}",
            f"run as the owner of the tables: {' '.join(grant for _, grant in missing)}",
        )
    else:
        yield ok(f"the role has all the rights it needs on {counted(len(required_privileges()), 'table')}")


def ownership(deployment: Deployment) -> Iterator[Verdict]:
    """Report whether one role owns and serves, or two do; the serving one must not be able to change the trail."""
    me, owner, owns, may_create, schema, owned = run(_OWNERSHIP)[0]
    page = "docs/database-roles.md has the steps"
    if owns and not may_create:
        yield warning(
            f"{me} owns the tables, but may not create others: it cannot migrate or create partitions of the trail",
            f"run as the owner of the schema: GRANT CREATE ON SCHEMA {schema} TO {me};",
        )
    elif owns:
        fault = f"one role owns and serves: {me} can disable the triggers that protect the audit trail"
        if deployment.in_production:
            yield warning(fault, f"serve as a role that owns nothing, and migrate as {me}: {page}")
        else:
            yield ok(f"one role owns and serves: {me}")
    elif owned or may_create:
        held = [f"has the rights of {', '.join(owned)}"] if owned else []
        held += [f"may create tables and functions in the schema {schema}"] * (may_create and not owned)
        yield warning(
            f"two roles, but {me} {' and '.join(held)}, and could replace the tables with others",
            f"give schema and database to {owner}, and run: REVOKE CREATE ON SCHEMA {schema} FROM {me}, PUBLIC;",
        )
    elif excess := run(_EXCESS_RIGHTS)[0][0]:
        yield warning(
            f"two roles, but {me} has {excess}; the triggers still reject changes",
            f'run as {owner}: charter db grants {me} | psql "$OWNER_URL"',
        )
    else:
        yield ok(f"two roles: {me} serves and owns nothing; {owner} owns the tables and migrates")
