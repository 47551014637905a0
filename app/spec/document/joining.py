"""The root files of Charter and of a project joined into one (docs/projects.md)."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from app.spec.document.choices import KEY as CHOICES
from app.spec.document.choices import Choices, read_choices
from app.spec.document.editing import Component, used_components, without_operations
from app.spec.document.info import join_descriptions
from app.spec.document.overlay import apply_overlay
from app.spec.document.places import Fault, Place
from app.spec.document.sources import Side, Sources
from app.spec.document.tree import Pointer, operations_of
from app.spec.document.yaml_text import Lines

_PARAMETER = re.compile(r"\{[^{}]*\}")
_KEYS = ("openapi", "info", "servers", "externalDocs", "tags", "paths", "components", CHOICES)
# What a project may say of itself; Charter's licence is not that of a team's service.
_INHERITED_INFO = ("contact",)


def join_sides(
    sources: Sources,
    roots: list[dict[str, Any]],
    items: list[dict[str, Any]],
    components: dict[str, Any],
    component_places: dict[Pointer, Place],
) -> tuple[dict[str, Any], Choices, set[Component]]:
    """Return the bundle of a project, what it omits and hides, and the components that operations used before.

    Those that none uses any more are still in the bundle: what follows from an operation may use them. A fault is added
    for each conflict.

    Args:
        sources: the files, all read; references are rewritten.
        roots: the content of both root files, Charter's first.
        items: the path items of both.
        components: those of both.
        component_places: the place of each component; the overlay may change it.
    """
    (base, own), (base_items, own_items) = roots, items
    choices = read_choices(sources, own, own_items, base_items)
    _check_keys(sources, base, own)
    _check_paths(sources, roots, items, choices)
    whole = {**base, "paths": {**base_items, **own_items}, "components": components}
    left = without_operations({**whole, "paths": base_items}, sources.lines, choices.omitted)
    joined = _join_roots(sources, left, own, _all_among(base_items, {*choices.omitted, *choices.hidden}))
    joined["paths"] = _join_paths(sources, roots, [left["paths"], own_items])
    joined["components"] = left["components"]
    used = used_components(whole)
    apply_overlay(sources, joined, component_places)
    return joined, choices, used


def _check_paths(sources: Sources, roots: list[dict[str, Any]], items: list[dict[str, Any]], choices: Choices) -> None:
    """Add a fault for each path of the project that Charter's document has, too, by whatever names of parameters."""
    (base, own), (base_items, own_items) = roots, items
    left = {_PARAMETER.sub("{}", path): path for path in base_items.keys() - _all_among(base_items, choices.omitted)}
    for path in own_items:
        if (taken := left.get(_PARAMETER.sub("{}", path))) is not None:
            first, place = (sources.lines[id(root["paths"])].place(key) for root, key in ((base, taken), (own, path)))
            assert place is not None
            message = f"Charter's document already has the path {taken}, at {first}."
            fix = "Choose another path, or omit all of Charter's operations there with x-charter."
            sources.faults.append(Fault(place, message, fix))


def _all_among(items: Mapping[str, Any], names: Collection[str]) -> set[str]:
    """Return the paths of which every operation has one of these operationIds."""
    return {
        path
        for path, item in items.items()
        if all(operation.get("operationId") in names for operation in operations_of(item).values())
    }


def _join_paths(sources: Sources, roots: list[dict[str, Any]], items: list[dict[str, Any]]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    places: dict[str | int, Place] = {}
    for root, each in zip(roots, items, strict=True):
        for path, item in each.items():
            joined[path] = item
            places[path] = sources.lines[id(root["paths"])].place(path) or Place(sources.own.name(sources.own.root), 1)
    sources.lines[id(joined)] = Lines(sources.own.name(sources.own.root), 1, {}, joined, places)
    return joined


def _join_roots(sources: Sources, base: dict[str, Any], own: dict[str, Any], absent: Collection[str]) -> dict[str, Any]:
    """Return the root of a project's document; its paths and components are still to be joined.

    Args:
        sources: the files.
        base: the content of Charter's root file, without what is omitted.
        own: that of the project.
        absent: the paths of Charter that clients of the project do not see.
    """
    assert sources.base is not None
    joined: dict[str, Any] = {}
    places: dict[str | int, Place] = {}
    taken = {key: value for key, value in own.items() if key in ("servers", "externalDocs")}
    for key, value in {**base, **taken}.items():
        joined[key] = value
        side, holder = (sources.own, own) if key in own else (sources.base, base)
        places[key] = _place(sources, side, holder, key)
    joined["info"] = _info(sources, base["info"], own.get("info"), absent)
    joined["tags"] = _tags(sources, base.get("tags", []), own.get("tags", []))
    sources.lines[id(joined)] = Lines(sources.own.name(sources.own.root), 1, {}, joined, places)
    return joined


def _check_keys(sources: Sources, base: Mapping[str, Any], own: dict[str, Any]) -> None:
    path, lines = sources.own.root, sources.lines[id(own)].children
    for key in own:
        if key == "security":
            fix = "Remove it; an operation may have its own."
            sources.fault(path, lines[key], "The security of Charter's document applies to every operation.", fix)
        elif key not in _KEYS:
            fix = f"Remove it, or write one of {', '.join(_KEYS)}."
            sources.fault(path, lines[key], f"The root file of a project cannot have the key {key}.", fix)
    if not str(own.get("openapi")).startswith("3.0."):
        found = (
            f"is of OpenAPI {own['openapi']}, not 3.0" if "openapi" in own else "does not name its version of OpenAPI"
        )
        fix = f"Write `openapi: {base['openapi']}`."
        sources.fault(path, lines.get("openapi", 1), f"The document {found}.", fix)
    if not isinstance(own.get("tags", []), list):
        sources.fault(path, lines["tags"], "The tags are not a list.", "Write a list of mappings with `name`.")


def _info(sources: Sources, base: dict[str, Any], own: Any, absent: Collection[str]) -> Any:
    if not isinstance(own, dict):
        line = sources.lines[id(sources.texts[sources.own.root].value)].children.get("info", 1)
        fix = "Write `info` with a title and a version."
        sources.fault(sources.own.root, line, "The document has no title and no version.", fix)
        return base
    if not isinstance(own.get("description", ""), str):
        return own  # not OpenAPI, as the meta-schema will say
    description = join_descriptions(base["description"], own.get("description"), absent)
    joined = {**{key: base[key] for key in _INHERITED_INFO if key in base}, **own, "description": description}
    sides = {key: (sources.own, own) if key in own else (sources.base, base) for key in joined}
    places: dict[str | int, Place] = {
        key: _place(sources, side, mapping, key) for key, (side, mapping) in sides.items() if side
    }
    lines = sources.lines[id(own)]
    sources.lines[id(joined)] = Lines(lines.file, lines.here, {}, joined, places)
    return joined


def _tags(sources: Sources, base: list[Any], own: Any) -> list[Any]:
    """Return the tags of both: first those of the project, which its readers look for."""
    assert sources.base is not None
    if not isinstance(own, list):
        own = []
    named = {tag["name"]: _place(sources, sources.base, base, index) for index, tag in enumerate(base)}
    joined: list[Any] = []
    places: dict[str | int, Place] = {}
    for side, tags in ((sources.own, own), (sources.base, base)):
        for index, tag in enumerate(tags):
            place = _place(sources, side, tags, index)
            name = tag.get("name") if isinstance(tag, dict) else None
            if side is sources.own and name in named:
                message = f"Charter's document already has the tag {name}, at {named[name]}."
                sources.faults.append(Fault(place, message, "Remove it and use Charter's, or choose another name."))
            places[len(joined)] = place
            joined.append(tag)
    sources.lines[id(joined)] = Lines(sources.own.name(sources.own.root), 1, {}, joined, places)
    return joined


def _place(sources: Sources, side: Side, holder: Any, key: str | int) -> Place:
    lines = sources.lines.get(id(holder))
    return (lines and lines.place(key)) or Place(side.name(side.root), 1)
