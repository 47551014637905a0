"""The client of a request, and its address: that of the socket, or behind trusted proxies that of their header."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Networks = tuple[IPv4Network | IPv6Network, ...]

_LOCAL = "127.0.0.1"
_UNKNOWN = IPv4Address(0)
_MAX_ENTRY_LENGTH = 64
_MAX_ENTRIES = 64
# Parsing an address costs more than a lookup, and the same addresses come back with many requests.
_MAX_CACHED = 4096
_MAX_AGENT = 256
# How many clients are remembered, and how long what they sent may be: some 1 MiB at most.
_MAX_CLIENTS = 1024
_MAX_REMEMBERED = 512


@dataclass(frozen=True, slots=True)
class Client:
    """The client that sent the request.

    Attributes:
        address: IPv4 or IPv6 text, see `client_address`.
        network: the /64 of an IPv6 address, or the IPv4 address itself.
        user_agent: the User-Agent header, printable and cut; None without one.
    """

    address: str
    network: str
    user_agent: str | None


def client_reader(trusted: Networks) -> Callable[[str, str | None, str | None], Client]:
    """Return a function that returns the client of a request; the latest clients are remembered.

    Its arguments are the address of the socket and the headers X-Forwarded-For and User-Agent, as `client_address` has
    them.

    Args:
        trusted: networks of the proxies that append to the header.
    """

    def read(peer: str, forwarded: str | None, agent: str | None) -> Client:
        address = client_address(peer, forwarded, trusted)
        return Client(address, network_of(address), _printable(agent) if agent else None)

    remembered = lru_cache(_MAX_CLIENTS)(read)

    def client_of(peer: str, forwarded: str | None, agent: str | None) -> Client:
        is_short = len(forwarded or "") + len(agent or "") <= _MAX_REMEMBERED
        return (remembered if is_short else read)(peer, forwarded, agent)

    return client_of


def client_address(peer: str, forwarded: str | None, trusted: Networks) -> str:
    """Return the address of the client, without zone, an IPv4-mapped one as IPv4.

    The header is read from the right. An entry is used as long as the proxy that wrote it is trusted, so the first
    address that is not a trusted proxy is the client. Empty entries are ignored (RFC 9110, 5.6.1). Reading stops at an
    entry that is not an address: nothing to its left is used, and the address before it is the client.

    Args:
        peer: the address of the socket; "" for a Unix socket, whose peer is on this machine: 127.0.0.1.
            A peer that is not an address is never trusted: 0.0.0.0.
        forwarded: value of X-Forwarded-For, several headers joined by commas in their order; None: no header.
        trusted: networks of the proxies that append to the header.
    """
    return str(_resolve(peer, forwarded, trusted)[0])


def unlisted_proxy(peer: str, forwarded: str, trusted: Networks) -> str | None:
    """Return the address of a probable proxy that is not trusted: a private address that forwarded another address.

    Return None if there is none, if the forwarded value is not an address, or if the address is public: then anybody
    may have invented the header.
    """
    client, rest = _resolve(peer, forwarded, trusted)
    if client == _UNKNOWN or client.is_global or not any(_read(_without_port(entry)) for entry in rest[-1:]):
        return None
    return str(client)


def _resolve(peer: str, forwarded: str | None, trusted: Networks) -> tuple[IPv4Address | IPv6Address, list[str]]:
    """Return the client, and the entries to the left of it."""
    client = _read(peer.partition("%")[0] or _LOCAL)
    if client is None:
        return _UNKNOWN, []
    if not forwarded:
        return client, []
    # Proxies never write more entries than this. The rest stays in one piece, which is not an address.
    entries = [entry for part in forwarded.rsplit(",", _MAX_ENTRIES) if (entry := part.strip(" \t"))]
    while entries and any(client in network for network in trusted):
        address = _read(_without_port(entries[-1]))
        if address is None:
            break
        client = address
        entries.pop()
    return client, entries


@lru_cache(_MAX_CACHED)
def network_of(address: str) -> str:
    """Return the network that counts as one client: the /64 of an IPv6 address, or the IPv4 address itself.

    A provider gives a household a /64 or more, and may use any address in it (RFC 6177).
    """
    parsed = ip_address(address)
    return str(IPv6Network((int(parsed), 64), strict=False)) if isinstance(parsed, IPv6Address) else address


def _printable(text: str) -> str:
    """Return a header value fit for storing: no control characters, and at most _MAX_AGENT long."""
    text = text[:_MAX_AGENT]
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


def _without_port(entry: str) -> str:
    """Return an entry without the port that some proxies append; other entries stay what they are."""
    host, colon, port = entry.rpartition(":")
    if colon and (port.isdecimal() and port.isascii()) and (host.count(":") == 0 or host[:1] + host[-1:] == "[]"):
        entry = host
    return entry[1:-1] if entry[:1] + entry[-1:] == "[]" and ":" in entry else entry


def _read(text: str) -> IPv4Address | IPv6Address | None:
    # A zone may contain any text, and has no meaning on another machine.
    return None if len(text) > _MAX_ENTRY_LENGTH or "%" in text else _parsed(text)


@lru_cache(_MAX_CACHED)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
