"""PgBouncer in transaction mode in front of PostgreSQL, and the tests of the statements behind it.

Databases are made and dropped on the server itself; all else, migrations included, comes through PgBouncer. The module
is also the plugin of pytest that leaves out what cannot run there, and looks for state that a test has left behind.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2
import psycopg2.extras
import pytest

from app.embedded import start_postgres
from app.embedded.installation import find_installation
from tests.folders import remove
from tests.prove.left_out import LEFT_OUT
from tests.prove.proof import STATEMENTS, free_port, until_reached
from tests.servers import ADMIN_URL, AT_ONCE

ROOT = Path(__file__).resolve().parents[2]
# Fewer than a worker has threads, so that clients have to share.
POOL_SIZE = 6
# A whole run has several times as many.
LEAST_TRANSACTIONS = 20_000
_STOP_SECONDS = 10

# What a server connection would carry from one client to the next. Of the settings named PgBouncer itself keeps track,
# and those of the transaction end with it.
_STATE = """
SELECT 'prepared statement ' || name FROM pg_prepared_statements
UNION ALL SELECT 'setting ' || name FROM pg_settings WHERE source = 'session' AND name NOT IN
    ('application_name', 'client_encoding', 'DateStyle', 'standard_conforming_strings', 'TimeZone',
     'transaction_isolation', 'transaction_read_only', 'transaction_deferrable')
UNION ALL SELECT 'channel ' || pg_listening_channels()
UNION ALL SELECT 'temporary table ' || relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()
UNION ALL SELECT 'cursor ' || name FROM pg_cursors WHERE is_holdable
UNION ALL SELECT 'advisory lock ' || objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
"""

# Nothing is said of server_reset_query or ignore_startup_parameters: what a client may not do must fail.
_INI = """
[databases]
* = host={sockets} port=5432

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {place}/users.txt
auth_user = charter
admin_users = charter
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 1000
log_connections = 0
log_disconnections = 0
"""


class PgBouncer:
    """A PgBouncer on the loopback in front of an embedded PostgreSQL, both of its own.

    Args:
        place: made for it.
        program: the path of pgbouncer.

    Attributes:
        url: leads through it; any database of the server may be named.
        direct_url: leads to the server.
    """

    def __init__(self, place: Path, program: str) -> None:
        place.mkdir()
        place.chmod(0o711)
        self._place = place
        self._server = start_postgres(place, durable=False)
        self.direct_url = self._server.url
        port = free_port()
        self.url = f"postgresql://charter@/charter?host=127.0.0.1&port={port}"
        sockets = parse_qs(urlsplit(self.direct_url).query)["host"][0]
        (place / "users.txt").write_text('"charter" ""\n')
        configuration = place / "pgbouncer.ini"
        configuration.write_text(_INI.format(sockets=sockets, port=port, place=place, pool_size=POOL_SIZE))
        self._log = place / "pgbouncer.log"
        home = find_installation(place)
        assert home is not None
        with self._log.open("wb") as log:
            # Like PostgreSQL it refuses to be root, and it must reach the socket of the one that runs here.
            self._process = subprocess.Popen(
                [program, str(configuration)], stdout=log, stderr=log, **home.process_options
            )
        until_reached(
            self._process, lambda: psycopg2.connect(self.url).close(), psycopg2.OperationalError, self._log.read_text
        )

    def transactions(self) -> int:
        """Return how many transactions it has passed on for databases of the tests."""
        url = self.url.replace("/charter?", "/pgbouncer?")
        with contextlib.closing(psycopg2.connect(url)) as console:
            console.autocommit = True
            with console.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute("SHOW STATS")
                return sum(
                    int(row["total_xact_count"]) for row in cursor if row["database"].startswith("charter_tests_")
                )

    def is_shared(self) -> bool:
        """Tell whether clients that stay connected are given one and the same connection to the server, in turn."""
        with contextlib.ExitStack() as stack:
            clients = [
                stack.enter_context(contextlib.closing(psycopg2.connect(self.url))) for _ in range(2 * POOL_SIZE)
            ]
            backends = set()
            for client in clients:
                client.autocommit = True
                with client.cursor() as cursor:
                    cursor.execute("SELECT pg_backend_pid()")
                    backends.add(cursor.fetchone())
            return len(backends) == 1

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(_STOP_SECONDS)
        self._server.stop()
        remove(self._place)


def carry_the_suite(place: Path, program: str, *only: str) -> None:
    """Run the tests of the statements through a PgBouncer.

    Args:
        only: tests to run; none: all of them, and then many transactions must have come through.

    Raises:
        subprocess.CalledProcessError: a test failed.
        AssertionError: they cannot have come through it, or not as clients that share.
    """
    bouncer = PgBouncer(place, program)
    try:
        assert bouncer.is_shared()
        _check_left_out()
        suite = ["-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", "-p", __name__]
        urls = {"DATABASE_URL": bouncer.url, ADMIN_URL: bouncer.direct_url, AT_ONCE: str(POOL_SIZE)}
        subprocess.run(
            [sys.executable, *suite, *(only or STATEMENTS)], cwd=ROOT, check=True, env={**os.environ, **urls}
        )
        passed_on = bouncer.transactions()
        print(f"PgBouncer passed {passed_on} transactions on, over {POOL_SIZE} connections to a database at most")
        assert passed_on >= (1 if only else LEAST_TRANSACTIONS), f"only {passed_on} transactions came through PgBouncer"
    finally:
        bouncer.stop()


def _check_left_out() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", *STATEMENTS]
    tests = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    idle = [name for name in LEFT_OUT if not any(test.startswith(name) for test in tests)]
    assert not idle, f"tests/prove/left_out.py names what is no test: {', '.join(idle)}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run behind PgBouncer."""
    left = [item for item in items if item.nodeid.startswith(tuple(LEFT_OUT))]
    items[:] = [item for item in items if item not in left]
    config.hook.pytest_deselected(items=left)


@pytest.fixture(autouse=True)
def no_state_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test after which a connection to its database is not as it was made."""
    url = request.getfixturevalue("database_url") if "database_url" in request.fixturenames else None
    yield
    if url is not None:
        assert _state_left(url) == set()


def _state_left(url: str) -> set[str]:
    """Take every connection that PgBouncer has to a database, all at once, and return what each would hand on."""
    name = urlsplit(url).path[1:]
    with contextlib.ExitStack() as stack:

        def query(url: str, sql: str, *values: str) -> list[str]:
            connection = stack.enter_context(contextlib.closing(psycopg2.connect(url)))
            cursor = connection.cursor()
            cursor.execute(sql, values)  # in a transaction, which holds the connection to the server
            return [row[0] for row in cursor.fetchall()]

        backends = query(os.environ[ADMIN_URL], "SELECT pid FROM pg_stat_activity WHERE datname = %s", name)
        return {found for _ in backends[:POOL_SIZE] for found in query(url, _STATE)}
