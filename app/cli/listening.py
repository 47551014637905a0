"""The port: bound first, listened on when requests can be answered, and closed without losing a connection.

If the port is taken, the early bind fails before a server has half started. The late listen means that no client is
connected before it can get a response: until then the kernel refuses connections, and clients try another server.
"""

import ctypes
import errno
import socket
import struct
from contextlib import suppress
from ipaddress import ip_address
from typing import NamedTuple

from app.cli.errors import MISCONFIGURED, UNAVAILABLE, CommandError

# Connections that may wait to be accepted while every worker is busy; the kernel limits it to net.core.somaxconn.
BACKLOG = 2048

# Linux, asm-generic/socket.h: not in Python's socket module.
_SO_ATTACH_FILTER = 26
# Classic BPF on the TCP header: load the byte of flags; with SYN set accept 0 bytes of the packet, else all.
_NO_SYN = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


class Names(NamedTuple):
    """What sets the host and the port, for messages."""

    host: str
    port: str


SERVER = Names("HOST", "PORT or --port")
MOCK = Names("--host", "--port")


def bind_port(host: str, port: int, names: Names = SERVER) -> socket.socket:
    """Return a socket that is bound but does not listen yet; worker processes can inherit it.

    Args:
        host: an address, or a name, of which the first address of this machine is used.
        port: the number; 0 chooses a free port.
        names: what sets them.

    Raises:
        CommandError: the port is taken or not allowed, or the host is not an address of this machine.
    """
    try:
        candidates = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        message = f"{names.host} {host} cannot be resolved: set it to an address of this machine"
        raise CommandError(message, exit_code=MISCONFIGURED) from None
    failure = OSError(errno.EADDRNOTAVAIL, "")
    for family, kind, protocol, _, address in candidates:
        try:
            return _bound(family, kind, protocol, address)
        except OSError as error:
            failure = error
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                break
    raise listen_error(failure, host, port, names) from failure


def _bound(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and address[0] == "::":
            # Accept IPv4 as well, whatever the default of the system.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the URL of a bound socket for clients on this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104  # compared, not bound to
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104  # as above
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(listener: socket.socket) -> bool:
    """Return whether only this machine can reach a bound socket."""
    address = ip_address(listener.getsockname()[0].partition("%")[0])
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def refuse_new_connections(listener: socket.socket) -> None:
    """Let no new connection begin, in all processes that share the socket; existing ones can still be accepted.

    Closing a listening socket resets the connections that nobody has accepted yet. So a filter first drops the packets
    that open a connection (SYN). The client sends its packet again, and then finds the port closed, or the next server.
    On a system without such filters nothing happens.
    """
    code = b"".join(struct.pack("HBBI", *step) for step in _NO_SYN)
    program = ctypes.create_string_buffer(code, len(code))
    with suppress(OSError):
        listener.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(_NO_SYN), ctypes.addressof(program))
        )


def accept_pending(listener: socket.socket) -> list[socket.socket]:
    """Accept the connections that the kernel has already made; the listener must not block."""
    accepted = []
    with suppress(OSError):
        while True:
            accepted.append(listener.accept()[0])
    return accepted


def listen_error(error: OSError, host: str, port: int, names: Names = SERVER) -> CommandError:
    """Return the error for a socket that cannot be bound or listened on."""
    if error.errno == errno.EADDRINUSE:
        return CommandError(
            f"port {port} on {host} is taken: stop what listens there, or set {names.port}",
            exit_code=UNAVAILABLE,
        )
    if error.errno == errno.EACCES:
        return CommandError(f"port {port} needs root: set {names.port} to a number above 1023", exit_code=UNAVAILABLE)
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return CommandError(
            f"{names.host} {host} is not an address of this machine: set it to one that is", exit_code=MISCONFIGURED
        )
    told = f"cannot listen on {host}:{port}: {error.strerror or error}: set {names.host} or {names.port}"
    return CommandError(told, exit_code=UNAVAILABLE)
