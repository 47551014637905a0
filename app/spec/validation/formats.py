"""Formats that jsonschema-rs does not know, or reads more loosely than we do."""

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
_HIGHEST_PORT = 65_535

# Files that lie beside the zones and are none: what this machine is set to, and what tells that nothing was set.
_NO_ZONES = {"localtime", "Factory"}


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_ZONES)


def is_time_zone(text: str) -> bool:
    """Tell whether a text names a zone of the IANA database."""
    return text in _time_zones()


def is_web_url(text: str) -> bool:
    """Tell whether a text is a URL of http or https (RFC 3986) with a host, perhaps a port, and without user info.

    Whoever reads it leniently must find the same host: a backslash, a blank or a control character is refused too.
    """
    found = _WEB_URL.fullmatch(text)
    if found is None or int(found["port"] or 0) > _HIGHEST_PORT:
        return False
    try:
        return found["ipv6"] is None or bool(IPv6Address(found["ipv6"]))
    except ValueError:
        return False


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "cursor": cursors.is_well_formed,
    "email": is_address,
    "multi-line": is_multi_line,
    "single-line": is_single_line,
    "time-zone": is_time_zone,
    "web-url": is_web_url,
}

# What an earlier release took is shown as it is stored: only what comes in is held to these.
STORED_FORMATS: Mapping[str, Callable[[str], bool]] = {
    **FORMATS,
    **dict.fromkeys(("multi-line", "single-line", "web-url"), lambda _: True),
}
