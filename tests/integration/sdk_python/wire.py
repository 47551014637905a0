"""A way to the service over TCP that is cut in the middle of a request or of its response."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

Point = Literal["in the request", "before the response", "in the response"]


class Wire:
    """Stands between a client and the service. Each connection to it is one to the service.

    Attributes:
        url: of the service, by way of this.
        cuts: how many connections were cut.
    """

    def __init__(self, service: str, listener: socket.socket) -> None:
        parts = urlsplit(service)
        self._service = (parts.hostname or "", parts.port or 80)
        self._cut: tuple[Point, bytes] | None = None
        self._away = 0
        self._ends: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.cuts = 0
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self, point: Point, line: str) -> None:
        """Cut the next request whose line begins so, such as `POST /v1/users `."""
        self._cut = point, line.encode()

    def refuse(self, connections: int) -> None:
        """Close so many new connections at once, as a server does that is about to stop."""
        self._away = connections

    def close(self) -> None:
        for end in self._ends:
            _break(end)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = listener.accept()[0]
                if self._away:
                    self._away -= 1
                    _break(client)
                    continue
                server = socket.create_connection(self._service)
                self._ends += [client, server]
                threading.Thread(target=self._carry, args=(client, server), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        """Carry one request after the other, each with its response."""
        with contextlib.suppress(OSError):
            while request := _message(client):
                point = self._point_for(request)
                if point == "in the request":
                    server.sendall(request[: len(request) - 10])
                    break
                server.sendall(request)
                response = _message(server)
                if point == "before the response":
                    break
                if point == "in the response":
                    client.sendall(response[: len(response) - 10])
                    break
                client.sendall(response)
        _break(server)
        _break(client)

    def _point_for(self, request: bytes) -> Point | None:
        if self._cut is None or not request.startswith(self._cut[1]):
            return None
        (point, _), self._cut = self._cut, None
        self.cuts += 1
        return point


def _message(end: socket.socket) -> bytes:
    """Return a whole message with its head; nothing if the other side has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (part := end.recv(65_536)):
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")[1:]
    length = next((int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        if not (part := end.recv(65_536)):
            return b""
        data, body = data + part, body + part
    return data


def _break(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextlib.contextmanager
def wire_to(service: str) -> Iterator[Wire]:
    """Give a way to a service that can be cut."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = Wire(service, listener)
        try:
            yield wire
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            wire.close()
