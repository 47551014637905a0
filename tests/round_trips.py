"""A way to Redis that counts how often somebody waits for a response, whatever is asked at once."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit


class RoundTrips:
    """What has gone to and fro.

    Attributes:
        url: where clients find the server behind it.
        count: of questions that were sent when the one before had its response.
        closed: how many connections their clients have closed.
    """

    def __init__(self, url: str, listener: socket.socket) -> None:
        self._target = urlsplit(url)
        self.url = f"redis://127.0.0.1:{listener.getsockname()[1]}/{parse_qs(self._target.query).get('db', ['0'])[0]}"
        self.count = self.closed = 0
        self._listener = listener
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for end in self._ends:
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                server = self._connect()
                self._ends += [client, server]
                # A question in several parts is one, until a response has come.
                answered = threading.Event()
                answered.set()
                for work in ((self._ask, client, server, answered), (self._answer, server, client, answered)):
                    threading.Thread(target=work[0], args=work[1:], daemon=True).start()

    def _connect(self) -> socket.socket:
        if self._target.scheme != "unix":
            return socket.create_connection((self._target.hostname or "127.0.0.1", self._target.port or 6379))
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._target.path)
        return server

    def _ask(self, client: socket.socket, server: socket.socket, answered: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while part := client.recv(65_536):
                if answered.is_set():
                    self.count += 1
                    answered.clear()
                server.sendall(part)
        self.closed += 1
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket, answered: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while part := server.recv(65_536):
                answered.set()
                client.sendall(part)


@contextlib.contextmanager
def counted(url: str) -> Iterator[RoundTrips]:
    """Stand between clients and the Redis at a URL for the length of a block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = RoundTrips(url, listener)
        try:
            yield made
        finally:
            made.close()
