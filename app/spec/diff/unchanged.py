"""Which parts of two documents are the same, so that nobody needs to compare what is in them."""

from collections.abc import Iterator
from typing import Any

from app.spec.document import parse_pointer
from app.spec.document.tree import at

_References = frozenset[str]


class Unchanged:
    """Knows what is the same in two documents, with everything that it refers to.

    Args:
        old: a bundle, whose references all have targets.
        new: another one.
    """

    def __init__(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self._old, self._new = old, new
        # By the identity of a value: the bundles outlive this object.
        self._references: dict[int, _References] = {}
        self._changed: _References | None = None

    def includes(self, old: Any, new: Any) -> bool:
        """Return whether a value of the old document and one of the new are the same.

        References are followed: two values that refer to something that has changed are not the same.
        """
        return old == new and self._references_in(old).isdisjoint(self._changed_references())

    def _changed_references(self) -> _References:
        """Return the references that lead to something else than before, at once or after more references."""
        if self._changed is None:
            shared = self._references_in(self._old) & self._references_in(self._new)
            targets = {reference: self._target(self._old, reference) for reference in shared}
            changed = {name for name, target in targets.items() if target != self._target(self._new, name)}
            added = changed
            while added:
                added = {
                    name
                    for name, target in targets.items()
                    if name not in changed and not self._references_in(target).isdisjoint(added)
                }
                changed |= added
            self._changed = frozenset(changed)
        return self._changed

    @staticmethod
    def _target(bundle: dict[str, Any], reference: str) -> Any:
        return at(bundle, parse_pointer(reference[1:]))

    def _references_in(self, value: Any) -> _References:
        if id(value) not in self._references:
            self._references[id(value)] = frozenset(_references(value))
        return self._references[id(value)]


def _references(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(reference := node.get("$ref"), str):
                yield reference
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
