"""Changes to a bundle that leave the original as it is: what changes is copied, everything else is shared.

The copies have the file and line of what they are copies of.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from app.spec.document.places import Place
from app.spec.document.tree import METHODS, Pointer, at, nodes, operations_of, parse_pointer, resolve
from app.spec.document.yaml_text import Lines

Component = tuple[str, str]
"""Its kind and its name."""


class Edit:
    """A bundle that is being changed.

    Args:
        bundle: the original.
        lines: of its mappings and lists; those of copies are added.

    Attributes:
        bundle: the copy.
    """

    def __init__(self, bundle: dict[str, Any], lines: dict[int, Lines]) -> None:
        self._lines = lines
        self._copies: set[int] = set()
        self.bundle: dict[str, Any] = self._copy(bundle)

    def at(self, pointer: Pointer) -> Any:
        """Return the mapping or list at a pointer, to change it."""
        here: Any = self.bundle
        for step in pointer:
            if id(here[step]) not in self._copies:
                here[step] = self._copy(here[step])
            here = here[step]
        return here

    def keep(self, pointer: Pointer, indexes: list[int]) -> None:
        """Remove the items of a list but for those with these indexes."""
        items = self.at(pointer)
        lines = self._lines.get(id(items))
        items[:] = [items[index] for index in indexes]
        if lines:
            places: dict[str | int, Place] = {
                new: place for new, old in enumerate(indexes) if (place := lines.place(old))
            }
            self._lines[id(items)] = Lines(lines.file, lines.here, {}, items, places)

    def _copy(self, value: Any) -> Any:
        made = value.copy()
        copy_lines(self._lines, made, value)
        self._copies.add(id(made))
        return made


def copy_lines(lines: dict[int, Lines], made: Any, original: Any) -> None:
    """Give a new mapping or list the lines of another, or none if that has none.

    Lines belong to an `id()`, and the id of something that is gone may be used again.
    """
    if known := lines.get(id(original)):
        lines[id(made)] = replace(known, of=made)
    else:
        lines.pop(id(made), None)


def without_operations(bundle: dict[str, Any], lines: dict[int, Lines], names: Collection[str]) -> dict[str, Any]:
    """Return a bundle without some operations, the links to them, and the paths and tags that only they had.

    Args:
        bundle: the original, which stays as it is.
        lines: of its mappings and lists; those of copies are added.
        names: operationIds.
    """
    if not names:
        return bundle
    edit, tags = Edit(bundle, lines), set()
    for path, item in bundle["paths"].items():
        gone = {method: each for method, each in operations_of(item).items() if each.get("operationId") in names}
        for method, operation in gone.items():
            tags |= _tags_of(operation)
            del edit.at(("paths", path))[method]
        if gone and not any(method in METHODS for method in edit.bundle["paths"][path]):
            del edit.at(("paths",))[path]
    for pointer, link in list(_links_to(edit.bundle, names)):
        links = edit.at((*pointer, "links"))
        del links[link]
        if not links:
            del edit.at(pointer)["links"]
    _drop_tags(edit, tags - _used_tags(edit.bundle))
    return edit.bundle


def without_components(
    bundle: dict[str, Any], lines: dict[int, Lines], components: Collection[Component]
) -> dict[str, Any]:
    """Return a bundle without some components."""
    edit = Edit(bundle, lines)
    for kind, name in components:
        if name in edit.bundle.get("components", {}).get(kind, {}):
            del edit.at(("components", kind))[name]
            if not edit.bundle["components"][kind]:
                del edit.at(("components",))[kind]
    return edit.bundle


def used_components(bundle: dict[str, Any]) -> set[Component]:
    """Return the components that the operations use, directly or through other components."""
    return _used_by(bundle, bundle["paths"])


def components_of_none(bundle: dict[str, Any], candidates: Collection[Component]) -> set[Component]:
    """Return those of some components that neither an operation uses nor any other component that is left.

    Args:
        bundle: what is left; it still has the candidates.
    """
    gone = set(candidates) - used_components(bundle)
    left = [
        component
        for kind, components in bundle.get("components", {}).items()
        for name, component in components.items()
        if (kind, name) not in gone
    ]
    return gone - _used_by(bundle, left)


def _used_by(bundle: dict[str, Any], value: Any) -> set[Component]:
    found: set[Component] = set()
    waiting: list[Any] = [value]
    while waiting:
        for steps in _references(waiting.pop()):
            component = (steps[1], steps[2]) if steps[:1] == ("components",) and len(steps) > 2 else None
            if component and component not in found:
                found.add(component)
                waiting.append(at(bundle, ("components", *component)))
    return found


def _references(value: Any) -> Iterator[tuple[str, ...]]:
    for node in nodes(value):
        discriminator = node.mapping.get("discriminator")
        mapped = discriminator.get("mapping") if isinstance(discriminator, dict) else None
        for reference in (node.mapping.get("$ref"), *(mapped.values() if isinstance(mapped, dict) else ())):
            if isinstance(reference, str) and reference.startswith("#/"):
                yield parse_pointer(reference[1:])


def _links_to(bundle: dict[str, Any], names: Collection[str]) -> Iterator[tuple[Pointer, str]]:
    """Yield the pointer of each mapping with links, and the name of each link to one of the operations."""
    for node in nodes(bundle):
        links = node.mapping.get("links")
        for name, link in links.items() if isinstance(links, dict) else ():
            target = resolve(bundle, link)
            if isinstance(target, dict) and target.get("operationId") in names:
                yield node.pointer, name


def _used_tags(bundle: dict[str, Any]) -> set[Any]:
    return {
        tag
        for item in bundle["paths"].values()
        for operation in operations_of(item).values()
        for tag in _tags_of(operation)
    }


def _tags_of(operation: dict[str, Any]) -> set[str]:
    tags = operation.get("tags")
    return {tag for tag in tags if isinstance(tag, str)} if isinstance(tags, list) else set()


def _drop_tags(edit: Edit, names: Collection[Any]) -> None:
    tags = edit.bundle.get("tags")
    if names and isinstance(tags, list):
        gone = [tag for tag in tags if isinstance(tag, dict) and tag.get("name") in names]
        edit.keep(("tags",), [index for index, tag in enumerate(tags) if tag not in gone])
