"""The difference between the models and a migrated schema, in both directions, down to types and index columns.

Both are reduced to the same facts in words: the models by creating their tables in a scratch schema of the same
database, the database by asking its catalogue. What is compared is then PostgreSQL's own account of each.
"""

from collections.abc import Iterable

from peewee import Model

from app.database.pool import Database

_SCRATCH = "charter_drift"

# Kept by the migrator itself.
_NOT_MODELLED = {"migratehistory"}

_FACTS = """
WITH tables AS (
    SELECT c.oid, c.relname FROM pg_class c
    WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
)
SELECT relname, 'table' FROM tables
UNION ALL
SELECT relname, concat_ws(' ', 'column', attname, format_type(atttypid, atttypmod),
    CASE WHEN attcollation <> t.typcollation THEN 'collate ' || attcollation::regcollation END,
    CASE WHEN attnotnull THEN 'not null' END, CASE WHEN attidentity <> '' THEN 'identity' END,
    'default ' || pg_get_expr(adbin, adrelid))
FROM tables JOIN pg_attribute ON attrelid = tables.oid AND attnum > 0 AND NOT attisdropped
JOIN pg_type t ON t.oid = atttypid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
UNION ALL
SELECT relname, concat_ws(' ', CASE WHEN indisunique THEN 'unique' END, 'index (' || (
    SELECT string_agg(pg_get_indexdef(indexrelid, n, true) || ' ' || opcname, ', ' ORDER BY n)
    FROM generate_series(1, indnkeyatts) n JOIN pg_opclass o ON o.oid = indclass[n - 1]) || ')',
    'where ' || pg_get_expr(indpred, indrelid))
FROM tables JOIN pg_index ON indrelid = tables.oid
UNION ALL
SELECT relname, replace(pg_get_constraintdef(con.oid), %(schema)s || '.', '')
FROM tables JOIN pg_constraint con ON conrelid = tables.oid AND contype IN ('c', 'f')
"""


def drift(database: Database, models: Iterable[type[Model]]) -> list[str]:
    """Compare models with the schema of the connected database.

    Args:
        models: every model there is.

    Returns:
        A line for each fact that only one side knows, sorted; none when they are equal.
    """
    with database.connection_context():
        migrated = _facts(database, "public")
        modelled = _facts_of_models(database, list(models))
    only_migrated = [f"only in the database: {table}: {fact}" for table, fact in migrated - modelled]
    only_modelled = [f"only in the models: {table}: {fact}" for table, fact in modelled - migrated]
    return sorted(only_migrated + only_modelled)


def _facts(database: Database, schema: str) -> set[tuple[str, str]]:
    rows = database.execute_sql(_FACTS, {"schema": schema}).fetchall()
    return {(table, fact) for table, fact in rows if table not in _NOT_MODELLED}


def _facts_of_models(database: Database, models: list[type[Model]]) -> set[tuple[str, str]]:
    with database.bind_ctx(models), database.atomic() as scratch:
        database.execute_sql(f"CREATE SCHEMA {_SCRATCH}")
        database.execute_sql(f"SET LOCAL search_path = {_SCRATCH}")
        database.create_tables(models, safe=False)
        facts = _facts(database, _SCRATCH)
        scratch.rollback()
    return facts
