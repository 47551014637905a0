"""What the connected role may do: enough to serve, and not so much that the audit trail could be rewritten."""

from collections.abc import Iterator

from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, counted, failed, ok, warning
from app.database import run
from app.services.database_rights import lacking, needed

# Who owns the tables, their schema or the database can switch off a trigger, or drop what it guards.
_STANDING = """
SELECT quote_ident(current_user), quote_ident(pg_get_userbyid(c.relowner)), pg_has_role(c.relowner, 'USAGE'),
       has_schema_privilege(n.oid, 'CREATE'), quote_ident(n.nspname),
       ARRAY(SELECT format('%s (owner of the %s)', quote_ident(pg_get_userbyid(owner)), what)
             FROM (VALUES (n.nspowner, 'schema ' || quote_ident(n.nspname)),
                          (d.datdba, 'database ' || quote_ident(d.datname))) AS owners (owner, what)
             WHERE pg_has_role(owner, 'USAGE'))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_database d ON d.datname = current_database() WHERE c.oid = to_regclass('audit_events')
"""

_BEYOND = """
SELECT string_agg(privilege || ' on ' || log.oid::regclass, ', ' ORDER BY log.oid::regclass::text, privilege)
FROM (SELECT to_regclass('audit_events')::oid AS oid
      UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass('audit_events')) log
CROSS JOIN unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS privilege
WHERE has_table_privilege(log.oid, privilege)
"""


def role(deployment: Deployment) -> Iterator[Verdict]:
    """A superuser can switch off the triggers that keep the audit trail as it is (law 4)."""
    name, is_super = run("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")[0]
    if is_super and deployment.in_production:
        yield warning(
            f"{name} is a superuser, who can switch off what keeps the audit trail from being changed",
            "serve as a role made with CREATE ROLE … LOGIN NOSUPERUSER, and put it into DATABASE_URL",
        )
    else:
        yield ok(f"{name}{', a superuser' if is_super else ''}")


def rights(_: Deployment) -> Iterator[Verdict]:
    """Serving reads and writes every table, and calls every function."""
    found = lacking()
    if found:
        yield failed(
            f"it has no {'; no '.join(right for right, _ in found)}",
            f"as the owner of the tables: {' '.join(grant for _, grant in found)}",
        )
    else:
        yield ok(f"it may do all it needs in {counted(len(needed()), 'table')}")


def ownership(deployment: Deployment) -> Iterator[Verdict]:
    """Tell whether one role owns and serves, or two do; the one that serves must not be able to change the trail."""
    me, owner, owns, may_create, schema, owned = run(_STANDING)[0]
    page = "docs/database-roles.md has the steps"
    if owns and not may_create:
        yield warning(
            f"{me} owns the tables, but may not make more: it can neither migrate nor make partitions of the trail",
            f"as the owner of the schema: GRANT CREATE ON SCHEMA {schema} TO {me};",
        )
    elif owns:
        found = f"one role owns and serves: {me} can switch off what keeps the audit trail from being changed"
        if deployment.in_production:
            yield warning(found, f"serve as a role that owns nothing, and migrate as {me}: {page}")
        else:
            yield ok(f"one role owns and serves: {me}")
    elif owned or may_create:
        told = [*owned] + [f"whoever may make tables and functions in the schema {schema}"] * (may_create and not owned)
        yield warning(
            f"two roles, but {me} has what is due to {' and '.join(told)}, and could put others in the place of the "
            "tables",
            f"give schema and database to {owner}, and: REVOKE CREATE ON SCHEMA {schema} FROM {me}, PUBLIC;",
        )
    elif beyond := run(_BEYOND)[0][0]:
        yield warning(
            f"two roles, but {me} has {beyond}; triggers refuse it still",
            f'as {owner}: charter db grants {me} | psql "$OWNER_URL"',
        )
    else:
        yield ok(f"two roles: {me} serves and owns nothing; the tables belong to {owner}, who migrates")
