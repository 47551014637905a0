"""Formats that jsonschema-rs does not know, or checks less strictly than Charter."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from ipaddress import IPv6Address
from zoneinfo import available_timezones

from app.addresses import is_address
from app.security import cursors
from app.text import is_multi_line, is_single_line

_WEB_URL = re.compile(
    r"https?://(?:[0-9A-Za-z._~-]++|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?:/(?:[!$&-;=@-Z_a-z~]|%[0-9A-Fa-f]{2})*+)?"
    r"(?:\?(?:[!$&-;=?-Z_a-z~]|%[0-9A-Fa-f]{2})*+)?(?:#(?:[!$&-;=?-Z_a-z~]|%[0-9A-Fa-f]{2})*+)?"
)
_MAX_PORT = 65_535

# Files beside those of the zones that are not zones.
_NOT_ZONES = {"localtime", "Factory"}


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NOT_ZONES)


def is_time_zone(text: str) -> bool:
    """Return whether a text is the name of a zone in the IANA database."""
    return text in _time_zones()


def is_web_url(text: str) -> bool:
    """Return whether a text is an http or https URL (RFC 3986) with a host, maybe a port, and without user info.

    A lenient reader must find the same host, so a backslash, a space and a control character are rejected too.
    """
    match = _WEB_URL.fullmatch(text)
    if match is None or int(match["port"] or 0) > _MAX_PORT:
        return False
    try:
        return match["ipv6"] is None or bool(IPv6Address(match["ipv6"]))
    except ValueError:
        return False


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "cursor": cursors.is_well_formed,
    "cursor-of-position": cursors.is_well_formed_position,
    "email": is_address,
    "multi-line": is_multi_line,
    "single-line": is_single_line,
    "time-zone": is_time_zone,
    "web-url": is_web_url,
}

# An earlier release accepted texts that these formats reject. A response shows them as they are stored.
_OF_REQUESTS_ONLY = frozenset({"multi-line", "single-line", "web-url"})
STORED_FORMATS: Mapping[str, Callable[[str], bool]] = {
    name: check for name, check in FORMATS.items() if name not in _OF_REQUESTS_ONLY
}
"""Those that a response is checked for; the validator ignores the others, which it does not know."""
