"""How the pages of a list are asked for: what x-paginated says."""

from collections.abc import Mapping
from typing import Any, Literal

PageKind = Literal["offset", "cursor"]
_KINDS: tuple[PageKind, ...] = ("offset", "cursor")


def page_kinds(operation: Mapping[str, Any]) -> tuple[PageKind, ...]:
    """Return `offset`, `cursor` or both, in this order; nothing if the operation is not a list in pages."""
    value = operation.get("x-paginated")
    named = value if isinstance(value, list) else [value]
    return tuple(kind for kind in _KINDS if kind in named)
