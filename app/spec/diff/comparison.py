"""The two documents side by side: where a value is in each, and what has been found so far."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from app.spec.diff.changes import Change, Severity
from app.spec.diff.rules import RULES
from app.spec.diff.sources import Source
from app.spec.diff.unchanged import Unchanged
from app.spec.document import Pointer, parse_pointer
from app.spec.document.tree import at, write_pointer

TEXTS = ("title", "summary", "description", "externalDocs")


@dataclass(frozen=True, slots=True)
class Spot:
    """A value in one of the two documents, with references followed.

    Attributes:
        side: "old" or "new".
        name: of the component that a reference led to; None if the value is where the pointer began.
    """

    side: str
    root: dict[str, Any]
    value: Any
    pointer: Pointer
    name: str | None = None

    def child(self, *keys: str | int) -> "Spot | None":
        """Return the value under these keys; None if there is none."""
        pointer, name = (*self.pointer, *keys), None
        try:
            value = at(self.value, keys)
        except LookupError:
            return None
        seen: set[Pointer] = set()
        while isinstance(value, dict) and isinstance(value.get("$ref"), str) and pointer not in seen:
            seen.add(pointer)
            pointer = parse_pointer(value["$ref"][1:])
            value, name = at(self.root, pointer), str(pointer[-1])
        return Spot(self.side, self.root, value, pointer, name)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the plain value of a key."""
        return self.value.get(key, default) if isinstance(self.value, dict) else default

    def children(self, key: str) -> dict[str, "Spot"]:
        """Return what a mapping of names holds, or the items of a list by their index."""
        held = self.get(key) or {}
        names = held if isinstance(held, dict) else range(len(held))
        found = {str(name): self.child(key, name) for name in names}
        return {name: spot for name, spot in found.items() if spot is not None}


@dataclass(slots=True)
class _Found:
    spot: Spot
    keys: tuple[str | int, ...]
    text: str
    operations: list[str] = field(default_factory=list)


class Comparison:
    """What has been found so far.

    Args:
        old: the document that clients know.
        new: the document that takes its place.
        today: decides whether an `x-sunset` is past.

    Attributes:
        operation: the operationId of the operation that is compared; None outside of operations.
        seen: the pairs of schemas that were compared for this operation.
        unchanged: what is the same in both documents.
    """

    def __init__(self, old: Source, new: Source, today: date) -> None:
        self.old, self.new, self.today = old, new, today
        self.operation: str | None = None
        self.seen: set[Any] = set()
        self.unchanged = Unchanged(old.bundle, new.bundle)
        self._found: dict[tuple[Any, ...], _Found] = {}

    def begin(self, operation: str | None) -> Self:
        """Name the operation that is compared next."""
        self.operation, self.seen = operation, set()
        return self

    def report(self, rule: str, spot: Spot, text: str, *keys: str | int, detail: Any = None) -> None:
        """Add a change. What several operations share is one change that names them all.

        Args:
            rule: its id.
            spot: the value that has changed; of the old document if the new one has none.
            text: one sentence.
            keys: lead from the spot to what has changed.
            detail: tells two changes of one rule at one place apart.
        """
        key = (RULES[rule].id, spot.side, spot.pointer, keys, str(detail))
        found = self._found.setdefault(key, _Found(spot, keys, text))
        if self.operation and self.operation not in found.operations:
            found.operations.append(self.operation)

    def texts(self, old: Spot, new: Spot, keys: Iterable[str] = TEXTS, *, rule: str = "text-changed") -> None:
        """Compare texts for people, or other keys with one rule for every difference."""
        for key in keys:
            if old.get(key) != new.get(key):
                spot = new if key in new.value else old
                self.report(rule, spot, f"{_verb(key, old, new)} `{key}`.", key)

    def others(self, old: Spot, new: Spot, known: Iterable[str]) -> None:
        """Report the keys that have changed and that nobody else compares."""
        self.texts(old, new, sorted((old.value.keys() | new.value.keys()) - set(known)), rule="unknown-change")

    def examples(self, old: Spot, new: Spot) -> None:
        """Compare the examples of a media type, parameter, header or schema."""
        self.texts(old, new, ("example",), rule="example-changed")
        before, after = old.children("examples"), new.children("examples")
        for name in sorted(before.keys() | after.keys()):
            first, second = before.get(name), after.get(name)
            if (first and first.value) != (second and second.value):
                spot = second or first
                assert spot
                self.report("example-changed", spot, f"The example `{name}` has changed.")

    def changes(self) -> list[Change]:
        """Return everything that was found, the worst first, then by place."""
        order = list(Severity)
        made = [self._change(key[0], found) for key, found in self._found.items()]
        return sorted(made, key=lambda change: (order.index(change.severity), change.rule.id, change.pointer))

    def _change(self, rule: str, found: _Found) -> Change:
        pointer = (*found.spot.pointer, *found.keys)
        source = self.old if found.spot.side == "old" else self.new
        place = source.where(pointer)
        return Change(RULES[rule], tuple(found.operations), write_pointer(pointer), found.spot.side, place, found.text)


def _verb(key: str, old: Spot, new: Spot) -> str:
    if key not in old.value:
        return "There is a new"
    return "There is no longer a" if key not in new.value else "There is another"
