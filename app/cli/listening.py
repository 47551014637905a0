"""The port, bound before anything is served so that one that is taken is one line and no half-started server."""

import errno
import socket

from app.cli.refusals import MISCONFIGURED, UNAVAILABLE, Refusal

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket that worker processes can inherit.

    Args:
        host: address or name; the first address of a name counts.
        port: 0 takes a free one.

    Raises:
        Refusal: the port is taken or not allowed, or the host is none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError):
        raise Refusal(
            f"HOST {host} is not known: set it to an address of this machine", exit_code=MISCONFIGURED
        ) from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _refusal(error, host, port) from error
    listener.set_inheritable(True)
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the URL of a listening socket, as one would type it on this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104  # compared, not bound to
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104  # as above
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _refusal(error: OSError, host: str, port: int) -> Refusal:
    if error.errno == errno.EADDRINUSE:
        return Refusal(f"port {port} on {host} is taken: stop what listens there, or set PORT", exit_code=UNAVAILABLE)
    if error.errno == errno.EACCES:
        return Refusal(f"port {port} needs root: set PORT to one above 1023", exit_code=UNAVAILABLE)
    if error.errno == errno.EADDRNOTAVAIL:
        return Refusal(f"HOST {host} is no address of this machine: set it to one", exit_code=MISCONFIGURED)
    return Refusal(
        f"cannot listen on {host}:{port}: {error.strerror or error}: set HOST and PORT", exit_code=UNAVAILABLE
    )
