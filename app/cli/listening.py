"""The port: bound before anything is served, listened to once somebody answers, and left without losing anyone.

Binding early makes a port that is taken one line and no half-started server. Listening late means that nobody is
connected who may not be answered: a port that does not listen refuses, and the client or balancer goes elsewhere.
"""

import ctypes
import errno
import socket
import struct
from contextlib import suppress

from app.cli.refusals import MISCONFIGURED, UNAVAILABLE, Refusal

# As many as may wait to be accepted while every worker is busy for a moment; the kernel caps it at net.core.somaxconn.
BACKLOG = 2048

# Linux, asm-generic/socket.h: not in Python's socket module.
_SO_ATTACH_FILTER = 26
# Classic BPF on the TCP header: load the byte of flags; with SYN set accept 0 bytes of the packet, else all.
_NO_SYN = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


def bind_port(host: str, port: int) -> socket.socket:
    """Return a socket that is bound and does not listen yet; worker processes can inherit it.

    Args:
        host: address or name; of a name's addresses the first that this machine has.
        port: 0 takes a free one.

    Raises:
        Refusal: the port is taken or not allowed, or the host is none of this machine's.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise Refusal(
            f"HOST {host} is not known: set it to an address of this machine", exit_code=MISCONFIGURED
        ) from None
    fault = OSError(errno.EADDRNOTAVAIL, "")
    for family, kind, protocol, _, address in found:
        try:
            return _bound(family, kind, protocol, address)
        except OSError as error:
            fault = error
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                break
    raise refusal_of(fault, host, port) from fault


def _bound(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and address[0] == "::":
            # Both families, also where the system is set to keep them apart.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the URL of a bound socket, as one would type it on this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104  # compared, not bound to
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104  # as above
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def turn_away(listener: socket.socket) -> None:
    """Let no new connection begin, in all processes that share the socket; those begun can still be accepted.

    To close a listening socket resets what the kernel has connected and nobody has accepted. So the kernel first stops
    to see packets that open a connection (SYN); the client sends them again, and finds the port closed, or its
    successor. Where the system knows no such filter, nothing happens.
    """
    code = b"".join(struct.pack("HBBI", *step) for step in _NO_SYN)
    kept = ctypes.create_string_buffer(code, len(code))
    with suppress(OSError):
        listener.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(_NO_SYN), ctypes.addressof(kept))
        )


def take_in(listener: socket.socket) -> list[socket.socket]:
    """Accept whatever the kernel has connected already; the listener must not block."""
    accepted = []
    with suppress(OSError):
        while True:
            accepted.append(listener.accept()[0])
    return accepted


def refusal_of(error: OSError, host: str, port: int) -> Refusal:
    """Return what to tell of a socket that cannot be bound or listened on."""
    if error.errno == errno.EADDRINUSE:
        return Refusal(f"port {port} on {host} is taken: stop what listens there, or set PORT", exit_code=UNAVAILABLE)
    if error.errno == errno.EACCES:
        return Refusal(f"port {port} needs root: set PORT to one above 1023", exit_code=UNAVAILABLE)
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return Refusal(f"HOST {host} is no address of this machine: set it to one", exit_code=MISCONFIGURED)
    return Refusal(
        f"cannot listen on {host}:{port}: {error.strerror or error}: set HOST and PORT", exit_code=UNAVAILABLE
    )
