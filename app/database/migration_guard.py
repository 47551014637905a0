"""What a migration of a project must not do: end its transaction, or change a table or function of Charter's."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peewee import QueryEvent
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from app import resources
from app.database.drift import facts, schema_of_tables
from app.database.pool import Database
from app.database.tables import is_charters

_SQL_FUNCTIONS = frozenset(path.stem for path in (resources.APP / "database" / "functions").glob("*.sql"))
_MAX_SHOWN = 3

# A row that refers to one that is missing, which PostgreSQL notices at COMMIT. `_DISARM` comes just before our own.
_ARM = """
CREATE TEMPORARY TABLE charter_migration_ends (id int PRIMARY KEY) ON COMMIT DROP;
CREATE TEMPORARY TABLE charter_migration (
    ends int CONSTRAINT charter_migration_goes_on
        REFERENCES charter_migration_ends DEFERRABLE INITIALLY DEFERRED
) ON COMMIT DROP;
INSERT INTO charter_migration VALUES (1)
"""
_IS_ARMED = "SELECT to_regclass('pg_temp.charter_migration') IS NOT NULL"
_DISARM = "DELETE FROM pg_temp.charter_migration"
_MAY_ARM = "SELECT has_database_privilege(current_database(), 'TEMPORARY')"
_CONSTRAINT = "charter_migration_goes_on"

_MORE_FACTS = """
SELECT relname::text, 'partition of ' || inhparent::regclass
FROM pg_class c JOIN pg_inherits ON inhrelid = c.oid WHERE relnamespace = {schema} AND relkind IN ('r', 'p')
UNION ALL
SELECT relname, concat_ws(' ', 'owner', relowner::regrole, CASE WHEN relrowsecurity THEN 'row security' END)
FROM pg_class WHERE relnamespace = {schema} AND relkind IN ('r', 'p')
UNION ALL
SELECT relname, 'trigger ' || tgname || ' (' || tgenabled::text || ') ' || pg_get_triggerdef(t.oid)
FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = {schema} AND NOT tgisinternal
"""
_FUNCTIONS = """
SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = {schema} AND prokind = 'f'
"""


class ForbiddenChange(Exception):
    """A migration did what it must not do.

    Attributes:
        line: of its file; None if that is not known.
        undone: whether the transaction is rolled back, so that nothing has changed.
    """

    def __init__(self, message: str, *, line: int | None = None, undone: bool = True) -> None:
        self.line, self.undone = line, undone
        super().__init__(message)


@contextmanager
def guarded(database: Database, path: Path, *, atomic: bool) -> Iterator[None]:
    """Raise an error if the block ends the open transaction, or changes what is Charter's.

    Args:
        path: of the file whose statements run in the block.
        atomic: whether a transaction is open.

    Raises:
        ForbiddenChange: after the block, or when the transaction ends in it.
    """
    before = _charters(database)
    armed = atomic and database.execute_sql(_MAY_ARM).fetchone()[0]
    if armed:
        database.execute_sql(_ARM)
    watch = _Watch(database, path, atomic=atomic)
    database.query_hooks.append(watch)
    try:
        yield
        if armed and not database.execute_sql(_IS_ARMED).fetchone()[0]:
            raise ForbiddenChange(_ENDED, line=watch.last_line, undone=False)
        changed = sorted(before ^ _charters(database))
        if changed:
            raise ForbiddenChange(_told(changed), line=watch.line_about(changed), undone=atomic)
    finally:
        database.query_hooks.remove(watch)
    if armed:
        database.execute_sql(_DISARM)


_ENDED = (
    "it ends the transaction that it runs in: leave out COMMIT and ROLLBACK, and a SET CONSTRAINTS ALL IMMEDIATE, "
    "or write `atomic = False` at the top of the file"
)


def ends_transaction(error: BaseException) -> bool:
    """Return whether an error is what PostgreSQL says of a COMMIT in a guarded block."""
    chain = (error, error.__cause__, error.__context__)
    return any(getattr(getattr(each, "diag", None), "constraint_name", None) == _CONSTRAINT for each in chain)


def forbidden_end() -> ForbiddenChange:
    """Return the error for a COMMIT that PostgreSQL refused."""
    return ForbiddenChange(_ENDED)


class _Watch:
    """Notes the line of each statement, and stops after one that ended the transaction."""

    def __init__(self, database: Database, path: Path, *, atomic: bool) -> None:
        self._database = database
        self._path = str(path)
        self._atomic = atomic
        self._statements: list[tuple[int, str]] = []

    def __call__(self, event: QueryEvent) -> None:
        line = self._line()
        if line is not None:
            self._statements.append((line, str(event.sql)))
        if self._atomic and event.exception is None and self._status() == TRANSACTION_STATUS_IDLE:
            raise ForbiddenChange(_ENDED, line=line, undone=False)

    @property
    def last_line(self) -> int | None:
        """The line of the last statement."""
        return self._statements[-1][0] if self._statements else None

    def line_about(self, changed: list[tuple[str, str]]) -> int | None:
        """Return the line of the first statement that names something of what changed, else of the last one."""
        names = {name for name, _ in changed}
        found = (line for line, sql in self._statements if any(name in sql for name in names))
        return next(found, self.last_line)

    def _status(self) -> int:
        return int(self._database.connection().get_transaction_status())

    def _line(self) -> int | None:
        frame = sys._getframe()  # noqa: SLF001  # documented, and much cheaper than a traceback
        while frame is not None:
            if frame.f_code.co_filename == self._path:
                return frame.f_lineno
            frame = frame.f_back  # type: ignore[assignment]
        return None


def _charters(database: Database) -> set[tuple[str, str]]:
    """Return what the catalogue of PostgreSQL says of the tables and functions of Charter."""
    schema = schema_of_tables(database)
    rows = facts(database, schema) | set(database.execute_sql(_MORE_FACTS.format(schema=schema)).fetchall())
    functions = database.execute_sql(_FUNCTIONS.format(schema=schema)).fetchall()
    return {(name, fact) for name, fact in rows if is_charters(name)} | {
        (name, fact) for name, fact in functions if name in _SQL_FUNCTIONS
    }


def _told(changed: list[tuple[str, str]]) -> str:
    shown = [f"{name}: {fact.partition(chr(10))[0].rstrip()}" for name, fact in changed[:_MAX_SHOWN]]
    more = f" and {len(changed) - _MAX_SHOWN} more" if len(changed) > _MAX_SHOWN else ""
    return (
        f"it changes tables or functions of Charter's ({'; '.join(shown)}{more}): "
        "keep what is yours in tables of your own, which may refer to Charter's"
    )
