"""References between files, turned into references between parts of the bundle."""

import os.path
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from app.spec.document.bundle import Document
from app.spec.document.places import INHERITED, Fault, Place
from app.spec.document.sources import Sources
from app.spec.document.stand_ins import stand_in
from app.spec.document.tree import Node, Pointer, at, nodes, parse_pointer, write_pointer
from app.spec.suggestions import suggest, suggest_path

_KINDS = {
    **dict.fromkeys(
        ("schema", "items", "not", "additionalProperties", "properties", "allOf", "oneOf", "anyOf"), "schemas"
    ),
    "requestBody": "requestBodies",
}
"""What a reference under a key must lead to, where the kind of component has another name than the key."""
_OTHERWISE = "Write that component, or correct the $ref."


def rewrite_references(sources: Sources, bundle: dict[str, Any]) -> None:
    """Rewrite every `$ref`, and every reference in the mapping of a discriminator; add a fault for each wrong one.

    Args:
        sources: the files, all read.
        bundle: the joined document, in which the references must have targets.
    """
    roots = [sources.texts[side.root].value for side in sources.sides]
    for path, text in sources.texts.items():
        value, names = text.value, None
        if base := sources.bases[path]:
            value, names = ({base[1]: value}, "paths") if base[0] == "paths" else (value, str(base[1]))
        for node in nodes(value, names=names):
            mapping = node.mapping
            if "$ref" in mapping and not (node.kind == "paths" and any(value is root for root in roots)):
                mapping["$ref"] = _rewritten(sources, path, mapping, "$ref", bundle, _needed_kind(node))
            discriminator = mapping.get("discriminator")
            if isinstance(discriminator, dict) and isinstance(schemas := discriminator.get("mapping"), dict):
                for key, reference in schemas.items():
                    if "#" in str(reference):
                        schemas[key] = _rewritten(sources, path, schemas, key, bundle, "schemas")


def find_cycles(bundle: dict[str, Any], places: Mapping[Pointer, Place]) -> list[Fault]:
    """Return a fault for each component whose references lead back to itself.

    Args:
        bundle: the joined document; every reference in it has a target.
        places: of the components.
    """
    faults = []
    for kind, entries in bundle.get("components", {}).items():
        for name, component in entries.items():
            if _leads_to(bundle, component, component):
                message = f"{name} refers to itself, by $refs and allOf, oneOf, anyOf or not alone."
                faults.append(Fault(places["components", kind, name], message, "Define it without itself."))
    return faults


def _leads_to(bundle: dict[str, Any], start: Any, goal: Any) -> bool:
    """Return whether something that applies to the same value as `start` is `goal`."""
    seen: set[int] = set()
    waiting = list(_applied(bundle, start))
    while waiting:
        node = waiting.pop()
        if node is goal:
            return True
        if id(node) not in seen:
            seen.add(id(node))
            waiting += _applied(bundle, node)
    return False


def _applied(bundle: dict[str, Any], node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield at(bundle, parse_pointer(reference[1:]))
        for key in ("allOf", "oneOf", "anyOf"):
            yield from node[key] if isinstance(node.get(key), list) else ()
        yield node.get("not")


def misplaced_references(document: Document) -> Iterator[Fault]:
    """Yield a fault for each reference to a component of another kind than its place needs."""
    for node in nodes(document.bundle):
        steps = parse_pointer(str(node.mapping.get("$ref", "")))
        if steps[:1] != ("components",) or len(steps) != 3:
            continue  # no reference, or one to a part of something
        needed = _needed_kind(node)
        if needed != steps[1]:
            message = f"The $ref to {steps[2]} leads to {steps[1]}, and {needed} are needed here."
            yield Fault(document.where((*node.pointer, "$ref")), message, "Refer to a component of that kind.")


def locate(sources: Sources, path: Path, reference: str) -> Pointer | None:
    """Return where the part of another file that a reference names is in the bundle; None if no file has it.

    Args:
        sources: the files, all read.
        path: the file with the reference.
        reference: such as `components/schemas/users.yaml#/User`.
    """
    file, _, fragment = reference.partition("#")
    target = sources.target(path, file)
    if target is None or target not in sources.bases:
        return None
    return sources.bases[target] + parse_pointer(unquote(fragment))


def _needed_kind(node: Node) -> str:
    """Return the kind of component that a reference in this place must lead to."""
    holder = node.kind or next((step for step in reversed(node.pointer) if isinstance(step, str)), "")
    return _KINDS.get(holder, holder)


def _rewritten(
    sources: Sources, path: Path, mapping: dict[str, Any], key: str, bundle: dict[str, Any], kind: str
) -> Any:
    """Return a reference as `#/…`; with a fault, the reference to a stand-in, if it is wrong.

    Args:
        kind: of the component that it should lead to.
    """
    reference = mapping[key]
    line = sources.lines[id(mapping)].children[key]
    if not isinstance(reference, str) or "://" in reference:
        message = f'The $ref "{reference}" is not a path to a file.'
        sources.fault(path, line, message, "Write it like file.yaml#/Name.")
        return stand_in(bundle, kind)
    if key == "$ref" and len(mapping) > 1:
        others = ", ".join(sorted(set(mapping) - {"$ref"}))
        sources.fault(path, line, f"OpenAPI 3.0 ignores the keys beside a $ref: {others}.", "Wrap it in allOf.")
    file, _, fragment = reference.partition("#")
    target = sources.target(path, file) if file else path
    text = sources.texts.get(target) if target else None
    if target is None or text is None:
        predicate, fix = (
            ("leads outside paths/ and components/", "Refer to a component: file.yaml#/Name.")
            if target
            else (
                "names a file that does not exist",
                suggest_path(file, _files_like(file, sources, path), "Write the file, or correct its name."),
            )
        )
        sources.fault(path, line, f"The $ref {reference} {predicate}.", fix)
        return stand_in(bundle, kind)
    pointer = sources.bases[target] + parse_pointer(unquote(fragment))
    try:
        at(bundle, pointer)
    except LookupError:
        if text.value is not None:
            sources.fault(path, line, f"The $ref {reference} has no target.", _other_target(text.value, fragment))
        return stand_in(bundle, kind)
    if len(pointer) < 3 and pointer[:1] != ("paths",):
        sources.fault(path, line, f"The $ref {reference} names no component.", "Add #/Name.")
    return write_pointer(pointer)


def _other_target(content: Any, fragment: str) -> str:
    """Return how to fix a reference to a part that a file does not have."""
    steps = parse_pointer(unquote(fragment))
    try:
        holder = at(content, steps[:-1])
    except LookupError:
        holder = content
    return suggest(steps[-1] if steps else "", map(str, holder) if isinstance(holder, dict) else (), _OTHERWISE)


def _files_like(reference: str, sources: Sources, path: Path) -> Iterator[str]:
    """Yield the files with components on the side that a reference means, written as this file refers to them."""
    if not reference.startswith(INHERITED):
        for each in sources.side_of(path).files("components"):
            yield os.path.relpath(each, path.parent).replace(os.sep, "/")
    elif sources.base:
        for each in sources.base.files("components"):
            yield INHERITED + each.relative_to(sources.base.folder).as_posix()
