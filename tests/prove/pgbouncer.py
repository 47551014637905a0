"""PgBouncer in transaction mode in front of PostgreSQL, and the integration suite behind it.

The module is also the plugin of pytest that leaves out what cannot run there. Databases are made and dropped on the
server itself; all else, migrations included, comes through PgBouncer.
"""

import contextlib
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2
import psycopg2.extras
import pytest

from app.embedded import start_postgres
from app.embedded.homes import find

ROOT = Path(__file__).resolve().parents[2]
# Fewer than a worker has threads, so that clients do share.
POOL_SIZE = 6
START_SECONDS = 10

# Tests that a pooler keeps from running, by the beginning of their names, each with the reason. Everything else runs.
LEFT_OUT: dict[str, str] = {}

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

    Attributes:
        url: leads through it; any database of the server may be named.
        direct_url: leads to the server.
    """

    def __init__(self, place: Path, program: str) -> None:
        place.mkdir()
        place.chmod(0o711)
        self._server = start_postgres(place, durable=False)
        self.direct_url = self._server.url
        home = find(place)
        assert home is not None
        port = _free_port()
        self.url = f"postgresql://charter@/charter?host=127.0.0.1&port={port}"
        (place / "users.txt").write_text('"charter" ""\n')
        configuration = place / "pgbouncer.ini"
        sockets = parse_qs(urlsplit(self.direct_url).query)["host"][0]
        configuration.write_text(_INI.format(sockets=sockets, port=port, place=place, pool_size=POOL_SIZE))
        self.log = place / "pgbouncer.log"
        with self.log.open("wb") as log:
            # Like PostgreSQL it refuses to be root, and it must reach the socket of the one that does run here.
            self._process = subprocess.Popen([program, str(configuration)], stdout=log, stderr=log, **home.identity)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return psycopg2.connect(self.url).close()
            except psycopg2.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"PgBouncer did not start: {self.log.read_text()}") from None
                time.sleep(0.05)

    def show(self, what: str) -> list[dict[str, object]]:
        """Return the rows of a SHOW command of its console."""
        url = self.url.replace("/charter?", "/pgbouncer?")
        with contextlib.closing(psycopg2.connect(url, cursor_factory=psycopg2.extras.RealDictCursor)) as console:
            console.autocommit = True
            with console.cursor() as cursor:
                cursor.execute(f"SHOW {what}")
                return [dict(row) for row in cursor.fetchall()]

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(START_SECONDS)
        self._server.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run behind PgBouncer; refuse an entry that names no test."""
    kept = [item for item in items if not item.nodeid.startswith(tuple(LEFT_OUT))]
    left = [item for item in items if item.nodeid.startswith(tuple(LEFT_OUT))]
    items[:] = kept
    config.hook.pytest_deselected(items=left)
