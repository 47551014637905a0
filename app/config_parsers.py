"""How each kind of variable is read from text.

A ValueError says what is wrong with the value, as the rest of a sentence that begins with the variable: `must be ...`.
After a semicolon it says how to fix it, if that needs saying. It never repeats the value, which may be a secret.
"""

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
from app.libraries import import_libraries
from app.web_origins import origin, web_url

SECRET_BYTES = 32
MAX_WINDOW_SECONDS = 86_400

# What needs no escape in HTML, in a Location or between the angle brackets of a Link (RFC 3986, 3.3).
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~!$()*+,;=:-]|%[0-9A-Fa-f]{2})+)*")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A rate limit.

    Attributes:
        count: requests that are allowed in `seconds`.
        seconds: the length of the time window.
        burst: requests that may come at once; None: as many as `count`.
    """

    count: int
    seconds: int
    burst: int | None = None

    @property
    def size(self) -> int:
        """The number of requests in a full bucket."""
        return self.burst or self.count

    @property
    def refill_seconds(self) -> int:
        """The seconds until an empty bucket is full."""
        return -(-self.size * self.seconds // self.count)

    def __str__(self) -> str:
        return "/".join(str(part) for part in (self.count, self.seconds, self.burst) if part)


class Names(tuple[str, ...]):
    """Names in order; as text, they are separated by commas."""

    __slots__ = ()

    def __str__(self) -> str:
        return ", ".join(self)


def text(value: str) -> str:
    """Read any text."""
    return value


def path(value: str) -> Path:
    """Read a path; `~` is the home folder."""
    try:
        return Path(value).expanduser()
    except RuntimeError:  # a container's account often has none
        raise ValueError("must be a whole path, because ~ has no home folder here") from None


def name(value: str) -> str:
    """Read a short name of letters, digits, dots, dashes and underscores."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", value):
        raise ValueError("must be 1 to 64 letters, digits, dots, dashes and underscores")
    return value


def boolean(value: str) -> bool:
    """Read true or false."""
    known = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if value.lower() not in known:
        raise ValueError("must be true or false")
    return known[value.lower()]


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a parser of whole numbers within bounds, both included."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", value) or not least <= int(value) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(value)

    return parse


def whole_or_auto(least: int, most: int) -> Callable[[str], int | str]:
    """Return a parser of whole numbers within bounds, both included, and of the word auto."""
    number = whole(least, most)

    def parse(value: str) -> int | str:
        if value == "auto":
            return value
        try:
            return number(value)
        except ValueError as error:
            raise ValueError(f"{error} or auto") from None

    return parse


def host(value: str) -> str:
    """Read an address or a name; an IPv6 address may have the brackets that it has in a URL."""
    return value[1:-1] if value.startswith("[") and value.endswith("]") else value


def choice(*allowed: str) -> Callable[[str], str]:
    """Return a parser of one of these words."""

    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    return parse


def bucket(value: str) -> Bucket:
    """Read a rate limit as count/seconds or count/seconds/burst, such as 120/60 or 120/60/20."""
    match = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,5})(?:/([1-9][0-9]{0,8}))?", value)
    limit = Bucket(int(match[1]), int(match[2]), int(match[3]) if match[3] else None) if match else None
    if limit is None or max(limit.seconds, limit.refill_seconds) > MAX_WINDOW_SECONDS:
        raise ValueError(
            "must be count/seconds or count/seconds/burst, such as 120/60 or 120/60/20, "
            f"with at most {MAX_WINDOW_SECONDS} seconds, also until the burst is allowed again"
        )
    return limit


def url(value: str) -> str:
    """Read an http or https URL, which may have a path; return it without a slash at its end."""
    parts = web_url(value)
    if parts is None or any(mark in value for mark in "?#@"):
        raise ValueError("must be a URL such as https://api.example.com")
    if not parts.netloc.isascii():
        raise ValueError("has a host that is not ASCII; write it as browsers send it, beginning with xn--")
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or any(segment in (".", "..") for segment in path.split("/")):
        raise ValueError("must have a path of plain segments, such as /accounts")
    return value.rstrip("/")


def origins(value: str) -> tuple[str, ...]:
    """Read origins separated by commas, each as browsers send it; there is no wildcard."""
    return tuple(origin(item.strip()) for item in value.split(",") if item.strip())


def header_names(value: str) -> Names:
    """Read header names separated by commas; return them in lower case, each once."""
    names = Names(dict.fromkeys(item.strip().lower() for item in value.split(",") if item.strip()))
    if "*" in names:
        raise ValueError("has a *, which browsers do not apply to Authorization; list each header")
    if not all(map(_TOKEN.fullmatch, names)):
        raise ValueError("must be header names such as traceparent, separated by commas")
    return names


def networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read networks or addresses separated by commas; return IPv4-mapped ones as IPv4."""
    try:
        return tuple(_unmapped(ipaddress.ip_network(item.strip())) for item in value.split(",") if item.strip())
    except ValueError as error:
        raise ValueError("must be networks such as 10.0.0.0/8, separated by commas") from error


def _unmapped(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    # The addresses of clients are compared as IPv4, even if the socket has them as ::ffff:10.0.0.1.
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return IPv4Network((mapped, network.prefixlen - 96)) if mapped and network.prefixlen >= 96 else network


def database_url(value: str) -> str:
    """Read a PostgreSQL URL."""
    fault = ValueError(
        "must be a URL such as postgresql://user:password@host:5432/charter, with parameters that libpq knows; "
        "write a special character of the password as %XX"
    )
    if not value.startswith(("postgresql://", "postgres://")):
        raise fault
    try:
        parameters = parse_dsn(value)
    except (psycopg2.Error, UnicodeError):
        raise fault from None  # the message of the driver has the URL, and so the password
    ports = [port for port in parameters.get("port", "").split(",") if port]
    if not all(re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536 for port in ports):
        raise fault
    if "options" in parameters:
        raise ValueError("must not have options, which PgBouncer rejects; set timeouts with ALTER ROLE ... SET")
    return value


def redis_url(value: str) -> str:
    """Read a Redis URL."""
    import_libraries(["redis"])  # takes a tenth of a second, and most commands need no Redis
    import redis

    try:
        # The connection is made but not opened, because only then does the driver reject an unknown parameter.
        redis.ConnectionPool.from_url(value).make_connection()
    except (redis.RedisError, ValueError, TypeError):
        # The message of the driver may have the URL, and so a password.
        raise ValueError("must be a URL such as redis://host:6379/0, with parameters that redis-py knows") from None
    return value


def mail_address(value: str) -> str:
    """Read an email address with which one can sign in, in any spelling."""
    if not is_address(value):
        raise ValueError("must be an email address such as admin@example.com")
    return canonical(value)


def secret(value: str) -> str:
    """Read a secret of at least 32 bytes."""
    if len(value.encode()) < SECRET_BYTES:
        raise ValueError(f"must have at least {SECRET_BYTES} bytes; make one with: openssl rand -base64 48")
    return value


def key_ring(value: str) -> tuple[tuple[str, str], ...]:
    """Read id:secret pairs separated by commas, newest first."""
    pairs = [item.strip().partition(":") for item in value.split(",") if item.strip()]
    if not all(colon and re.fullmatch(r"[a-z0-9_-]{1,16}", identifier) for identifier, colon, _ in pairs):
        raise ValueError("must be id:secret pairs separated by commas, with ids of 1 to 16 of a-z, 0-9, _ and -")
    ring = tuple((identifier, content) for identifier, _, content in pairs)
    if len({identifier for identifier, _ in ring}) != len(ring):
        raise ValueError("has a key id twice; give each key its own id")
    for _, content in ring:
        secret(content)
    return ring


def hashing_threads(configured: int) -> int:
    """Return how many passwords are hashed at once: the configured number, else the cores of this process."""
    return configured or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else configured or 2
