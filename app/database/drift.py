"""The differences between the models and a migrated schema, in both directions, down to types and index columns.

Both sides are described in the same words, which come from the catalogue of PostgreSQL. For the models, their tables
are created as temporary tables of the same database and rolled back again.
"""

from collections.abc import Iterable

from peewee import Model

from app.database.pool import Database

# The migrator keeps this table itself.
_NOT_MODELLED = {"migratehistory"}

# The schema of our tables: the one of the migration history, else the one where new tables are created.
_SCHEMA = """
SELECT coalesce((SELECT relnamespace FROM pg_class WHERE oid = to_regclass('migratehistory')),
                to_regnamespace(quote_ident(current_schema())))::oid
"""

# A role may create temporary tables even where it may create no others.
_TEMPORARY_SCHEMA = "pg_my_temp_schema()"

_FACTS = """
WITH tables AS (
    SELECT c.oid, c.relname FROM pg_class c
    WHERE c.relnamespace = {schema} AND c.relkind IN ('r', 'p') AND NOT c.relispartition
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
SELECT relname, replace(pg_get_constraintdef(con.oid), {schema}::regnamespace::text || '.', '')
FROM tables JOIN pg_constraint con ON conrelid = tables.oid AND contype IN ('c', 'f')
"""


def drift(database: Database, models: Iterable[type[Model]]) -> list[str]:
    """Compare models with the schema of the connected database.

    Args:
        models: all models.

    Returns:
        One line for each difference, sorted; an empty list when there is none.
    """
    with database.connection_context():
        migrated = _modelled(facts(database, schema_of_tables(database)))
        modelled = _facts_of_models(database, list(models))
    only_migrated = [f"only in the database: {table}: {fact}" for table, fact in migrated - modelled]
    only_modelled = [f"only in the models: {table}: {fact}" for table, fact in modelled - migrated]
    return sorted(only_migrated + only_modelled)


def schema_of_tables(database: Database) -> str:
    """Return the SQL expression for the schema of our tables."""
    schema = database.execute_sql(_SCHEMA).fetchone()[0]
    return f"{int(schema)}::oid"


def facts(database: Database, schema: str) -> set[tuple[str, str]]:
    """Return (table, fact) for each table, column, index and constraint of a schema.

    Args:
        schema: an SQL expression.
    """
    return set(database.execute_sql(_FACTS.format(schema=schema)).fetchall())


def _modelled(rows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(table, fact) for table, fact in rows if table not in _NOT_MODELLED}


def _facts_of_models(database: Database, models: list[type[Model]]) -> set[tuple[str, str]]:
    with database.bind_ctx(models), database.atomic() as savepoint:
        database.execute_sql("SET LOCAL search_path = pg_temp")
        database.create_tables(models, safe=False)
        modelled = _modelled(facts(database, _TEMPORARY_SCHEMA))
        savepoint.rollback()
    return modelled
