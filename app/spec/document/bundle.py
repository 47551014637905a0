"""The document in one piece, which still knows the file and line of each part."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.declared_errors import Declaration
from app.spec.document.choices import NOTHING_CHOSEN, Choices
from app.spec.document.editing import components_of_none, used_components, without_components, without_operations
from app.spec.document.places import Place
from app.spec.document.tree import Pointer, at
from app.spec.document.yaml_text import Lines


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """The whole document.

    Attributes:
        bundle: OpenAPI in one mapping; every `$ref` in it is `#/…` and has a target.
        derived: what no file has because the keys of an operation imply it, and what it follows from.
        errors: the declarations of errors.yaml, by code; none if there is no such file.
        choices: in a project, what it omits and hides of Charter's operations.
        inherited_paths: in a project, those of Charter.
        overlay: in a project, the name of the overlay that was applied.
        before_overlay: what the bundle was before the overlay; None without an overlay.
        models: what x-model says, by the name of the schema; it is not part of the bundle, since it is of the server.
    """

    bundle: dict[str, Any]
    _root: str
    _lines: dict[int, Lines]
    _components: dict[Pointer, Place]
    derived: Mapping[Pointer, Pointer] = field(default_factory=dict)
    errors: Mapping[str, Declaration] = field(default_factory=dict)
    choices: Choices = NOTHING_CHOSEN
    inherited_paths: frozenset[str] = frozenset()
    models: Mapping[str, Any] = field(default_factory=dict)
    overlay: str | None = None
    before_overlay: Mapping[str, Any] | None = None

    def published(self) -> "Document":
        """Return the document that clients get: without the hidden operations, and without what only they use."""
        hidden = self.choices.hidden
        if not hidden:
            return self
        bundle = without_operations(self.bundle, self._lines, hidden)
        unused = components_of_none(bundle, used_components(self.bundle))
        return replace(self, bundle=without_components(bundle, self._lines, unused), choices=NOTHING_CHOSEN)

    def places(self, pointer: Pointer, node: Any) -> set[Place]:
        """Return the place of every key and item at and below a pointer.

        Args:
            node: what is there.
        """
        found, waiting = {self.where(pointer)}, [node]
        while waiting:
            here = waiting.pop()
            lines = self._lines.get(id(here))
            children = here.items() if isinstance(here, dict) else enumerate(here) if isinstance(here, list) else ()
            for step, child in children:
                if lines and (place := lines.place(step)):
                    found.add(place)
                waiting.append(child)
        return found

    def where(self, pointer: Pointer) -> Place:
        """Return the file and line of the key or item at a pointer; of its nearest ancestor if there is none."""
        place, node = Place(self._root, 1), self.bundle
        for depth, step in enumerate(pointer, 1):
            lines = self._lines.get(id(node))
            found = self._components.get(pointer[:depth]) or (lines and lines.place(step))
            # What an overlay changed is wrong because of the overlay, down to the parts that it left as they were.
            if found and not (found.inherited and not place.inherited and place.file != self._root):
                place = found
            try:
                node = at(node, (step,))
            except LookupError:
                break
        return place
