"""HTTP spoken by hand, for requests that a proper client would fix or refuse to send."""

import contextlib
import socket
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

import httpx

from tests.service import Service

Pairs = Iterable[tuple[str, str]]


def ask(
    service: Service, method: str, target: str | bytes, headers: Pairs = (), body: bytes | Sequence[bytes] = b""
) -> httpx.Response:
    """Send a request whose target and headers go out exactly as they are, and return the response.

    Args:
        target: what stands between method and version.
        headers: beside Host and Connection; without Content-Length, the length of the body is said where there is one.
        body: bytes; a list is sent chunked.
    """
    lines = [f"{name}: {value}" for name, value in headers]
    if not isinstance(body, bytes):
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*body, b""))
    elif body and not any(line.lower().startswith("content-length:") for line in lines):
        lines.append(f"Content-Length: {len(body)}")
    raw_target = target if isinstance(target, bytes) else target.encode()
    head = "\r\n".join(["Host: charter.test", "Connection: close", *lines]).encode("latin-1")
    return say(service, b"%b %b HTTP/1.1\r\n%b\r\n\r\n%b" % (method.encode(), raw_target, head, body))


def say(service: Service, request: bytes) -> httpx.Response:
    """Send bytes, and return what comes back until the server closes: the body is all of it, not what it announces."""
    address = urlsplit(service.url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 80), timeout=10) as connection:
        # A server that refuses early need not read the rest.
        with contextlib.suppress(ConnectionError):
            connection.sendall(request)
        received = bytearray()
        with contextlib.suppress(ConnectionError):
            while chunk := connection.recv(65_536):
                received += chunk
    head, found, body = bytes(received).partition(b"\r\n\r\n")
    assert found, f"no HTTP answer but {bytes(received[:200])!r}"
    status_line, *lines = head.decode("latin-1").split("\r\n")
    pairs = [tuple(line.split(": ", 1)) for line in lines]
    return httpx.Response(int(status_line.split(" ")[1]), headers=pairs, content=body)


def bearer(token: str) -> tuple[str, str]:
    """Return the header that carries an access token."""
    return ("Authorization", f"Bearer {token}")
