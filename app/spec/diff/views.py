"""A schema with all its `allOf` parts, seen as one."""

from collections.abc import Iterable, Sequence
from typing import Any

from app.spec.diff.comparison import Spot

LOWER = ("minimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "maxLength", "maxItems", "maxProperties")


class View:
    """What a schema demands together with everything in its `allOf`.

    Args:
        spots: schemas that a value must all match.

    Attributes:
        parts: those, and all schemas in their `allOf`, the outermost first.
    """

    def __init__(self, spots: Iterable[Spot]) -> None:
        self.parts: list[Spot] = []
        self._outer = list(spots)
        for spot in self._outer:
            self._add(spot)

    def _add(self, spot: Spot) -> None:
        if any(spot.value is part.value for part in self.parts):
            return
        self.parts.append(spot)
        for part in spot.children("allOf").values():
            self._add(part)

    @property
    def key(self) -> tuple[Any, ...]:
        """Return what tells this view from others."""
        return tuple(part.pointer for part in self.parts)

    @property
    def names(self) -> list[str]:
        """Return the names of the components that the schema refers to."""
        return [part.name for part in self.parts if part.name]

    def holder(self, key: str) -> Spot:
        """Return the first part that has a key; the first part if none has it."""
        return next((part for part in self.parts if key in part.value), self.parts[0])

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key in the first part that has it."""
        return self.holder(key).get(key, default)

    def every(self, key: str) -> list[Any]:
        """Return the values of a key in all parts, each once: a value must fit them all."""
        found: list[Any] = []
        for part in self.parts:
            if key in part.value and part.value[key] not in found:
                found.append(part.value[key])
        return found

    def child(self, key: str) -> Sequence[Spot]:
        """Return the schema under a key in each part that has one; `{}` says nothing."""
        found = [part.child(key) for part in self.parts if isinstance(part.get(key), dict) and part.get(key)]
        return [spot for spot in found if spot is not None]

    def properties(self, direction: str) -> dict[str, list[Spot]]:
        """Return the schemas of each property that requests or responses have."""
        found: dict[str, list[Spot]] = {}
        for part in self.parts:
            for name, spot in part.children("properties").items():
                found.setdefault(name, []).append(spot)
        absent = "readOnly" if direction == "request" else "writeOnly"
        return {name: spots for name, spots in found.items() if not View(spots).get(absent)}

    @property
    def property_names(self) -> set[str]:
        """Return the names of the properties of requests and responses."""
        return {name for part in self.parts for name in part.get("properties") or ()}

    def property_holder(self, name: str) -> Spot:
        """Return the first part that has a property."""
        return next(part for part in self.parts if name in (part.get("properties") or ()))

    @property
    def required(self) -> set[str]:
        """Return the names of the properties that must be there."""
        return {name for part in self.parts for name in part.get("required") or ()}

    @property
    def nullable(self) -> bool:
        """Return whether null is allowed: a schema around an `allOf` decides for its parts."""
        if any(spot.get("nullable") for spot in self._outer):
            return True
        inner = self.parts[len(self._outer) :]
        typed = any("type" in spot.value for spot in self._outer)
        return bool(inner) and not typed and all(part.get("nullable") for part in inner)

    @property
    def enum(self) -> list[Any] | None:
        """Return the values allowed, without null; None if all are."""
        lists = [part.get("enum") for part in self.parts if isinstance(part.get("enum"), list)]
        if not lists:
            return None
        return [value for value in lists[0] if value is not None and all(value in more for more in lists[1:])]

    @property
    def closed(self) -> bool:
        """Return whether there are no further properties."""
        return False in self.every("additionalProperties")

    def bound(self, key: str) -> tuple[float, int] | None:
        """Return the bound that applies, as a pair that compares: a bound that excludes itself is tighter.

        A length or count of at least 0 is no bound.
        """
        found = []
        for part in self.parts:
            if isinstance(value := part.get(key), (int, float)) and (value or key not in LOWER[1:]):
                exclusive = part.get(f"exclusive{key.capitalize()}") is True
                found.append((value, int(exclusive) if key in LOWER else -int(exclusive)))
        if not found:
            return None
        return max(found) if key in LOWER else min(found)
