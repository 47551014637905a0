"""A way to PostgreSQL over TCP that is cut just before a commit arrives there, or just after it was done."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from psycopg2.extensions import parse_dsn

from tests.servers import straight

COMMIT = b"COMMIT\0"
REFRESH = b"charter_refresh_sessions("
"""In the statement that makes proposed refreshes, and commits by itself."""

Point = Literal["before", "after"]


class Cutter:
    """Stands between a process and the server.

    Attributes:
        url: the database, by way of this.
        away: whether new connections are closed at once, as if there were no server.
        cuts: how many connections were cut.
    """

    def __init__(self, url: str, listener: socket.socket) -> None:
        self._server = parse_dsn(url)
        self._point: Point | None = None
        self._at = COMMIT
        self._ends: list[socket.socket] = []
        parts = urlsplit(url)
        who, _, _ = parts.netloc.rpartition("@")
        place = f"{who}@127.0.0.1:{listener.getsockname()[1]}"
        self.url = urlunsplit(parts._replace(netloc=place, query="sslmode=disable"))
        self.away = False
        self.cuts = 0
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self, point: Point, at: bytes = COMMIT) -> None:
        """Cut the next connection that sends a COMMIT, or something else."""
        self._at, self._point = at, point

    def close(self) -> None:
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = listener.accept()[0]
                if self.away:
                    client.close()
                    continue
                server = self._connect()
                self._ends += [client, server]
                cut = threading.Event()
                threading.Thread(target=self._ask, args=(client, server, cut), daemon=True).start()
                threading.Thread(target=self._answer, args=(client, server, cut), daemon=True).start()

    def _connect(self) -> socket.socket:
        host, port = self._server.get("host", "localhost"), self._server.get("port", "5432")
        if not host.startswith("/"):
            return socket.create_connection((host, int(port)))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _ask(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while part := client.recv(65_536):
                if self._point and self._at in part:
                    point, self._point = self._point, None
                    cut.set()
                    self.cuts += 1
                    if point == "before":
                        break
                server.sendall(part)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)
        if cut.is_set():
            _shut(client)

    def _answer(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while part := server.recv(65_536):
                if cut.is_set():  # what the server says of what was cut off nobody hears
                    break
                client.sendall(part)
        _shut(client)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def cuttable(url: str) -> Iterator[Cutter]:
    """Give a way to the database at a URL that can be cut; a pooler is passed by, which would keep its connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cutter = Cutter(straight(url), listener)
        try:
            yield cutter
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            cutter.close()
