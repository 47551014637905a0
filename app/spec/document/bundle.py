"""The document's files joined into one, which keeps names and references, and still knows where each part came from."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from app.spec.document.places import DocumentError, Fault, Place
from app.spec.document.tree import Pointer, at, nodes, parse_pointer, write_pointer
from app.spec.document.yaml_text import Lines, YamlText, read_yaml

KINDS = (
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


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """The whole document.

    Attributes:
        bundle: OpenAPI in one mapping; every `$ref` in it is `#/…` and leads somewhere.
    """

    bundle: dict[str, Any]
    _root: str
    _lines: dict[int, Lines]
    _named: dict[Pointer, Place]

    def where(self, pointer: Pointer) -> Place:
        """Return the file and line of the key or item at a pointer; of the nearest one above, if there is none."""
        place, node = Place(self._root, 1), self.bundle
        for depth, step in enumerate(pointer, 1):
            lines = self._lines.get(id(node))
            if named := self._named.get(pointer[:depth]):
                place = named
            elif lines and step in lines.children:
                place = Place(lines.file, lines.children[step])
            try:
                node = at(node, (step,))
            except LookupError:
                break
        return place


def load(path: Path) -> Document:
    """Read a document: the root file, its path items, and everything in `components/` beside it.

    A component is put under `components.<kind>.<Name>`, where the kind is the name of its file or folder; references
    between files become references between components.

    Args:
        path: the root file.

    Raises:
        DocumentError: with every fault, each naming file and line.
    """
    return _Bundler(path).document()


def file_name(path: Path, document_folder: Path) -> str:
    """Return how faults speak of a file: as seen from the working directory, else from above the document's folder."""
    path, here = path.resolve(), Path.cwd()
    return path.relative_to(here if path.is_relative_to(here) else document_folder.resolve().parent).as_posix()


class _Bundler:
    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        self._folder = self._path.parent
        self._faults: list[Fault] = []
        self._texts: dict[Path, YamlText] = {}
        self._bases: dict[Path, Pointer] = {}
        self._lines: dict[int, Lines] = {}
        self._named: dict[Pointer, Place] = {}

    def document(self) -> Document:
        if not self._path.is_file():
            raise DocumentError([Fault(Place(self._name(self._path), 1), "This file does not exist.", "Write it.")])
        root = self._read(self._path, ())
        if root is None:
            raise DocumentError(self._faults)
        items = self._path_items(root)
        components = self._components(root)
        paths = root["paths"] if isinstance(root.get("paths"), dict) else {}
        self._rewrite(root, {**root, "paths": {**paths, **items}, "components": components})
        paths.update(items)
        if components:
            root["components"] = components
        self._refuse_circles(root)
        if self._faults:
            raise DocumentError(self._faults)
        return Document(root, self._name(self._path), self._lines, self._named)

    def _name(self, path: Path) -> str:
        return file_name(path, self._folder)

    def _fault(self, path: Path, line: int, message: str, fix: str) -> None:
        self._faults.append(Fault(Place(self._name(path), line), message, fix))

    def _read(self, path: Path, base: Pointer) -> dict[str, Any] | None:
        text = read_yaml(path.read_bytes(), self._name(path))
        self._texts[path], self._bases[path] = text, base
        self._faults.extend(text.faults)
        self._lines.update(text.lines)
        if isinstance(text.value, dict):
            return text.value
        if not text.faults:
            self._fault(path, 1, "This file is not a mapping.", "Write keys and values into it.")
        text.value = None
        return None

    def _path_items(self, root: dict[str, Any]) -> dict[str, Any]:
        paths = root.get("paths")
        if not isinstance(paths, dict):
            self._fault(self._path, 1, "There is no mapping `paths`.", "Write `paths:` with one $ref per path.")
            return {}
        items = {}
        for name, entry in paths.items():
            line = self._lines[id(paths)].children[name]
            if not isinstance(entry, dict):
                self._fault(self._path, line, f"The path {name} is not a mapping.", "Write a $ref to its file.")
            elif isinstance(reference := entry.get("$ref"), str):
                if len(entry) > 1:
                    self._fault(self._path, line, f"Keys beside the $ref of {name}.", "Move them into the file.")
                target = (self._folder / reference).resolve()
                if target in self._texts:
                    self._fault(self._path, line, f"{reference} is another path already.", "Give each path its file.")
                elif not target.is_file():
                    self._fault(self._path, line, f"There is no file {reference}.", "Write it, or mend the $ref.")
                else:
                    items[name] = self._read(target, ("paths", name)) or {}
        for stray in sorted(set(self._files("paths")) - set(self._texts)):
            self._fault(stray, 1, "No path refers to this file.", f"Name it in {self._name(self._path)}, or delete it.")
        return items

    def _components(self, root: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, dict[str, Any]] = {}
        for path in self._files("components"):
            kind = path.relative_to(self._folder).with_suffix("").parts[1]
            if kind not in KINDS:
                choice = f"Choose one of {', '.join(KINDS)}."
                self._fault(path, 1, f"OpenAPI has no components of the kind {kind}.", choice)
            elif (value := self._read(path, ("components", kind))) is not None:
                children = self._lines.pop(id(value)).children
                for name, component in value.items():
                    place = Place(self._name(path), children[name])
                    self._add(found, (kind, name), component, place)
        inline = root.get("components")
        for kind, entries in inline.items() if isinstance(inline, dict) else ():
            for name, component in entries.items() if isinstance(entries, dict) else ():
                if not self._is_mention(component, kind, name):
                    place = Place(self._name(self._path), self._lines[id(entries)].children[name])
                    self._add(found, (kind, name), component, place)
        return {kind: dict(sorted(entries.items())) for kind, entries in sorted(found.items())}

    def _add(self, found: dict[str, dict[str, Any]], key: tuple[str, str], component: Any, place: Place) -> None:
        kind, name = key
        if name in found.setdefault(kind, {}):
            first = self._named["components", kind, name]
            self._faults.append(
                Fault(place, f"{kind} has a {name} already, at {first}.", "Rename one of the two, or remove it.")
            )
            return
        found[kind][name] = component
        self._named["components", kind, name] = place

    def _is_mention(self, component: Any, kind: str, name: str) -> bool:
        """Tell whether the root only mentions a component that a file of its kind defines."""
        if not isinstance(component, dict) or not isinstance(component.get("$ref"), str):
            return False
        file, _, fragment = component["$ref"].partition("#")
        base = self._bases.get((self._folder / file).resolve())
        return bool(file) and base == ("components", kind) and parse_pointer(fragment) == (name,)

    def _files(self, folder: str) -> Iterator[Path]:
        return (path.resolve() for path in sorted((self._folder / folder).rglob("*.yaml")))

    def _rewrite(self, root: dict[str, Any], bundle: dict[str, Any]) -> None:
        """Turn every reference into one between parts of the bundle."""
        for path, text in self._texts.items():
            value, names = text.value, None
            if base := self._bases[path]:
                value, names = ({base[1]: value}, "paths") if base[0] == "paths" else (value, str(base[1]))
            for node in nodes(value, names=names):
                mapping = node.mapping
                if "$ref" in mapping and not (value is root and node.kind == "paths"):
                    mapping["$ref"] = self._target(path, mapping, "$ref", bundle)
                discriminator = mapping.get("discriminator")
                if isinstance(discriminator, dict) and isinstance(mentioned := discriminator.get("mapping"), dict):
                    for key, reference in mentioned.items():
                        if "#" in str(reference):
                            mentioned[key] = self._target(path, mentioned, key, bundle)

    def _target(self, path: Path, mapping: dict[str, Any], key: str, bundle: dict[str, Any]) -> Any:
        reference = mapping[key]
        line = self._lines[id(mapping)].children[key]
        if not isinstance(reference, str) or "://" in reference:
            self._fault(path, line, "This $ref is not a path to a file.", "Write file.yaml#/Name.")
            return reference
        if key == "$ref" and len(mapping) > 1:
            others = ", ".join(sorted(set(mapping) - {"$ref"}))
            self._fault(path, line, f"OpenAPI 3.0 ignores what stands beside a $ref: {others}.", "Wrap it in allOf.")
        file, _, fragment = reference.partition("#")
        target = (path.parent / unquote(file)).resolve() if file else path
        text = self._texts.get(target)
        if text is None:
            problem, fix = (
                ("leads outside paths/ and components/", "Refer to a component: file.yaml#/Name.")
                if target.is_file()
                else ("names a file that does not exist", "Write the file, or correct its name.")
            )
            self._fault(path, line, f"The $ref {reference} {problem}.", fix)
            return reference
        pointer = self._bases[target] + parse_pointer(unquote(fragment))
        try:
            at(bundle, pointer)
        except LookupError:
            if text.value is not None:
                self._fault(
                    path, line, f"The $ref {reference} leads to nothing.", "Write that component, or mend the $ref."
                )
            return reference
        if len(pointer) < 3 and pointer[:1] != ("paths",):
            self._fault(path, line, f"The $ref {reference} names no component.", "Add #/Name.")
        return write_pointer(pointer)

    def _refuse_circles(self, bundle: dict[str, Any]) -> None:
        if self._faults:
            return
        for kind, entries in bundle.get("components", {}).items():
            for name, component in entries.items():
                seen, node = set(), component
                while isinstance(node, dict) and isinstance(node.get("$ref"), str) and id(node) not in seen:
                    seen.add(id(node))
                    node = at(bundle, parse_pointer(node["$ref"][1:]))
                if id(node) in seen:
                    place = self._named["components", kind, name]
                    self._faults.append(Fault(place, f"{name} refers only to itself.", "Define it."))
