"""The files of a document joined into one: path items and components are put where OpenAPI has them."""

from pathlib import Path
from typing import Any

from app.spec.document.bundle import Document
from app.spec.document.derived import complete
from app.spec.document.error_codes import read_error_codes, write_error_codes
from app.spec.document.places import DocumentError, Fault, Place
from app.spec.document.references import find_cycles, misplaced_references, rewrite_references
from app.spec.document.sources import Sources, file_name
from app.spec.document.targets import write_target_kinds
from app.spec.document.tree import Pointer, parse_pointer

COMPONENT_KINDS = (
    "callbacks",
    "examples",
    "headers",
    "links",
    "parameters",
    "requestBodies",
    "responses",
    "schemas",
    "securitySchemes",
)


def load(path: Path) -> Document:
    """Read a document: the root file, its path items, and everything in `components/` beside it.

    A component is put under `components.<kind>.<Name>`, where the kind is the name of its file or folder; references
    between files become references between components. What the keys of an operation imply is added (`derived`).

    Args:
        path: the root file.

    Raises:
        DocumentError: with every fault, each with its file and line.
    """
    return _Loader(path).document()


class _Loader:
    def __init__(self, path: Path) -> None:
        self._sources = Sources(path)
        self._component_places: dict[Pointer, Place] = {}

    def document(self) -> Document:
        sources = self._sources
        if not sources.root.is_file():
            raise DocumentError([Fault(sources.place(sources.root, 1), "This file does not exist.", "Write it.")])
        root = sources.read(sources.root, ())
        if root is None:
            raise DocumentError(sources.faults)
        items = self._path_items(root)
        components = self._components(root)
        paths = root["paths"] if isinstance(root.get("paths"), dict) else {}
        rewrite_references(sources, {**root, "paths": {**paths, **items}, "components": components})
        paths.update(items)
        if components:
            root["components"] = components
        if not sources.faults:
            sources.faults += find_cycles(root, self._component_places)
        if sources.faults:
            raise DocumentError(sources.faults)
        errors, error_faults = read_error_codes([sources.folder / "errors.yaml"])
        if error_faults:
            raise DocumentError(error_faults)
        name = file_name(sources.root, sources.folder)
        document = Document(root, name, sources.lines, self._component_places, complete(root), errors)
        for pointer, origin in document.derived.items():
            if pointer[0] == "components":
                self._component_places[pointer] = document.where(origin)
        if faults := list(misplaced_references(document)):
            raise DocumentError(faults)
        write_target_kinds(root)
        write_error_codes(root, errors)
        return document

    def _path_items(self, root: dict[str, Any]) -> dict[str, Any]:
        sources, paths = self._sources, root.get("paths")
        if not isinstance(paths, dict):
            fix = "Write `paths:` with one $ref per path."
            sources.fault(sources.root, 1, "There is no mapping `paths`.", fix)
            return {}
        items = {}
        for name, entry in paths.items():
            line = sources.lines[id(paths)].children[name]
            if not isinstance(entry, dict):
                sources.fault(sources.root, line, f"The path {name} is not a mapping.", "Write a $ref to its file.")
            elif isinstance(reference := entry.get("$ref"), str):
                if len(entry) > 1:
                    message = f"The path {name} has keys beside its $ref."
                    sources.fault(sources.root, line, message, "Move them into the file.")
                item = self._path_item(name, reference, line)
                if item is not None:
                    items[name] = item
        for unused in sorted(set(sources.files("paths")) - set(sources.texts)):
            fix = f"Add it to {file_name(sources.root, sources.folder)}, or delete it."
            sources.fault(unused, 1, "No path refers to this file.", fix)
        return items

    def _path_item(self, name: str, reference: str, line: int) -> dict[str, Any] | None:
        sources = self._sources
        target = sources.target(sources.folder, reference)
        if target is None:
            sources.fault(sources.root, line, f"There is no file {reference}.", "Write it, or correct the $ref.")
        elif not target.is_relative_to(sources.folder / "paths"):
            sources.fault(sources.root, line, f"The file {reference} is not in paths/.", "Move it there.")
        elif target in sources.texts:
            fix = "Give each path its own file."
            sources.fault(sources.root, line, f"Another path already refers to {reference}.", fix)
        else:
            return sources.read(target, ("paths", name)) or {}
        return None

    def _components(self, root: dict[str, Any]) -> dict[str, Any]:
        sources = self._sources
        components: dict[str, dict[str, Any]] = {}
        for path in sources.files("components"):
            kind = path.relative_to(sources.folder).with_suffix("").parts[1]
            if kind not in COMPONENT_KINDS:
                fix = f"Choose one of {', '.join(COMPONENT_KINDS)}."
                sources.fault(path, 1, f"OpenAPI has no components of the kind {kind}.", fix)
            elif (value := sources.read(path, ("components", kind))) is not None:
                children = sources.lines.pop(id(value)).children
                for name, component in value.items():
                    self._add(components, (kind, name), component, sources.place(path, children[name]))
        inline = root.get("components")
        for kind, entries in inline.items() if isinstance(inline, dict) else ():
            for name, component in entries.items() if isinstance(entries, dict) else ():
                if not self._repeats_file(component, kind, name):
                    place = sources.place(sources.root, sources.lines[id(entries)].children[name])
                    self._add(components, (kind, name), component, place)
        return {kind: dict(sorted(entries.items())) for kind, entries in sorted(components.items())}

    def _add(self, components: dict[str, dict[str, Any]], key: tuple[str, str], component: Any, place: Place) -> None:
        kind, name = key
        if name in components.setdefault(kind, {}):
            first = self._component_places["components", kind, name]
            message = f"{kind} already has a {name}, at {first}."
            self._sources.faults.append(Fault(place, message, "Rename one of the two, or remove it."))
            return
        components[kind][name] = component
        self._component_places["components", kind, name] = place

    def _repeats_file(self, component: Any, kind: str, name: str) -> bool:
        """Return whether a component of the root is only a reference to the one that a file of its kind defines."""
        if not isinstance(component, dict) or not isinstance(component.get("$ref"), str):
            return False
        file, _, fragment = component["$ref"].partition("#")
        target = self._sources.target(self._sources.folder, file) if file else None
        base = self._sources.bases.get(target) if target else None
        return base == ("components", kind) and parse_pointer(fragment) == (name,)
