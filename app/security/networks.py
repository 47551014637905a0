"""Where a request comes from: the socket, and behind trusted proxies the header they write."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Networks = tuple[IPv4Network | IPv6Network, ...]

_LOCAL = "127.0.0.1"
_UNKNOWN = IPv4Address(0)
_LONGEST_ENTRY = 64
_MAX_ENTRIES = 64
# Reading an address costs more than finding it again; the same ones come back request after request.
_MAX_REMEMBERED = 4096


def client_address(peer: str, forwarded: str | None, trusted: Networks) -> str:
    """Return the address of the client, without zone, an IPv4-mapped one as IPv4.

    The header is read from the right, each entry believed as long as the one who wrote it is trusted: the first
    address that is no trusted proxy is the client. Empty entries count for nothing (RFC 9110, 5.6.1). What cannot be
    read ends the reading, so that nothing to its left counts, and the last address that was believed stands.

    Args:
        peer: the socket's address; "" for a Unix socket, whose peer is on this machine and counts as 127.0.0.1.
            A peer that is no address is never trusted and counts as 0.0.0.0.
        forwarded: value of X-Forwarded-For, several headers joined by commas in their order; None without one.
        trusted: networks of the proxies that append to the header.
    """
    return str(_walk(peer, forwarded, trusted)[0])


def unlisted_proxy(peer: str, forwarded: str, trusted: Networks) -> str | None:
    """Return the address that looks like a proxy's but is not trusted: a private one that an address was sent from.

    None: there is no such address; what it sent is no address either; or it is a public one, whose header anybody may
    have made up.
    """
    found, rest = _walk(peer, forwarded, trusted)
    if found == _UNKNOWN or found.is_global or not any(_read(_without_port(entry)) for entry in rest[-1:]):
        return None
    return str(found)


def _walk(peer: str, forwarded: str | None, trusted: Networks) -> tuple[IPv4Address | IPv6Address, list[str]]:
    """Return the client, and the entries to the left of it."""
    found = _read(peer.partition("%")[0] or _LOCAL)
    if found is None:
        return _UNKNOWN, []
    if not forwarded:
        return found, []
    # What is beyond the last so many is never an entry of a proxy's; it stays in one piece, which is no address.
    entries = [entry for part in forwarded.rsplit(",", _MAX_ENTRIES) if (entry := part.strip(" \t"))]
    while entries and any(found in network for network in trusted):
        written = _read(_without_port(entries[-1]))
        if written is None:
            break
        found = written
        entries.pop()
    return found, entries


@lru_cache(_MAX_REMEMBERED)
def network_of(address: str) -> str:
    """Return what counts as one place: the /64 of an IPv6 address, the IPv4 address itself.

    A provider gives a household a /64 or more, within which anyone takes any address (RFC 6177).
    """
    found = ip_address(address)
    return str(IPv6Network((int(found), 64), strict=False)) if isinstance(found, IPv6Address) else address


def _without_port(entry: str) -> str:
    """Return an entry without the port that some proxies append; what is left of any other one is no address."""
    host, colon, port = entry.rpartition(":")
    if colon and (port.isdecimal() and port.isascii()) and (host.count(":") == 0 or host[:1] + host[-1:] == "[]"):
        entry = host
    return entry[1:-1] if entry[:1] + entry[-1:] == "[]" and ":" in entry else entry


def _read(text: str) -> IPv4Address | IPv6Address | None:
    # A zone may hold any text at all, and means nothing on another machine.
    return None if len(text) > _LONGEST_ENTRY or "%" in text else _parsed(text)


@lru_cache(_MAX_REMEMBERED)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
