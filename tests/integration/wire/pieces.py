"""Requests sent over bare sockets in pieces, each when the server has read the one before it."""

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from app.gateway.http.protocol import Protocol
from tests.service import Service

MAX_CONNECTIONS = 200
LONGEST_WAIT_SECONDS = 60


class Watch:
    """Tells when the server has read what was sent, by the client's port."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: dict[int, int] = {}
        self._read: dict[int, int] = {}
        self._lost: set[int] = set()
        self._pending: set[int] = set()
        self._all_read = threading.Event()

    def note_read(self, port: int, size: int) -> None:
        with self._lock:
            self._read[port] = self._read.get(port, 0) + size
            self._settle(port)

    def note_lost(self, port: int) -> None:
        with self._lock:
            self._lost.add(port)
            self._settle(port)

    def wait_for(self, sent: dict[int, int]) -> None:
        """Wait until the server has read so much from each port, or has closed its connection."""
        with self._lock:
            self._all_read.clear()
            self._sent, self._pending = sent, set(sent)
            for port in sent:
                self._settle(port)
        assert self._all_read.wait(LONGEST_WAIT_SECONDS), f"not read: {self._pending}"

    def _settle(self, port: int) -> None:
        if port in self._pending and (port in self._lost or self._read.get(port, 0) >= self._sent[port]):
            self._pending.discard(port)
            if not self._pending:
                self._all_read.set()


@contextlib.contextmanager
def watching() -> Iterator[Watch]:
    """Watch the connections of every service of this process."""
    watch = Watch()
    data_received, connection_lost = Protocol.data_received, Protocol.connection_lost

    def note_read(self: Any, data: bytes) -> None:
        data_received(self, data)
        watch.note_read(self.client[1], len(data))

    def note_lost(self: Any, error: Exception | None) -> None:
        connection_lost(self, error)
        watch.note_lost(self.client[1])

    Protocol.data_received, Protocol.connection_lost = note_read, note_lost  # type: ignore[method-assign, assignment]
    try:
        yield watch
    finally:
        Protocol.data_received, Protocol.connection_lost = data_received, connection_lost  # type: ignore[method-assign]


def exchange(service: Service, requests: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Send each request on a connection of its own, piece by piece.

    Returns:
        for each what came back until the server closed.
    """
    received: list[bytes] = []
    for start in range(0, len(requests), MAX_CONNECTIONS):
        with watching() as watch, contextlib.ExitStack() as stack:
            received += _exchange(service, requests[start : start + MAX_CONNECTIONS], watch, stack)
    return received


def _exchange(
    service: Service, requests: Sequence[Sequence[bytes]], watch: Watch, stack: contextlib.ExitStack
) -> Iterator[bytes]:
    address = urlsplit(service.url)
    connections = [
        stack.enter_context(socket.create_connection((str(address.hostname), address.port or 80), timeout=20))
        for _ in requests
    ]
    ports = [connection.getsockname()[1] for connection in connections]
    sent = dict.fromkeys(ports, 0)
    for number in range(max(map(len, requests))):
        for connection, port, pieces in zip(connections, ports, requests, strict=True):
            if number < len(pieces):
                # The server may have closed already.
                with contextlib.suppress(ConnectionError):
                    connection.sendall(pieces[number])
                    sent[port] += len(pieces[number])
        watch.wait_for(dict(sent))
    for connection in connections:
        received = b""
        with contextlib.suppress(ConnectionError):
            while some := connection.recv(65_536):
                received += some
        yield received


def responses(received: bytes) -> list[tuple[int, bytes]]:
    """Return status and body of each response in what came back."""
    found = []
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 "), received[:200]
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        size = int(lengths[0].partition(b":")[2]) if lengths else 0
        found.append((int(head[9:12]), received[:size]))
        received = received[size:]
    return found
