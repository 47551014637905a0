"""What a rule of HTTP is here, and the bytes that its cases are made of."""

from typing import NamedTuple

NEXT = b"GET /v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
# What an attacker hides where it must not be read as a request: it would be answered with a 200.
HIDDEN = b"GET /v1/echoes/7 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
BODY = b'{"name":"a","password":"p","note":null}'
LENGTH = b"Content-Length: %d" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked"
CLOSING = b"Connection: close"
JSON = b"Content-Type: application/json"
HALVES = b"7\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (BODY[:7], len(BODY) - 7, BODY[7:])


class Case(NamedTuple):
    """What is sent, and the statuses of the responses before the server closes.

    Attributes:
        said: what one of the responses holds.
        is_long: too long to be split at every byte; it is split at a few.
    """

    sent: bytes
    statuses: tuple[int, ...]
    said: bytes = b""
    is_long: bool = False


class Rule(NamedTuple):
    """A row of the table.

    Attributes:
        section: of RFC 9112, unless it names RFC 9110.
        text: what the rule is.
        answer: what Charter does.
    """

    section: str
    text: str
    response: str
    cases: tuple[Case, ...]


def get(*lines: bytes, target: bytes = b"/v1/x", method: bytes = b"GET") -> bytes:
    """Return a request whose answer is a 404, unless something is wrong with it, and the last on its connection."""
    return b"\r\n".join([b"%b %b HTTP/1.1" % (method, target), b"Host: a", *lines, b"Connection: close", b"", b""])


def line(request_line: bytes) -> bytes:
    """Return a request with this first line."""
    return request_line + b"\r\nHost: a\r\nConnection: close\r\n\r\n"


def post(*lines: bytes, body: bytes = BODY, version: bytes = b"1.1") -> bytes:
    """Return a request whose body comes back, and after which another may follow."""
    return b"\r\n".join([b"POST /v1/things HTTP/" + version, b"Host: a", JSON, *lines, b"", b""]) + body


def chunks(*pieces: bytes, trailer: bytes = b"") -> bytes:
    """Return a chunked body."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailer + b"\r\n"


def refused(*requests: bytes, status: int = 400) -> tuple[Case, ...]:
    """Return cases that are refused, and behind which nothing is read."""
    return tuple(Case(request + HIDDEN, (status,)) for request in requests)


def taken(*requests: bytes) -> tuple[Case, ...]:
    """Return cases that are read as any request for nothing is."""
    return tuple(Case(request, (404,)) for request in requests)


def echoed(*requests: bytes) -> tuple[Case, ...]:
    """Return cases whose body is read, neither more nor less: what follows is a request of its own."""
    return tuple(Case(request + NEXT, (200, 404), b'"name":"a"') for request in requests)


def coded(coding: bytes, body: bytes = HALVES) -> bytes:
    """Return a chunked request with this Transfer-Encoding."""
    return post(b"Transfer-Encoding: " + coding, body=body)
