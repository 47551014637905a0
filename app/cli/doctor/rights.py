"""What the connected role may do: enough to serve, and not so much that the audit trail could be rewritten."""

from collections.abc import Iterator
from typing import Any

import models
from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, counted, failed, ok, warning
from app.database import run

# The log is only ever read and added to, its clients can also be erased; the history is the migrations' own.
_READ_AND_ADD = ("SELECT", "INSERT")
_ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
_NEEDED = {"audit_events": _READ_AND_ADD, "migratehistory": ("SELECT",)}

_LACKING = """
SELECT quote_ident(wish.name), wish.privilege
FROM unnest(%s::text[], %s::text[]) wish (name, privilege)
WHERE to_regclass(wish.name) IS NOT NULL AND NOT has_table_privilege(wish.name, wish.privilege)
"""

# Functions of the migrations: those in the schema of the tables that no extension brought, triggers aside.
_BARRED = """
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('sessions'))
  AND p.prorettype <> 'trigger'::regtype AND NOT has_function_privilege(p.oid, 'EXECUTE')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""

_OWNERSHIP = """
SELECT quote_ident(current_user), quote_ident(pg_get_userbyid(c.relowner)), n.nspname::regnamespace::text,
       pg_has_role(c.relowner, 'USAGE'), has_schema_privilege(n.oid, 'CREATE')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass('audit_events')
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
    tables = [getattr(models, name)._meta.table_name for name in models.__all__]  # noqa: SLF001  # Peewee's public name
    wishes = [(name, privilege) for name in (*tables, "migratehistory") for privilege in _NEEDED.get(name, _ALL)]
    lacking: list[tuple[Any, ...]] = run(_LACKING, tuple(map(list, zip(*wishes, strict=True))))
    barred = [function for (function,) in run(_BARRED)]
    if not lacking and not barred:
        yield ok(f"it may do all it needs in {counted(len(tables), 'table')}")
        return
    me = run("SELECT quote_ident(current_user)")[0][0]
    grants = [
        f"GRANT {', '.join(privilege for name, privilege in lacking if name == table)} ON {table} TO {me};"
        for table in dict.fromkeys(name for name, _ in lacking)
    ]
    grants += [f"GRANT EXECUTE ON FUNCTION {function} TO {me};" for function in barred]
    without = [*(f"{privilege} on {name}" for name, privilege in lacking), *(f"EXECUTE on {name}" for name in barred)]
    yield failed(f"{me} has no {', '.join(without)}", f"as the owner of the tables: {' '.join(grants)}")


def ownership(_: Deployment) -> Iterator[Verdict]:
    """Migrations, and the upkeep that makes partitions of the audit trail, need the owner of the tables."""
    me, owner, place, is_owner, may_create = run(_OWNERSHIP)[0]
    if not is_owner:
        yield warning(
            f"the tables belong to {owner}: {me} can neither migrate nor make partitions of the audit trail",
            f"run charter db migrate as {owner} with each release and each month, or: GRANT {owner} TO {me}",
        )
    elif not may_create:
        yield warning(
            f"{me} may not make tables: it can neither migrate nor make partitions of the audit trail",
            f"as the owner of the schema: GRANT CREATE ON SCHEMA {place} TO {me};",
        )
    else:
        yield ok(f"{me} owns the tables, and may migrate")
