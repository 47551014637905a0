"""The files of a document joined into one: path items and components are put where OpenAPI has them."""

from pathlib import Path
from typing import Any

from app.spec.document.bundle import Document
from app.spec.document.choices import NOTHING_CHOSEN
from app.spec.document.derived import complete
from app.spec.document.editing import Component, components_of_none, without_components
from app.spec.document.error_codes import forget_error_codes, read_error_codes, write_error_codes
from app.spec.document.joining import join_sides
from app.spec.document.overlay import overlay_name, removed_standards
from app.spec.document.partial import Incomplete
from app.spec.document.places import DocumentError, Fault, Place
from app.spec.document.references import find_cycles, misplaced_references, rewrite_references
from app.spec.document.sources import Side, Sources
from app.spec.document.stand_ins import NOWHERE, STAND_IN
from app.spec.document.targets import write_target_kinds
from app.spec.document.tree import Pointer, parse_pointer
from app.spec.suggestions import suggest, suggest_path

MODEL = "x-model"
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


def load(path: Path, *, base: Path | None = None) -> Document:
    """Read a document: the root file, its path items, and everything in `components/` beside it.

    A component is put under `components.<kind>.<Name>`, where the kind is the name of its file or folder; references
    between files become references between components. What the keys of an operation imply is added (`derived`).

    Args:
        path: the root file.
        base: in a project, the root file of Charter's document, to which that of the project is added.

    Raises:
        DocumentError: with every fault, each with its file and line.
    """
    loader = _Loader(path, base)
    document = loader.document()
    if loader.faults:
        raise DocumentError(loader.faults)
    return document


def load_partly(path: Path, *, base: Path | None = None) -> tuple[Incomplete, list[Fault]]:
    """Read a document, as `load` does, of which a part may be wrong; return the rest, and the faults.

    Raises:
        DocumentError: nothing of the document can be checked any further.
    """
    loader = _Loader(path, base)
    try:
        document = loader.document()
    except DocumentError:
        raise
    except Exception:
        if not loader.faults:
            raise
        raise DocumentError(loader.faults) from None
    return Incomplete(document, loader.gaps), loader.faults


class _Loader:
    """Reads the files of a document and joins them.

    Attributes:
        gaps: whether operations may be missing, because a file could not be read.
    """

    def __init__(self, path: Path, base: Path | None) -> None:
        self._sources = Sources(path, base)
        self._component_places: dict[Pointer, Place] = {}
        self.gaps = False

    @property
    def faults(self) -> list[Fault]:
        """The faults so far."""
        return self._sources.faults

    def document(self) -> Document:
        sources = self._sources
        roots = [self._root(side) for side in sources.sides]
        items = [self._path_items(side, root) for side, root in zip(sources.sides, roots, strict=True)]
        components = self._components(roots)
        every_item = {path: item for each in items for path, item in each.items()}
        rewrite_references(sources, {**roots[-1], "paths": every_item, "components": components})
        choices, inherited = NOTHING_CHOSEN, frozenset[str]()
        used: set[Component] = set()
        if sources.base:
            inherited = frozenset(items[0].keys() - items[1].keys())
            root, choices, used = join_sides(sources, roots, items, components, self._component_places)
        else:
            root = roots[0]
            if not isinstance(root.get("paths"), dict):
                raise DocumentError(sources.faults)
            root["paths"].update(every_item)
            if components:
                root["components"] = components
        for kind, entries in components.items():
            if STAND_IN in entries:
                self._component_places["components", kind, STAND_IN] = NOWHERE
        if cycles := find_cycles(root, self._component_places):
            raise DocumentError([*sources.faults, *cycles])
        errors, error_faults = read_error_codes(
            (path, side.name(path)) for side in sources.sides for path in [side.folder / "errors.yaml"]
        )
        sources.faults += error_faults
        models = _without_models(components)
        name = sources.own.name(sources.own.root)
        places = self._component_places
        derived, lacking = complete(root)
        sources.faults += removed_standards(sources, lacking)
        if gone := components_of_none(root, used):
            root = without_components(root, sources.lines, gone)
        overlay = overlay_name(sources)
        document = Document(
            root,
            name,
            sources.lines,
            places,
            derived,
            errors,
            choices,
            inherited,
            models,
            overlay,
            before_overlay=sources.before_overlay,
        )
        for pointer, origin in derived.items():
            if pointer[0] == "components":
                places[pointer] = document.where(origin)
        sources.faults += list(misplaced_references(document))
        write_target_kinds(root)
        write_error_codes(root, errors)
        if error_faults:
            forget_error_codes(root)
        return document

    def _root(self, side: Side) -> dict[str, Any]:
        if not side.root.is_file():
            raise DocumentError([Fault(Place(side.name(side.root), 1), "This file does not exist.", "Write it.")])
        root = self._sources.read(side.root, ())
        if root is None:
            raise DocumentError(self._sources.faults)
        return root

    def _path_items(self, side: Side, root: dict[str, Any]) -> dict[str, Any]:
        sources, paths = self._sources, root.get("paths")
        if not isinstance(paths, dict):
            fix = "Write `paths:` with one $ref per path."
            sources.fault(side.root, 1, "There is no mapping `paths`.", fix)
            return {}
        items: dict[str, Any] = {}
        for name, entry in paths.items():
            line = sources.lines[id(paths)].children[name]
            if not isinstance(entry, dict):
                sources.fault(side.root, line, f"The path {name} is not a mapping.", "Write a $ref to its file.")
                items[name], self.gaps = {}, True
            elif isinstance(reference := entry.get("$ref"), str):
                if len(entry) > 1:
                    message = f"The path {name} has keys beside its $ref."
                    sources.fault(side.root, line, message, "Move them into the file.")
                item = self._path_item(side, name, reference, line)
                items[name] = item
        for unused in sorted(set(side.files("paths")) - set(sources.texts)):
            name = unused.relative_to(side.folder).as_posix()
            if not unused.is_file() and any(
                isinstance(one, dict) and one.get("$ref") == name for one in paths.values()
            ):
                continue  # a link or a folder, which the reference to it has told
            if any(f"Did you mean {name}?" in fault.fix for fault in sources.faults):
                continue  # the reference to it is misspelt, which is the fault
            fix = f"Add it to {side.name(side.root)}, or delete it."
            sources.fault(unused, 1, "No path refers to this file.", fix)
        return items

    def _path_item(self, side: Side, name: str, reference: str, line: int) -> dict[str, Any]:
        sources = self._sources
        target = sources.target(side.root, reference)
        if target is None:
            files = (each.relative_to(side.folder).as_posix() for each in side.files("paths"))
            known = [each for each in files if each != reference]
            fix = suggest_path(reference, known, "Write it, or correct the $ref.")
            message = f"There is no file {reference}."
            if (side.folder / reference).is_symlink():
                message, fix = f"{reference} is a link that leads to no file.", "Correct the link, or write the file."
            sources.fault(side.root, line, message, fix)
        elif not target.is_relative_to(side.folder / "paths"):
            sources.fault(side.root, line, f"The file {reference} is not in paths/.", "Move it there.")
        elif target in sources.texts:
            fix = "Give each path its own file."
            sources.fault(side.root, line, f"Another path already refers to {reference}.", fix)
        else:
            item = sources.read(target, ("paths", name))
            self.gaps = self.gaps or item is None
            return item or {}
        self.gaps = True
        return {}

    def _components(self, roots: list[dict[str, Any]]) -> dict[str, Any]:
        components: dict[str, dict[str, Any]] = {}
        for side, root in zip(self._sources.sides, roots, strict=True):
            self._components_of(side, root, components)
        return {kind: dict(sorted(entries.items())) for kind, entries in sorted(components.items())}

    def _components_of(self, side: Side, root: dict[str, Any], components: dict[str, dict[str, Any]]) -> None:
        sources = self._sources
        for path in side.files("components"):
            kind = path.relative_to(side.folder).with_suffix("").parts[1]
            if kind not in COMPONENT_KINDS:
                fix = suggest(kind, COMPONENT_KINDS, f"Choose one of {', '.join(COMPONENT_KINDS)}.")
                sources.fault(path, 1, f"OpenAPI has no components of the kind {kind}.", fix)
            elif (value := sources.read(path, ("components", kind))) is not None:
                children = sources.lines.pop(id(value)).children
                for name, component in value.items():
                    self._add(components, (kind, name), component, sources.place(path, children[name]))
        inline = root.get("components")
        for kind, entries in inline.items() if isinstance(inline, dict) else ():
            for name, component in entries.items() if isinstance(entries, dict) else ():
                if not self._repeats_file(side, component, kind, name):
                    place = sources.place(side.root, sources.lines[id(entries)].children[name])
                    self._add(components, (kind, name), component, place)

    def _add(self, components: dict[str, dict[str, Any]], key: tuple[str, str], component: Any, place: Place) -> None:
        kind, name = key
        if name in components.setdefault(kind, {}):
            first = self._component_places["components", kind, name]
            message = f"{kind} already has a {name}, at {first}."
            self._sources.faults.append(Fault(place, message, "Rename one of the two, or remove it."))
            return
        components[kind][name] = component
        self._component_places["components", kind, name] = place

    def _repeats_file(self, side: Side, component: Any, kind: str, name: str) -> bool:
        """Return whether a component of the root is only a reference to the one that a file of its kind defines."""
        if not isinstance(component, dict) or not isinstance(component.get("$ref"), str):
            return False
        file, _, fragment = component["$ref"].partition("#")
        target = self._sources.target(side.root, file) if file else None
        base = self._sources.bases.get(target) if target else None
        return base == ("components", kind) and parse_pointer(fragment) == (name,)


def _without_models(components: dict[str, Any]) -> dict[str, Any]:
    """Take x-model from the schemas, and return it by the name of the schema."""
    schemas = components.get("schemas", {})
    return {name: schema.pop(MODEL) for name, schema in schemas.items() if isinstance(schema, dict) and MODEL in schema}
