"""What the database does to the rows of a project when an account is deleted: it deletes some, and changes others.

No operation names these rows, so here their versions are raised, and the cached responses of the project become
invalid (law 6).
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from app.cache.tags import ACCOUNTS
from app.context.invalidations import queue_invalidations
from app.database.tables import has_project_tables, is_charters
from charter import Context, run

_LINKS = """
SELECT conrelid::regclass::text, quote_ident(own.attname), confrelid = 'users'::regclass, confrelid::regclass::text,
    quote_ident(other.attname), confdeltype = 'c', EXISTS (
        SELECT FROM pg_attribute v WHERE v.attrelid = conrelid AND v.attname = 'version' AND NOT v.attisdropped
        AND v.atttypid IN ('integer'::regtype, 'bigint'::regtype))
FROM pg_constraint
JOIN pg_attribute own ON own.attrelid = conrelid AND own.attnum = conkey[1]
JOIN pg_attribute other ON other.attrelid = confrelid AND other.attnum = confkey[1]
WHERE contype = 'f' AND confdeltype IN ('c', 'n', 'd') AND cardinality(conkey) = 1 AND conparentid = 0
"""


class _Link(NamedTuple):
    """A foreign key by which a deletion changes or deletes other rows; names are quoted where that is needed."""

    table: str
    column: str
    to_users: bool
    target: str
    key: str
    deletes: bool
    has_version: bool


def note_deletion(context: Context, user_id: UUID) -> None:
    """Prepare for the deletion of an account, in the open transaction.

    Raise the version of each row that will lose its reference to the account, or to a row that is deleted with it.
    """
    cache = context.dependencies.cache
    # A command has no cache, and does not know the tables of the project.
    if cache is not None and not has_project_tables():
        return
    tables, changed = _affected(_Link(*row) for row in run(_LINKS))
    for table, conditions in changed.items():
        # The names come from the catalogue, quoted; the id is a parameter.
        run(f"UPDATE {table} SET version = version + 1 WHERE {' OR '.join(conditions)}", {"id": user_id})  # noqa: S608
    if not all(map(_is_charters, tables)):
        queue_invalidations((ACCOUNTS,), cache=cache)


def _affected(links: Iterable[_Link]) -> tuple[set[str], Mapping[str, list[str]]]:
    """Return the tables that are changed, and for each one with versions the conditions of the rows that stay."""
    links, tables, changed = list(links), set[str](), dict[str, list[str]]()

    def follow(of: Iterable[_Link], condition: str | None, path: tuple[str, ...]) -> None:
        for link in of:
            rows = f"{link.column} = %(id)s"
            if condition is not None:
                rows = f"{link.column} IN (SELECT {link.key} FROM {link.target} WHERE {condition})"  # noqa: S608
            tables.add(link.table)
            if not link.deletes:
                if link.has_version:
                    changed.setdefault(link.table, []).append(rows)
            elif link.table not in path:
                follow([each for each in links if each.target == link.table], rows, (*path, link.table))

    follow([link for link in links if link.to_users], None, ())
    return tables, changed


def _is_charters(table: str) -> bool:
    return is_charters(table.rpartition(".")[2].strip('"'))
