"""Requests whose end is told in two ways: a server and a proxy in front of it may read them differently.

Each is sent as bytes on a connection of its own. It must be refused, or the connection closed; the request that is
hidden in it must not be answered.
"""

import socket

from app.contract_kit.client import Address
from app.contract_kit.kit import Kit

_SECONDS = 5
_HIDDEN = "/v1/hidden-request"
_LARGEST = 65_536


def check(kit: Kit) -> None:
    """Send requests with ambiguous framing."""
    address = kit.client.address
    path = f"{address.prefix}/v1/auth/login"
    for what, text in _attacks(path, address):
        with kit.trying("login", what):
            kit.client.wait(0)
            _attack(kit, what, text.encode("latin-1"))


def _attacks(path: str, address: Address) -> list[tuple[str, str]]:
    hidden = f"GET {address.prefix}{_HIDDEN} HTTP/1.1\r\nHost: {address.host}\r\n\r\n"
    head = f"POST {path} HTTP/1.1\r\nHost: {address.host}\r\nContent-Type: application/json\r\n"
    chunked = "Transfer-Encoding: chunked\r\n"
    return [
        ("Content-Length and Transfer-Encoding", f"{head}Content-Length: 6\r\n{chunked}\r\n0\r\n\r\n{hidden}"),
        ("two Content-Lengths", f"{head}Content-Length: 0\r\nContent-Length: {len(hidden)}\r\n\r\n{hidden}"),
        ("a list of Content-Lengths", f"{head}Content-Length: 0, {len(hidden)}\r\n\r\n{hidden}"),
        ("a signed Content-Length", f"{head}Content-Length: +0\r\n\r\n{hidden}"),
        ("an unknown transfer coding", f"{head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}"),
        ("chunked twice", f"{head}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n{hidden}"),
        ("a space before the colon", f"{head}Content-Length : {len(hidden)}\r\n\r\n{hidden}"),
        ("a folded header", f"{head}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n{hidden}"),
        ("a chunk size with a sign", f"{head}{chunked}\r\n+0\r\n\r\n{hidden}"),
        ("a chunk size beyond all bounds", f"{head}{chunked}\r\n{'f' * 20}\r\n{hidden}"),
        ("two Hosts", f"{head}Host: other.example\r\nContent-Length: 0\r\n\r\n{hidden}"),
    ]  # fmt: skip


def _attack(kit: Kit, what: str, text: bytes) -> None:
    received = exchange(kit.client.address, text)
    first = received.partition(b"\r\n")[0].decode("latin-1")
    answered = received.count(b"HTTP/1.1 ")
    status = first.split(" ")[1] if first.startswith("HTTP/") and " " in first else ""
    kit.expect(answered <= 1, f"{what}: {answered} responses, one of them to the hidden request", operation="login")
    held = not first or status.startswith("4") or status in ("500", "501")
    kit.expect(held, f"{what}: the response is {first!r}", operation="login")


def exchange(address: Address, text: bytes) -> bytes:
    """Send bytes on a new connection, and return all that comes until it is closed or quiet."""
    received = b""
    with socket.create_connection((address.host, address.port), timeout=_SECONDS) as plain:
        connection: socket.socket = plain
        if address.secure:
            connection = address.trust().wrap_socket(plain, server_hostname=address.host)
        try:
            connection.sendall(text)
            connection.settimeout(_SECONDS)
            while len(received) < _LARGEST:
                part = connection.recv(_LARGEST)
                if not part:
                    break
                received += part
                if b"\r\n\r\n" in received:
                    # What is hidden would be answered at once.
                    connection.settimeout(0.3)
        except (TimeoutError, ConnectionError):
            pass
    return received
