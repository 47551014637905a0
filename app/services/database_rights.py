"""The rights that the serving role needs in the database: one list for grants, the start, health and doctor.

The serving role owns nothing, and gets only the rights that the statements of this code use. It may read and write
tables that the list does not name, such as those of a later migration.
"""

from collections.abc import Mapping
from typing import NamedTuple

from app.database.tables import all_models, table_of
from charter import run

ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")

# Locking a row (FOR UPDATE) needs UPDATE. A row that ON DELETE CASCADE deletes needs nothing.
_REDUCED_PRIVILEGES: Mapping[str, tuple[str, ...]] = {
    "activity_hours": ("SELECT", "INSERT", "UPDATE"),
    "activity_watermarks": ("SELECT", "UPDATE"),
    "audit_clients": ("SELECT", "INSERT"),
    "charter_audit_entries": ("SELECT", "INSERT"),
    "charter_audit_labels": ("SELECT",),
    "charter_audit_roles": ("SELECT",),
    "charter_chore_runs": ("SELECT", "INSERT", "UPDATE"),
    "health_checks": ("SELECT", "UPDATE"),
    "removed_sessions": ("SELECT", "INSERT", "DELETE"),
    "role_permissions": ("SELECT", "INSERT", "DELETE"),
    "user_profiles": ("SELECT", "INSERT", "UPDATE"),
}

# The server only reads the history of migrations, and the rows of the trail that are in no month's partition. Servers
# of the release before this one read and write the trail by a view.
_BESIDE_MODELS = {
    "migratehistory": ("SELECT",),
    "charter_audit_entries_default": ("SELECT",),
    "audit_events": ("SELECT", "INSERT"),
}

# Only the owner calls these, or functions that run in the owner's name.
_OF_THE_OWNER = ("ensure_audit_partitions", "lowest_id")

# The schema of our tables is the first of the search path that has their history, even if the role may not use it.
# PostgreSQL's own functions have lower oids than 16384; they are left out.
_SCHEMA = """
path AS (
    SELECT replace(trim(part, ' "'), '$user', current_user) AS name, number
    FROM unnest(string_to_array(current_setting('search_path'), ',')) WITH ORDINALITY AS parts (part, number)
), schema AS MATERIALIZED (
    SELECT n.oid, n.nspname AS name, c.relowner AS owner FROM path
    JOIN pg_namespace n ON n.nspname = path.name
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'migratehistory'
    ORDER BY number LIMIT 1
), function AS MATERIALIZED (
    SELECT p.oid, format('%%I.%%I(%%s)', schema.name, p.proname, pg_get_function_identity_arguments(p.oid)) AS name
    FROM schema JOIN pg_proc p ON p.pronamespace = schema.oid AND p.oid >= 16384
    WHERE p.prorettype <> 'trigger'::regtype AND p.proname <> ALL (%(others)s)
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
)
"""

_MISSING_RIGHTS = f"""
WITH {_SCHEMA}, missing AS (
    SELECT 1 AS part, 'CONNECT' AS privilege, 'DATABASE' AS kind, quote_ident(current_database()) AS thing
    WHERE NOT has_database_privilege(current_database(), 'CONNECT')
    UNION ALL
    SELECT 2, 'USAGE', 'SCHEMA', quote_ident(name) FROM schema WHERE NOT has_schema_privilege(oid, 'USAGE')
    UNION ALL
    SELECT 3, string_agg(required.privilege, ', ' ORDER BY required.number), 'TABLE',
        format('%%I.%%I', schema.name, required.name)
    FROM schema
    CROSS JOIN unnest(%(tables)s::text[], %(privileges)s::text[]) WITH ORDINALITY AS required (name, privilege, number)
    JOIN pg_class c ON c.relnamespace = schema.oid AND c.relname = required.name
    WHERE NOT has_table_privilege(c.oid, required.privilege)
    GROUP BY schema.name, required.name
    UNION ALL
    SELECT 4, 'EXECUTE', 'FUNCTION', name FROM function WHERE NOT has_function_privilege(oid, 'EXECUTE')
)
SELECT privilege, kind, thing, quote_ident(current_user) FROM missing ORDER BY part, thing
"""  # noqa: S608 (constants of this file)

_OWNER = f"""
WITH {_SCHEMA}
SELECT quote_ident(current_database()), quote_ident(schema.name), schema.owner::regrole::text,
       ARRAY(SELECT name FROM function ORDER BY name),
       ARRAY(SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = schema.oid AND relname = ANY (%(tables)s)),
       ARRAY(SELECT format('%%I.%%I', n.nspname, part.relname) FROM pg_inherits
             JOIN pg_class part ON part.oid = inhrelid JOIN pg_namespace n ON n.oid = part.relnamespace
             JOIN pg_class log ON log.oid = inhparent AND log.relname = 'charter_audit_entries'
             WHERE log.relnamespace = schema.oid AND part.relname <> 'charter_audit_entries_default' ORDER BY 1),
       (SELECT quote_ident(%(role)s)), %(role)s = pg_get_userbyid(schema.owner),
       EXISTS (SELECT FROM pg_roles WHERE rolname = %(role)s)
FROM schema
"""  # noqa: S608


class MissingRight(NamedTuple):
    """A right that the connected role lacks.

    Attributes:
        right: such as `INSERT on table public.audit_events`.
        grant: the statement that grants it.
    """

    right: str
    grant: str


class Grants(NamedTuple):
    """The statements that grant a role all it needs.

    Attributes:
        script: statements for the owner of the tables.
        exists: whether the role exists.
        owns: whether the role owns the tables, and so needs nothing.
    """

    script: str
    exists: bool
    owns: bool


def required_privileges() -> dict[str, tuple[str, ...]]:
    """Return the privileges that serving needs, by table; those of a project are its models'."""
    tables = [table_of(model) for model in all_models()]
    return {table: _REDUCED_PRIVILEGES.get(table, ALL) for table in sorted(tables)} | _BESIDE_MODELS


def missing_rights() -> list[MissingRight]:
    """Return every right that the connected role needs and lacks, in one statement that reads catalogues only.

    A table that does not exist is left out: a migration will create it.
    """
    pairs = [(table, privilege) for table, privileges in required_privileges().items() for privilege in privileges]
    tables, privileges = map(list, zip(*pairs, strict=True))
    rows = run(_MISSING_RIGHTS, {"tables": tables, "privileges": privileges, "others": list(_OF_THE_OWNER)})
    return [
        MissingRight(f"{privilege} on {kind.lower()} {thing}", f"GRANT {privilege} ON {kind} {thing} TO {role};")
        for privilege, kind, thing, role in rows
    ]


def missing_tables() -> list[str]:
    """Return the names of the tables that serving needs and that the search path does not reach."""
    rows = run(
        "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NULL ORDER BY 1",
        (list(required_privileges()),),
    )
    return [name for (name,) in rows]


def connected_role() -> str:
    """Return the name of the connected role, in quotes where SQL needs them."""
    return str(run("SELECT quote_ident(current_user)")[0][0])


def grants(role: str) -> Grants | None:
    """Return the statements that grant a role all it needs to serve and revoke the rest; None without tables.

    Args:
        role: its name in PostgreSQL, without quotes.
    """
    privileges_by_table = required_privileges()
    rows = run(_OWNER, {"tables": list(privileges_by_table), "others": list(_OF_THE_OWNER), "role": role})
    if not rows:
        return None
    database, schema, owner, functions, tables, partitions, quoted, owns, exists = rows[0]
    names = {table: f"{schema}.{table}" for table in privileges_by_table if table in tables}
    by_privileges: dict[tuple[str, ...], list[str]] = {}
    for table, name in names.items():
        by_privileges.setdefault(privileges_by_table[table], []).append(name)
    by_table = [
        f"GRANT {', '.join(privileges)} ON TABLE {_listed(grouped)} TO {quoted};"
        for privileges, grouped in by_privileges.items()
    ]
    future = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT"
    lines = [
        f"-- Grants the role {quoted} what it needs to serve from the schema {schema} of the database {database},",
        f"-- and no more. Run it as {owner}, who owns the tables. You may run it again at any time.",
        "BEGIN;",
        f"GRANT CONNECT ON DATABASE {database} TO {quoted};",
        f"GRANT USAGE ON SCHEMA {schema} TO {quoted};",
        f"REVOKE ALL ON TABLE {_listed([*names.values(), *partitions])} FROM {quoted};",
        *by_table,
        f"GRANT EXECUTE ON FUNCTION {_listed(functions)} TO {quoted};",
        "-- For what later migrations create.",
        f"{future} {', '.join(ALL)} ON TABLES TO {quoted};",
        f"{future} USAGE ON SEQUENCES TO {quoted};",
        f"{future} EXECUTE ON FUNCTIONS TO {quoted};",
        "COMMIT;",
    ]
    return Grants("\n".join(lines), exists, owns)


def _listed(names: list[str]) -> str:
    return ", ".join(names)
