"""What a project changes of Charter's part of the document: `overlay.yaml`, an OpenAPI Overlay.

The form is that of https://spec.openapis.org/overlay/v1.0.0.html. It is applied to the joined document, in which
references are `#/components/…`. Every change has the place of its action, so that a fault that it causes is told there.
"""

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from typing import Any

from app.spec.document.bundle import Document
from app.spec.document.editing import copy_lines
from app.spec.document.places import DocumentError, Fault, Place
from app.spec.document.references import locate
from app.spec.document.shape import misshapen_parts
from app.spec.document.sources import Sources
from app.spec.document.tree import Pointer, at, nodes, parse_pointer, write_pointer
from app.spec.document.yaml_text import Lines

FILE = "overlay.yaml"
_KEYS = ("overlay", "info", "extends", "actions")
_ACTION_KEYS = ("target", "description", "update", "remove")


def apply_overlay(sources: Sources, bundle: dict[str, Any], component_places: dict[Pointer, Place]) -> None:
    """Change the joined document of a project as its overlay says; add a fault for each thing that is wrong.

    Args:
        sources: the files.
        bundle: changed in place.
        component_places: the place of each component; changed in place.

    Raises:
        DocumentError: what is left has not the outline of a document, and cannot be read any further.
    """
    path = sources.own.folder / FILE
    if not path.is_file():
        return
    overlay = sources.read(path, ())
    if overlay is None:
        return
    actions = list(_actions(sources, overlay))
    if sources.faults:
        return
    sources.before_overlay = deepcopy(bundle)
    applying = _Applying(sources, bundle, component_places)
    for action, place in actions:
        applying.apply(action, place)
    if faults := list(_misshapen(sources, bundle, component_places)):
        raise DocumentError([*sources.faults, *faults])
    if not sources.faults:
        applying.check_references()


def _misshapen(sources: Sources, bundle: dict[str, Any], component_places: dict[Pointer, Place]) -> Iterator[Fault]:
    """Yield a fault for each part of the outline that the overlay has removed or replaced by something else."""
    own, name = sources.own, sources.own.name(sources.own.folder / FILE)
    document = Document(bundle, own.name(own.root), sources.lines, component_places)
    for pointer, form in misshapen_parts(bundle):
        place = document.where(pointer)
        if place.file == name:
            fix = "Change parts of it instead: without it there is no document."
            yield Fault(place, f"{write_pointer(pointer)} must be {form} after this action.", fix)


def _actions(sources: Sources, overlay: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Place]]:
    path, lines = sources.own.folder / FILE, sources.lines[id(overlay)].children
    for key in overlay:
        if key not in _KEYS and not key.startswith("x-"):
            sources.fault(path, lines[key], f"An overlay has no key {key}.", f"Write one of {', '.join(_KEYS)}.")
    if not str(overlay.get("overlay")).startswith("1.0."):
        fix = "Write `overlay: 1.0.0`."
        sources.fault(path, lines.get("overlay", 1), "The file does not say that it is an overlay of version 1.0.", fix)
    info = overlay.get("info")
    if not isinstance(info, dict) or not {"title", "version"} <= info.keys():
        fix = "Write `info: {title: …, version: …}`."
        sources.fault(path, lines.get("info", 1), "The overlay has no title and version.", fix)
    actions = overlay.get("actions")
    if not isinstance(actions, list) or not actions:
        sources.fault(path, lines.get("actions", 1), "The overlay has no list of actions.", "Write at least one.")
        return
    for index, action in enumerate(actions):
        line = sources.lines[id(actions)].children[index]
        if isinstance(action, dict) and isinstance(action.get("target"), str):
            known = sources.lines[id(action)].children
            for key in action:
                if key not in _ACTION_KEYS and not key.startswith("x-"):
                    fix = f"Write one of {', '.join(_ACTION_KEYS)}."
                    sources.fault(path, known[key], f"An action has no key {key}.", fix)
            if "update" not in action and action.get("remove") is not True:
                sources.fault(path, line, "The action changes nothing.", "Write `update`, or `remove: true`.")
            yield action, sources.place(path, known["target"])
        else:
            fix = "Write `target` with a JSONPath, such as $.paths['/v1/users'].get."
            sources.fault(path, line, "The action has no target.", fix)


def overlay_name(sources: Sources) -> str | None:
    """Return the name of the overlay that was applied; None if there is none."""
    path = sources.own.folder / FILE
    return sources.own.name(path) if path in sources.texts else None


def removed_standards(sources: Sources, lacking: Mapping[tuple[str, str], Collection[Pointer]]) -> Iterator[Fault]:
    """Yield a fault for each standard component that the overlay removed, although operations need it.

    Args:
        sources: the files, after the overlay was applied.
        lacking: the operations that lack a component, by its kind and name.
    """
    for component, users in sorted(lacking.items()):
        pointer = ("components", *component)
        for removed, place in sources.removed:
            if pointer[: len(removed)] == removed:
                _, path, method = min(users)
                first = f"{str(method).upper()} {path}"
                others = f" and {len(users) - 1} more" if len(users) > 1 else ""
                message = f"This removes {write_pointer(pointer)}, which {first}{others} need{'s' * (len(users) == 1)}."
                yield Fault(place, message, "Keep it: it follows from their keys. An `update` can change its texts.")
                break


class _Applying:
    """Applies actions to a document, one after another."""

    def __init__(self, sources: Sources, bundle: dict[str, Any], component_places: dict[Pointer, Place]) -> None:
        self._sources, self._bundle, self._component_places = sources, bundle, component_places
        self._path = sources.own.folder / FILE

    def apply(self, action: dict[str, Any], place: Place) -> None:
        """Apply one action; add a fault if it cannot be applied."""
        targets = self._targets(action["target"], place)
        if action.get("remove") is True:
            # From the end, so that the indexes of a list stay right.
            for pointer in sorted(
                targets, key=lambda each: [(isinstance(step, str), step) for step in each], reverse=True
            ):
                self._remove(pointer, place)
        else:
            self._localise(action["update"])
            for pointer in targets:
                self._update(pointer, action["update"], place)

    def check_references(self) -> None:
        """Add a fault for each reference whose target is gone, or that the overlay wrote wrongly or wrote beside."""
        for node in nodes(self._bundle):
            reference = node.mapping.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#/"):
                continue
            if beside := self._beside(node.mapping):
                self._sources.faults.append(beside)
                continue
            pointer = parse_pointer(reference[1:])
            try:
                at(self._bundle, pointer)
            except LookupError:
                self._sources.faults.append(self._dangling(node.pointer, node.mapping, pointer))

    def _targets(self, target: str, place: Place) -> list[Pointer]:
        # Imported here: only a project with an overlay needs it.
        from jsonpath import JSONPathEnvironment, JSONPathError

        try:
            matches = JSONPathEnvironment(strict=True).finditer(target, self._bundle)
            found = [tuple(match.parts) for match in matches]
        except JSONPathError as error:
            problem = str(error).partition("\n")[0]
            self._fault(place, f"{target} is not a JSONPath of RFC 9535: {problem}.", "Correct it.")
            return []
        if not found:
            self._fault(place, f"{target} matches nothing in the document.", "charter spec bundle prints the document.")
        return found

    def _remove(self, pointer: Pointer, place: Place) -> None:
        if not pointer:
            self._fault(place, "The whole document cannot be removed.", "Name a part of it.")
            return
        parent, step = at(self._bundle, pointer[:-1]), pointer[-1]
        del parent[step]
        if isinstance(parent, list):
            self._touch(pointer[:-1], place)
            self._renumber(parent, int(step))
        else:
            self._set_place(parent, step, place)
            self._touch(pointer[:-1], place)
        self._component_places.pop(pointer, None)
        self._sources.removed.append((tuple(map(str, pointer)), place))

    def _update(self, pointer: Pointer, update: Any, place: Place) -> None:
        target = at(self._bundle, pointer)
        if isinstance(target, list):
            target.append(self._copied(update))
            self._set_place(target, len(target) - 1, place)
        elif isinstance(target, dict) and isinstance(update, dict):
            self._merge(target, update, pointer, place)
        else:
            shown = write_pointer(pointer)
            fix = "Name the mapping or list that has it, and write what to change in it."
            self._fault(place, f"{shown} is no mapping or list to which the update could be added.", fix)
            return
        self._touch(pointer, place)

    def _merge(self, target: dict[str, Any], update: dict[str, Any], pointer: Pointer, place: Place) -> None:
        lines = self._sources.lines.get(id(update))
        for key, value in update.items():
            here = (lines and lines.place(key)) or place
            inner = (*pointer, key)
            if isinstance(target.get(key), dict) and isinstance(value, dict):
                self._merge(target[key], value, inner, here)
            elif isinstance(target.get(key), list) and isinstance(value, list):
                for item in value:
                    target[key].append(self._copied(item))
                    self._set_place(target[key], len(target[key]) - 1, here)
            else:
                target[key] = self._copied(value)
            self._set_place(target, key, here)
            if inner[:1] == ("components",) and len(inner) == 3:
                self._component_places[inner] = here

    def _copied(self, value: Any) -> Any:
        """Return a copy of a part of the overlay, so that each target has its own; it keeps its lines."""
        if isinstance(value, dict):
            made: Any = {key: self._copied(each) for key, each in value.items()}
        elif isinstance(value, list):
            made = [self._copied(each) for each in value]
        else:
            return value
        copy_lines(self._sources.lines, made, value)
        return made

    def _localise(self, update: Any) -> None:
        """Turn the references of an update into those of the joined document."""
        for node in nodes(update):
            reference = node.mapping.get("$ref")
            if isinstance(reference, str) and not reference.startswith("#"):
                pointer = locate(self._sources, self._path, reference)
                if pointer is None:
                    line = self._sources.lines[id(node.mapping)].children["$ref"]
                    fix = "Write it like charter:components/schemas/users.yaml#/User, or #/components/schemas/User."
                    self._sources.fault(self._path, line, f"The $ref {reference} leads to no component.", fix)
                else:
                    node.mapping["$ref"] = write_pointer(pointer)

    def _touch(self, pointer: Pointer, place: Place) -> None:
        """Have faults of a mapping told at the overlay that changed it: without the change it had none."""
        if pointer in self._component_places:
            self._component_places[pointer] = place
        elif pointer:
            self._set_place(at(self._bundle, pointer[:-1]), pointer[-1], place)

    def _set_place(self, holder: Any, step: str | int, place: Place) -> None:
        lines = self._sources.lines.get(id(holder)) or Lines(place.file, place.line, {}, holder)
        self._sources.lines[id(holder)] = lines.with_place(step, place)

    def _renumber(self, items: list[Any], removed: int) -> None:
        lines = self._sources.lines.get(id(items))
        if lines:
            places: dict[str | int, Place] = {
                index: place
                for index in range(len(items))
                if (place := lines.place(index + (index >= removed))) is not None
            }
            self._sources.lines[id(items)] = Lines(lines.file, lines.here, {}, items, places)

    def _beside(self, mapping: dict[str, Any]) -> Fault | None:
        """Return the fault of a reference with keys beside it, if the overlay wrote one of them or the reference."""
        lines = self._sources.lines.get(id(mapping))
        places = [place for key in mapping if lines and (place := lines.place(key))]
        name = self._sources.own.name(self._path)
        written = [place for place in places if place.file == name]
        others = ", ".join(sorted(mapping.keys() - {"$ref"}))
        if not others or not written:
            return None
        reference = mapping["$ref"]
        message = f"This leaves {others} beside the $ref {reference}, and OpenAPI 3.0 ignores what is beside a $ref."
        fix = f"Change {reference[1:]} itself, for all that refer to it, or remove the $ref in an action before this."
        return Fault(max(written), message, fix)

    def _dangling(self, holder: Pointer, mapping: dict[str, Any], pointer: Pointer) -> Fault:
        lines = self._sources.lines.get(id(mapping))
        user = (lines and lines.place("$ref")) or None
        for removed, place in self._sources.removed:
            if pointer[: len(removed)] == removed:
                message = f"This removes {write_pointer(removed)}, to which {user or write_pointer(holder)} refers."
                return Fault(place, message, "Remove or replace the reference, too, or keep its target.")
        place = user or self._sources.place(self._path, 1)
        return Fault(place, f"The $ref {write_pointer(pointer)} has no target.", "Correct it.")

    def _fault(self, place: Place, message: str, fix: str) -> None:
        self._sources.faults.append(Fault(place, message, fix))
