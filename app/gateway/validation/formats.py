"""Formats that jsonschema-rs does not know, or reads more loosely than we do."""

from collections.abc import Callable, Mapping
from functools import cache
from zoneinfo import available_timezones

from app.addresses import is_address
from app.security import cursors

# Files that lie beside the zones and are none: what this machine is set to, and what tells that nothing was set.
_NO_ZONES = {"localtime", "Factory"}


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_ZONES)


def is_time_zone(text: str) -> bool:
    """Tell whether a text names a zone of the IANA database."""
    return text in _time_zones()


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "cursor": cursors.has_form,
    "email": is_address,
    "time-zone": is_time_zone,
}
