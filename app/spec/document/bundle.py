"""The document in one piece, which still knows the file and line of each part."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.declared_errors import Declaration
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
    """

    bundle: dict[str, Any]
    _root: str
    _lines: dict[int, Lines]
    _components: dict[Pointer, Place]
    derived: Mapping[Pointer, Pointer] = field(default_factory=dict)
    errors: Mapping[str, Declaration] = field(default_factory=dict)

    def where(self, pointer: Pointer) -> Place:
        """Return the file and line of the key or item at a pointer; of its nearest ancestor if there is none."""
        place, node = Place(self._root, 1), self.bundle
        for depth, step in enumerate(pointer, 1):
            lines = self._lines.get(id(node))
            if component := self._components.get(pointer[:depth]):
                place = component
            elif lines and step in lines.children:
                place = Place(lines.file, lines.children[step])
            try:
                node = at(node, (step,))
            except LookupError:
                break
        return place
