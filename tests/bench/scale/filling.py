"""A population written into a migrated database by COPY, in one transaction: all of it is there in the end, or none.

Indexes are built after their rows, which is several times quicker than row by row. The trail stays append-only: its
rows are inserted like any others, into the partitions that the database's own function makes.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from io import TextIOBase
from uuid import uuid4

import psycopg2
from psycopg2.extensions import cursor as Cursor

from app.security.passwords import Passwords
from tests.bench.scale.population import COLUMNS, OWN_ROLES, RARITIES, Block, Month, People, Population, Trail
from tests.bench.scale.progress import Progress
from tests.bench.scale.trail import LABELS, NULL, Words

PASSWORD = "correct horse battery staple"
"""Of every account that is made here."""

_CHUNK = 1 << 20

# Indexes that stand for no constraint, and references to other tables: what makes each row dear.
_COSTLY = """
SELECT 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid)
FROM pg_index WHERE indrelid = %(table)s::regclass
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)
UNION ALL
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
    format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE conrelid = %(table)s::regclass AND contype = 'f'
"""

# A month's partition and its bounds; the present one and those ahead are there since the migration.
_PARTITION = """
SELECT to_char(%(begin)s AT TIME ZONE 'UTC', '"charter_audit_entries_"YYYY_MM'),
       pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid =
    to_regclass(to_char(%(begin)s AT TIME ZONE 'UTC', '"charter_audit_entries_"YYYY_MM'))
"""


class Stream(TextIOBase):
    """Blocks of rows as a file that COPY reads, each counted when it is handed on."""

    def __init__(self, blocks: Iterable[Block], progress: Progress) -> None:
        self._blocks = iter(blocks)
        self._progress = progress
        self._rest = ""

    def read(self, size: int | None = -1) -> str:
        """Return up to so many characters, nothing at the end."""
        while not self._rest:
            rows, self._rest = next(self._blocks, (0, ""))
            if not self._rest:
                return ""
            self._progress.advance(rows)
        end = len(self._rest) if size is None or size < 0 else size
        taken, self._rest = self._rest[:end], self._rest[end:]
        return taken


def rows_of(population: Population) -> int:
    """Return how many rows are written."""
    return population.users * 2 + population.sessions + population.clients + population.events


def fill(url: str, population: Population, progress: Progress) -> None:
    """Write a population into a migrated database, and have its figures taken.

    Args:
        url: of the database; its roles are those of the migrations.
    """
    with closing(psycopg2.connect(url)) as connection:
        with connection, connection.cursor() as cursor:
            # Sorting for the indexes is most of the work.
            cursor.execute("SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL statement_timeout = 0")
            _write(cursor, population, progress)
        connection.autocommit = True
        progress.begin("taking figures (VACUUM ANALYZE)")
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
    progress.end()


def _write(cursor: Cursor, population: Population, progress: Progress) -> None:
    people = People(population, _roles(cursor), Passwords(15, 256, 10).hash(PASSWORD))
    trail = Trail(population, people, *_words(cursor))
    with _cheaper(cursor, "users", progress):
        _copy(cursor, "users", "users", people.users(), progress)
    with _cheaper(cursor, "user_profiles", progress):
        _copy(cursor, "user_profiles", "user_profiles", people.profiles(), progress)
    with _cheaper(cursor, "sessions", progress):
        _copy(cursor, "sessions", "sessions", people.sessions(), progress)
    _copy(cursor, "audit_clients", "audit_clients", trail.clients(), progress)
    # Backwards: the function makes a month and three that follow, which are then there.
    for month in reversed(trail.months()):
        with _apart(cursor, month, progress) as partition:
            _copy(cursor, partition, "charter_audit_entries", trail.events(month), progress)


def _roles(cursor: Cursor) -> dict[str, str]:
    """Make the roles of the population's own; return the id of each role by its name."""
    for name, permissions in OWN_ROLES.items():
        cursor.execute(
            "INSERT INTO roles (id, name, description) VALUES (%s, %s, 'Made with a large population.')"
            " ON CONFLICT DO NOTHING RETURNING id",
            (str(uuid4()), name),
        )
        for (role_id,) in cursor.fetchall():
            for permission in ("account:read", "account:update", "sessions:end", *permissions):
                cursor.execute(
                    "INSERT INTO role_permissions (id, role_id, permission) VALUES (%s, %s, %s)",
                    (str(uuid4()), role_id, permission),
                )
    cursor.execute("SELECT name, id::text FROM roles")
    return dict(cursor.fetchall())


def _words(cursor: Cursor) -> tuple[dict[Words, int], dict[str, int]]:
    """Let the trail learn the words of the population; return the number of each label, and of each role's name."""
    labels, roles = {}, {}
    for words in LABELS:
        known = [None if word == NULL else word for word in words]
        cursor.execute("SELECT charter_learn_audit_label(%s, %s, %s, %s, %s)", known)
        [(labels[words],)] = cursor.fetchall()
    for name in (*(name for name, _, _ in RARITIES), "user", "cli"):
        cursor.execute("SELECT charter_learn_audit_role(%s)", (name,))
        [(roles[name],)] = cursor.fetchall()
    return labels, roles


def _copy(cursor: Cursor, table: str, kind: str, blocks: Iterator[Block], progress: Progress) -> None:
    progress.begin(table)
    cursor.copy_expert(f"COPY {table} ({COLUMNS[kind]}) FROM STDIN", Stream(blocks, progress), size=_CHUNK)


@contextmanager
def _cheaper(cursor: Cursor, table: str, progress: Progress) -> Iterator[None]:
    """Let a table do without its indexes for the length of a block."""
    cursor.execute(_COSTLY, {"table": table})
    costly = cursor.fetchall()
    for drop, _ in costly:
        cursor.execute(drop)
    yield
    for _, make in costly:
        progress.begin(f"{table}: {' '.join(make.split()[2:3])}")
        cursor.execute(make)


@contextmanager
def _apart(cursor: Cursor, month: Month, progress: Progress) -> Iterator[str]:
    """Take the partition of a month out of the trail, without its indexes, for the length of a block."""
    cursor.execute("SELECT ensure_audit_partitions(%s)", (month.begin,))
    cursor.execute(_PARTITION, {"begin": month.begin})
    partition, bounds = cursor.fetchone() or ("", "")
    cursor.execute(f"ALTER TABLE charter_audit_entries DETACH PARTITION {partition}")
    with _cheaper(cursor, partition, progress):
        yield partition
    progress.begin(f"{partition}: attaching")
    cursor.execute(f"ALTER TABLE charter_audit_entries ATTACH PARTITION {partition} {bounds}")
