"""How each kind of setting is read from text; a ValueError says what is wrong and how to mend it."""

import ipaddress
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import psycopg2
from psycopg2.extensions import parse_dsn

from app.addresses import canonical, is_address
from app.web_origins import origin, web_url

SECRET_BYTES = 32
LONGEST_WINDOW_SECONDS = 86_400

# What needs no escape in HTML, in a Location or between the angle brackets of a Link (RFC 3986, 3.3).
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~!$()*+,;=:-]|%[0-9A-Fa-f]{2})+)*")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A rate limit.

    Attributes:
        count: requests in so many seconds, which may go on for ever.
        seconds: that time.
        burst: requests that may come at once; None: as many as `count`.
    """

    count: int
    seconds: int
    burst: int | None = None

    @property
    def size(self) -> int:
        """How many requests a full bucket holds."""
        return self.burst or self.count

    @property
    def refill_seconds(self) -> int:
        """How long an empty bucket takes to be full."""
        return -(-self.size * self.seconds // self.count)

    def __str__(self) -> str:
        return "/".join(str(part) for part in (self.count, self.seconds, self.burst) if part)


class Names(tuple[str, ...]):
    """Names in an order, as text with commas between them."""

    __slots__ = ()

    def __str__(self) -> str:
        return ", ".join(self)


def text(value: str) -> str:
    """Take any text."""
    return value


def path(value: str) -> Path:
    """Take a path, also one with a tilde."""
    try:
        return Path(value).expanduser()
    except RuntimeError:  # a container's account often has none
        raise ValueError("takes a whole path here: ~ names no home") from None


def name(value: str) -> str:
    """Take a short name of letters, digits, dot, dash and underscore."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", value):
        raise ValueError("takes 1 to 64 letters, digits, dots, dashes and underscores")
    return value


def boolean(value: str) -> bool:
    """Take true or false."""
    known = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if value.lower() not in known:
        raise ValueError("takes true or false")
    return known[value.lower()]


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a parser of whole numbers within bounds, both included."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", value) or not least <= int(value) <= most:
            raise ValueError(f"takes a whole number from {least} to {most}")
        return int(value)

    return parse


def whole_or_auto(least: int, most: int) -> Callable[[str], int | str]:
    """Return a parser of whole numbers within bounds, or of the word auto."""
    number = whole(least, most)

    def parse(value: str) -> int | str:
        if value == "auto":
            return value
        try:
            return number(value)
        except ValueError as error:
            raise ValueError(f"{error}, or auto") from None

    return parse


def host(value: str) -> str:
    """Take an address or a name; an IPv6 address also in the brackets that it has in a URL."""
    return value[1:-1] if value.startswith("[") and value.endswith("]") else value


def choice(*allowed: str) -> Callable[[str], str]:
    """Return a parser of one of these words."""

    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"takes one of: {', '.join(allowed)}")
        return value

    return parse


def bucket(value: str) -> Bucket:
    """Take a rate limit as count/seconds or count/seconds/burst, such as 120/60 or 120/60/20."""
    found = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,5})(?:/([1-9][0-9]{0,8}))?", value)
    read = Bucket(int(found[1]), int(found[2]), int(found[3]) if found[3] else None) if found else None
    if read is None or max(read.seconds, read.refill_seconds) > LONGEST_WINDOW_SECONDS:
        raise ValueError(
            "takes count/seconds or count/seconds/burst, such as 120/60 or 120/60/20; "
            f"{LONGEST_WINDOW_SECONDS} seconds at most, also until a burst may come again"
        )
    return read


def url(value: str) -> str:
    """Take an http or https URL, possibly with a path; return it without a slash at its end."""
    parts = web_url(value)
    if parts is None or any(mark in value for mark in "?#@"):
        raise ValueError("takes a URL such as https://api.example.com")
    if not parts.netloc.isascii():
        raise ValueError("has a host beyond ASCII; write it as browsers send it, beginning with xn--")
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or any(segment in (".", "..") for segment in path.split("/")):
        raise ValueError("has a path that is not made of plain segments, such as /accounts")
    return value.rstrip("/")


def origins(value: str) -> tuple[str, ...]:
    """Take a comma-separated list of origins, each in the form that browsers send; no wildcard."""
    return tuple(origin(item.strip()) for item in value.split(",") if item.strip())


def header_names(value: str) -> Names:
    """Take a comma-separated list of header names; in lower case, each once."""
    found = Names(dict.fromkeys(item.strip().lower() for item in value.split(",") if item.strip()))
    if "*" in found:
        raise ValueError("has a *, which does not cover Authorization; name each header")
    if not all(map(_TOKEN.fullmatch, found)):
        raise ValueError("takes names of headers such as traceparent, comma-separated")
    return found


def networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Take a comma-separated list of networks or addresses; of IPv4-mapped ones, the IPv4 network."""
    try:
        return tuple(_unmapped(ipaddress.ip_network(item.strip())) for item in value.split(",") if item.strip())
    except ValueError as error:
        raise ValueError("takes networks such as 10.0.0.0/8, comma-separated") from error


def _unmapped(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    # Clients' addresses are compared as IPv4, also where the socket has them as ::ffff:10.0.0.1.
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return IPv4Network((mapped, network.prefixlen - 96)) if mapped and network.prefixlen >= 96 else network


def database_url(value: str) -> str:
    """Take a PostgreSQL URL."""
    fault = ValueError(
        "takes a URL such as postgresql://user:password@host:5432/charter, with the parameters that libpq knows; "
        "write a special character of the password as %XX"
    )
    if not value.startswith(("postgresql://", "postgres://")):
        raise fault
    try:
        parameters = parse_dsn(value)
    except (psycopg2.Error, UnicodeError):
        raise fault from None  # the driver's reason quotes the URL, which holds the password
    ports = [port for port in parameters.get("port", "").split(",") if port]
    if not all(re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536 for port in ports):
        raise fault
    if "options" in parameters:
        raise ValueError("takes no parameter options, which PgBouncer refuses; set timeouts with ALTER ROLE ... SET")
    return value


def redis_url(value: str) -> str:
    """Take a Redis URL."""
    import redis  # a tenth of a second that most commands need not spend

    try:
        # Made, not opened: only so does the driver tell a parameter that it does not know.
        redis.ConnectionPool.from_url(value).make_connection()
    except (redis.RedisError, ValueError, TypeError):
        # The driver's reason may quote the URL, which may hold a password.
        raise ValueError("takes a URL such as redis://host:6379/0, with parameters that redis-py knows") from None
    return value


def mail_address(value: str) -> str:
    """Take a mail address that can sign in, in any spelling."""
    if not is_address(value):
        raise ValueError("takes a mail address such as admin@example.com")
    return canonical(value)


def secret(value: str) -> str:
    """Take a secret of at least 32 bytes."""
    if len(value.encode()) < SECRET_BYTES:
        raise ValueError(f"is shorter than {SECRET_BYTES} bytes; make one with: openssl rand -base64 48")
    return value


def key_ring(value: str) -> tuple[tuple[str, str], ...]:
    """Take id:secret pairs, comma-separated, newest first."""
    pairs = [item.strip().partition(":") for item in value.split(",") if item.strip()]
    if not all(colon and re.fullmatch(r"[a-z0-9_-]{1,16}", identifier) for identifier, colon, _ in pairs):
        raise ValueError("takes id:secret pairs, an id being 1 to 16 of a-z, 0-9, _ and -")
    ring = tuple((identifier, content) for identifier, _, content in pairs)
    if len({identifier for identifier, _ in ring}) != len(ring):
        raise ValueError("names one key id twice; give each key an id of its own")
    for _, content in ring:
        secret(content)
    return ring


def hashing_threads(configured: int) -> int:
    """Return how many threads hash passwords: the configured number, else as many as this process has cores."""
    return configured or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else configured or 2
