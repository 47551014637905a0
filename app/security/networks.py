"""Where a request comes from: the socket, and behind trusted proxies the header they write."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_LOCAL = "127.0.0.1"
_UNKNOWN = str(IPv4Address(0))
_LONGEST_ENTRY = 64
# Reading an address costs more than finding it again; the same ones come back request after request.
_MOST_REMEMBERED = 4096


def client_address(peer: str, forwarded: str | None, trusted: tuple[IPv4Network | IPv6Network, ...]) -> str:
    """Return the address of the client, without zone, an IPv4-mapped one as IPv4.

    The header is read from the right, each entry believed as long as the one who wrote it is trusted: the first
    address that is no trusted proxy is the client. What cannot be read ends the reading, so that nothing to its left
    counts, and the last address that was believed stands.

    Args:
        peer: the socket's address; "" for a Unix socket, whose peer is on this machine and counts as 127.0.0.1.
            A peer that is no address is never trusted and counts as 0.0.0.0.
        forwarded: value of X-Forwarded-For, several headers joined by commas in their order; None without one.
        trusted: networks of the proxies that append to the header.
    """
    found = _read(peer.partition("%")[0] or _LOCAL)
    if found is None:
        return _UNKNOWN
    rest = forwarded
    while rest and any(found in network for network in trusted):
        rest, _, entry = rest.rpartition(",")
        written = _read(_without_port(entry.strip()))
        if written is None:
            break
        found = written
    return str(found)


@lru_cache(_MOST_REMEMBERED)
def network_of(address: str) -> str:
    """Return what counts as one place: the /64 of an IPv6 address, the IPv4 address itself.

    A provider gives a household a /64 or more, within which anyone takes any address (RFC 6177).
    """
    found = ip_address(address)
    return str(IPv6Network((int(found), 64), strict=False)) if isinstance(found, IPv6Address) else address


def _without_port(entry: str) -> str:
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry


def _read(text: str) -> IPv4Address | IPv6Address | None:
    # A zone may hold any text at all, and means nothing on another machine.
    return None if len(text) > _LONGEST_ENTRY or "%" in text else _parsed(text)


@lru_cache(_MOST_REMEMBERED)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
