"""From Python values to JSON, to a query and to a path."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Protocol, cast, runtime_checkable
from urllib.parse import quote
from uuid import UUID

from charter_client._unset import UNSET


@runtime_checkable
class _Model(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


def format_datetime(value: datetime, name: str = "a time") -> str:
    """Return a time as RFC 3339.

    Args:
        name: of the argument, for the message.

    Raises:
        ValueError: it has no time zone, so the server could only guess which moment it means.
    """
    if value.tzinfo is None:
        raise ValueError(f"{name} must have a time zone, such as datetime.now(UTC), not {value!r}.")
    return value.isoformat()


def encode(value: object, name: str = "") -> Any:
    """Return what JSON has for a value; what is UNSET in a mapping is left out."""
    if isinstance(value, datetime):
        return format_datetime(value, name or "a time")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, _Model):
        return value.to_dict()
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return {key: encode(item, f"{name}.{key}" if name else key) for key, item in items if item is not UNSET}
    if isinstance(value, list | tuple | set | frozenset):
        return [encode(item, name) for item in cast("Iterable[object]", value)]
    return value


def encode_query(values: Mapping[str, object]) -> dict[str, str | int | float | bool]:
    """Return the parameters of a query; those that are None are left out."""
    return {name: encode(value, name) for name, value in values.items() if value is not None and value is not UNSET}


def encode_path(template: str, values: Mapping[str, object]) -> str:
    """Fill in the parameters of a path.

    Raises:
        ValueError: a value cannot be a part of a path.
    """
    path = template
    for name, value in values.items():
        encoded: object = encode(value, name)
        whole = isinstance(encoded, int) and not isinstance(encoded, bool)
        text = str(encoded) if whole else encoded
        if not isinstance(text, str) or text.strip() in ("", ".", "..") or not text.isprintable():
            raise ValueError(f"{name} must be an id or a name, not {value!r}.")
        path = path.replace(f"{{{name}}}", quote(text, safe=""))
    return path
