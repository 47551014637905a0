"""How each kind of setting is read from text; a ValueError says what is wrong and how to mend it."""

import ipaddress
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import psycopg2
from psycopg2.extensions import parse_dsn

from app.addresses import is_address

SECRET_BYTES = 32
LONGEST_WINDOW_SECONDS = 86_400

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


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


def text(value: str) -> str:
    """Take any text."""
    return value


def path(value: str) -> Path:
    """Take a path, also one with a tilde."""
    return Path(value).expanduser()


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
    """Take an http or https URL without a path's trailing slash."""
    parts = _web_url(value)
    if parts is None or parts.query or parts.fragment:
        raise ValueError("takes a URL such as https://api.example.com")
    return value.rstrip("/")


def origins(value: str) -> tuple[str, ...]:
    """Take a comma-separated list of web origins, each in the form that browsers send; no wildcard."""
    found = tuple(_origin(item.strip()) for item in value.split(",") if item.strip())
    if None in found:
        raise ValueError(
            "takes exact origins such as https://app.example.com, comma-separated, without a path; "
            "a host beyond ASCII as xn--"
        )
    return tuple(item for item in found if item)


def networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Take a comma-separated list of networks or addresses."""
    try:
        return tuple(ipaddress.ip_network(item.strip()) for item in value.split(",") if item.strip())
    except ValueError as error:
        raise ValueError("takes networks such as 10.0.0.0/8, comma-separated") from error


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
    """Take a mail address that can sign in."""
    if not is_address(value):
        raise ValueError("takes a mail address such as admin@example.com")
    return value


def secret(value: str) -> str:
    """Take a secret of at least 32 bytes."""
    if len(value.encode()) < SECRET_BYTES:
        raise ValueError(f"is shorter than {SECRET_BYTES} bytes; make one with: openssl rand -base64 48")
    return value


def key_ring(value: str) -> tuple[tuple[str, str], ...]:
    """Take id:secret pairs, comma-separated, newest first."""
    pairs = [item.strip().partition(":") for item in value.split(",") if item.strip()]
    ring = tuple((identifier, content) for identifier, _, content in pairs)
    if not all(re.fullmatch(r"[a-z0-9_-]{1,16}", identifier) for identifier, _ in ring):
        raise ValueError("takes id:secret pairs, an id being 1 to 16 of a-z, 0-9, _ and -")
    if len({identifier for identifier, _ in ring}) != len(ring):
        raise ValueError("names one key id twice; give each key an id of its own")
    for _, content in ring:
        secret(content)
    return ring


def hashing_threads(configured: int) -> int:
    """Return how many threads hash passwords: the configured number, else as many as this process has cores."""
    return configured or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else configured or 2


def _web_url(value: str) -> SplitResult | None:
    """Return the parts of an http or https URL with a host and a possible port, else None."""
    try:
        parts = urlsplit(value)
        _ = parts.port  # read for its refusal alone
    except ValueError:
        return None
    return parts if parts.scheme in _DEFAULT_PORTS and parts.hostname and not re.search(r"\s", value) else None


def _origin(value: str) -> str | None:
    """Return an origin as browsers serialise it (WHATWG URL): lower case, no default port; None if none can match."""
    parts = _web_url(value)
    if parts is None or "@" in parts.netloc or parts.path or parts.query or parts.fragment:
        return None
    host = parts.hostname or ""
    if ":" in host or host.rpartition(".")[2].isdigit():
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return None
        host = f"[{address}]" if address.version == 6 else str(address)
    elif not _HOST.fullmatch(host):
        return None
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
