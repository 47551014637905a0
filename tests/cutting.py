"""A way to PostgreSQL over TCP that is cut just before a COMMIT arrives there, or just after it was done."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Literal
from urllib.parse import parse_qs, urlsplit, urlunsplit

COMMIT = b"COMMIT\0"

Point = Literal["before", "after"]


class Cutter:
    """Stands between a process and the server.

    Attributes:
        url: the database, by way of this.
        away: whether new connections are closed at once, as if there were no server.
        cuts: how many connections were cut.
    """

    def __init__(self, url: str, listener: socket.socket) -> None:
        parts = urlsplit(url)
        self._path = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
        self._point: Point | None = None
        self._ends: list[socket.socket] = []
        self.url = urlunsplit(
            parts._replace(netloc=f"{parts.username}@127.0.0.1:{listener.getsockname()[1]}", query="sslmode=disable")
        )
        self.away = False
        self.cuts = 0
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self, point: Point) -> None:
        """Cut the next connection that sends a COMMIT."""
        self._point = point

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
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._path)
                self._ends += [client, server]
                cut = threading.Event()
                threading.Thread(target=self._ask, args=(client, server, cut), daemon=True).start()
                threading.Thread(target=self._answer, args=(client, server, cut), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while part := client.recv(65_536):
                if self._point and COMMIT in part:
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
                if cut.is_set():  # what the server says of a COMMIT that was cut off nobody hears
                    break
                client.sendall(part)
        _shut(client)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def cuttable(url: str) -> Iterator[Cutter]:
    """Give a way to the database at a URL that can be cut."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cutter = Cutter(url, listener)
        try:
            yield cutter
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            cutter.close()
