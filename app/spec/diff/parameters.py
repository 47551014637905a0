"""Compare the parameters of an operation."""

import re

from app.spec.diff.comparison import TEXTS, Comparison, Spot
from app.spec.diff.schemas import compare_schemas

_KNOWN = {*TEXTS, "name", "in", "required", "deprecated", "schema", "content", "example", "examples", "allowEmptyValue"}
_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
_Parameters = dict[tuple[str, str], Spot]


def compare_parameters(comparison: Comparison, old: tuple[Spot, Spot], new: tuple[Spot, Spot]) -> None:
    """Compare the parameters of two operations with those of their path items."""
    before, after = _parameters(*old), _parameters(*new)
    renamed = dict(zip(_names_in_path(old[1]), _names_in_path(new[1]), strict=False))
    for (place, name), parameter in before.items():
        key = (place, renamed.get(name, name)) if place == "path" else (place, name)
        now = after.pop(key, None)
        if now is None:
            text = f"The {place} parameter `{parameter.get('name')}` is no longer accepted."
            comparison.report("parameter-removed", parameter, text)
            continue
        if key[1] != name:
            text = f"The path parameter `{name}` is now `{key[1]}`."
            comparison.report("path-parameter-renamed", now, text, "name")
        _compare(comparison, parameter, now)
    for (place, _), parameter in after.items():
        rule, word = (
            ("parameter-added-required", "required") if parameter.get("required") else ("parameter-added", "optional")
        )
        comparison.report(rule, parameter, f"The {place} parameter `{parameter.get('name')}` is new and {word}.")


def _names_in_path(operation: Spot) -> list[str]:
    return re.findall(r"\{([^}]*)\}", str(operation.pointer[1]))


def _parameters(item: Spot, operation: Spot) -> _Parameters:
    listed = [*item.children("parameters").values(), *operation.children("parameters").values()]
    # The names of headers have no case (RFC 9110, 5.1).
    return {(place := str(spot.get("in")), _name(spot, place)): spot for spot in listed}


def _name(spot: Spot, place: str) -> str:
    name = str(spot.get("name"))
    return name.lower() if place == "header" else name


def _compare(comparison: Comparison, old: Spot, new: Spot) -> None:
    label = f"the {new.get('in')} parameter `{new.get('name')}`"
    was, required = bool(old.get("required")), bool(new.get("required"))
    if required and not was:
        comparison.report("parameter-became-required", new, f"{_capital(label)} is required.", "required")
    if was and not required:
        comparison.report("parameter-became-optional", new, f"{_capital(label)} is optional.")
    if new.get("deprecated") and not old.get("deprecated"):
        comparison.report("parameter-deprecated", new, f"{_capital(label)} is deprecated.", "deprecated")
    elif new.get("deprecated") != old.get("deprecated"):
        comparison.report("text-changed", new, f"{_capital(label)} is no longer deprecated.")
    if _encoding(old) != _encoding(new):
        comparison.report("parameter-encoding-changed", new, f"{_capital(label)} is written differently.")
    comparison.texts(old, new)
    comparison.examples(old, new)
    comparison.others(old, new, {*_KNOWN, "style", "explode", "allowReserved"})
    compare_schemas(comparison, old.child("schema"), new.child("schema"), "request", label)
    before, after = old.children("content"), new.children("content")
    for kind in before.keys() & after.keys():
        compare_schemas(comparison, before[kind].child("schema"), after[kind].child("schema"), "request", label)


def _encoding(parameter: Spot) -> tuple[object, ...]:
    style = parameter.get("style", _STYLES.get(str(parameter.get("in"))))
    kinds = tuple(sorted(parameter.children("content")))
    return style, parameter.get("explode", style == "form"), bool(parameter.get("allowReserved")), kinds


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
