"""A migrated database that test after test has for its own: put back to what it was, which is cheaper than a copy.

It is put back whole: every row, every sequence, and nobody else connected. Where a test has changed anything but rows,
a table or a function or a setting, nothing is fixed: the next test gets a copy of the template.
"""

import time
from collections.abc import Iterator

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from app.database import Database
from app.database.watchdog import PooledConnection
from tests import leaks

# What is deleted stays in the files, and makes plans that look at their size a little worse each time.
_MAX_USES = 100
# Catalogues in which a change of anything but rows shows; the first object that is not PostgreSQL's own has this oid.
_OURS = 16_384
_CATALOGUES = {
    "pg_class": f"oid >= {_OURS}",
    "pg_attribute": f"attrelid >= {_OURS}",
    "pg_proc": f"oid >= {_OURS}",
    "pg_type": f"oid >= {_OURS}",
    "pg_database": "datname = current_database()",
    "pg_db_role_setting": "setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))",
    **dict.fromkeys(("pg_attrdef", "pg_constraint", "pg_default_acl", "pg_event_trigger", "pg_extension"), "true"),
    **dict.fromkeys(("pg_index", "pg_inherits", "pg_namespace", "pg_policy", "pg_rewrite", "pg_sequence"), "true"),
    **dict.fromkeys(("pg_statistic_ext", "pg_trigger"), "true"),
}
# A row that was written again has a later transaction; one that is gone is missing in the count.
_FINGERPRINT = " UNION ALL ".join(
    f"SELECT '{name}', count(*), max(xmin::text::bigint) FROM {name} WHERE {which}"
    for name, which in _CATALOGUES.items()
)
_TABLES = """
SELECT c.oid::regclass::text,
       ARRAY(SELECT tgname::text FROM pg_trigger WHERE tgrelid = c.oid AND tgenabled IN ('A', 'R') ORDER BY 1)
FROM pg_class c WHERE relkind = 'r' AND relnamespace = quote_ident(current_schema())::regnamespace ORDER BY 1
"""
_SEQUENCES = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE relkind = 'S' AND relnamespace = quote_ident(current_schema())::regnamespace
"""
_END_OTHERS = """
SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ALL(%s)
"""
_CLEAN_SESSION = "RESET ALL; DEALLOCATE ALL; UNLISTEN *; SELECT pg_advisory_unlock_all()"


class CachedValue:
    """A fresh copy of the template, and what it takes to make it one again.

    Args:
        url: of the copy, to which nobody has written yet.
        apart: leads to it past a pooler, for the one session that keeps what it takes.
    """

    def __init__(self, url: str, *, apart: str) -> None:
        self.url = url
        self._uses = 0
        self._links: list[PooledConnection] = []
        self._connection = psycopg2.connect(apart)
        self._connection.autocommit = True
        # Rows go in any order, and what refuses their deletion is switched off by name.
        self._ask("SET session_replication_role = replica")
        self._ask(
            f"CREATE FUNCTION pg_temp.put_back() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {self._steps()} END $$"
        )
        self._search = leaks.query(self._connection)
        self._fingerprint = self._ask(_FINGERPRINT)

    def open(self) -> Database:
        """Return it as a pool, in which the sessions of the pool before are at rest."""
        database = Database(self.url, size=8)
        for link in self._links:
            link.created_at = time.monotonic()
        database._idle.extend(self._links)
        database._open = len(self._links)
        self._links = []
        return database

    def close(self, database: Database) -> None:
        """Keep the sessions of a pool for the next one, if all of them are at rest."""
        database.close()
        with database._free:
            if database._open == len(database._idle):
                self._links, database._open = list(database._idle), 0
                database._idle.clear()
        database.reset()

    def rows(self) -> Iterator[str]:
        """Yield every row of every table as text."""
        yield from (f"{table}: {row}" for table, row in self._ask(self._search))

    def altered(self) -> bool:
        """Tell whether anything but rows has changed; so it has where that cannot be told any more."""
        try:
            return self._ask(_FINGERPRINT) != self._fingerprint
        except psycopg2.Error:
            return True

    def put_back(self) -> bool:
        """Make it what it was, unless it is altered; return whether that was possible, and it is worth another use."""
        self._uses += 1
        if self._uses == _MAX_USES:
            return False
        try:
            links, self._links = self._links, []
            for link in links:
                if not link.is_closed_by_server() and link.get_transaction_status() == TRANSACTION_STATUS_IDLE:
                    link.cursor().execute(_CLEAN_SESSION)
                    self._links.append(link)
            self._ask(_END_OTHERS, [link.info.backend_pid for link in self._links])
            self._ask("SELECT pg_temp.put_back()")
            self._fingerprint = self._ask(_FINGERPRINT)
        except psycopg2.Error:
            return False
        return True

    def end(self) -> None:
        """Let go of it."""
        for connection in (*self._links, self._connection):
            connection.close()

    def _ask(self, sql: str, *values: object) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    def _steps(self) -> str:
        """Return the statements that put every table and sequence back, each only where it needs it."""
        made: list[str] = []
        for number, (table, guards) in enumerate(self._ask(_TABLES)):
            digest = f"(SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t)"
            changed, refill = f"EXISTS (SELECT FROM {table})", ""
            if filled := self._ask(f"SELECT {digest}")[0][0]:
                self._ask(f"CREATE TEMPORARY TABLE kept_{number} AS TABLE {table}")
                changed = f"{digest} IS DISTINCT FROM '{filled}'"
                refill = f"INSERT INTO {table} TABLE pg_temp.kept_{number};"
            off = [f"ALTER TABLE {table} DISABLE TRIGGER {guard};" for guard in guards]
            on = [f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard};" for guard in guards]
            made.append(f"IF {changed} THEN {' '.join(off)} DELETE FROM {table}; {refill} {' '.join(on)} END IF;")
        for (sequence,) in self._ask(_SEQUENCES):
            [(last, called)] = self._ask(f"SELECT last_value, is_called FROM {sequence}")
            changed = f"(SELECT (last_value, is_called) <> ({last}, {called}) FROM {sequence})"
            made.append(f"IF {changed} THEN PERFORM setval('{sequence}', {last}, {called}); END IF;")
        return " ".join(made)
