"""The x- keys of the document: each is known, is where it belongs, and has a value of its form.

The forms are in openapi/extensions.schema.json, the meaning of the keys in openapi/extensions.md.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from app.resources import OPENAPI
from app.spec.document import Document, Fault, Node, nodes
from app.spec.suggestions import suggest, unknown_permission
from app.spec.write_permissions import KEY

_SCHEMA = OPENAPI / "extensions.schema.json"
# The kinds of node that have x- keys, with the definition in the schema that has the forms of these keys.
_DEFINITIONS = {"operation": "operation", "properties": "property", "schemas": "schema"}
_WITH_ARTICLE = {"operation": "an operation", "property": "a property", "schema": "a schema under components/schemas"}
_FORMAT = "x-format"
_MAX_SHOWN_LENGTH = 60


def check_extension_keys(document: Document, permissions: Collection[str]) -> Iterator[Fault]:
    """Yield a fault for each x- key that is unknown, misplaced or has a value it cannot have.

    Args:
        document: as loaded.
        permissions: the names of those that exist.
    """
    for node in nodes(document.bundle):
        for key, value in node.mapping.items():
            if key.startswith("x-"):
                for message, fix in _key_faults(node, key, value, permissions):
                    yield Fault(document.where((*node.pointer, key)), message, fix)


def misspelt_keys(operation: Mapping[str, Any]) -> set[str]:
    """Return the known keys that the unknown x- keys of an operation were probably meant to be."""
    known = extension_validators()["operation"]
    unknown = [key for key in operation if key.startswith("x-") and key not in known]
    return {meant for key in unknown for meant in get_close_matches(key, known, n=1, cutoff=0.75)}


@cache
def extension_validators() -> dict[str, dict[str, Draft202012Validator]]:
    """Return the validator for the value of each key, by definition (`operation`, `property`) and key."""
    definitions = _definitions()
    return {
        definition: {
            key: Draft202012Validator({"$ref": f"#/$defs/{definition}/properties/{key}", "$defs": definitions})
            for key in definitions[definition]["properties"]
        }
        for definition in _DEFINITIONS.values()
    }


@cache
def _definitions() -> dict[str, Any]:
    definitions: dict[str, Any] = json.loads(_SCHEMA.read_text(encoding="utf-8"))["$defs"]
    return definitions


def _key_faults(node: Node, key: str, value: Any, permissions: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield (message, fix) for what is wrong with one key."""
    validators = extension_validators()
    definition = _DEFINITIONS.get(node.kind or "", "")
    if key == _FORMAT:
        definition = "property" if node.mapping.get("type") == "string" else ""
    if key in validators.get(definition, {}):
        if not validators[definition][key].is_valid(value):
            message = f"The value of {key} is not valid: {_shown(value)}."
            yield message, f"{_expected(definition, key)} See {key} in openapi/extensions.md."
        elif key == KEY and str(value) not in permissions:
            yield unknown_permission(str(value), permissions)
        return
    for other, keys in validators.items():
        if key in keys:
            place = "a schema with `type: string`" if key == _FORMAT else _WITH_ARTICLE[other]
            yield f"{key} does not belong here.", f"Move it to {place}."
            return
    known = (name for keys in validators.values() for name in keys)
    yield f"There is no key {key}.", suggest(key, known, "Remove it, or see the known keys in openapi/extensions.md.")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_SHOWN_LENGTH else text[:_MAX_SHOWN_LENGTH] + "…"


def _written(choice: str | list[str]) -> str:
    return choice if isinstance(choice, str) else f"[{', '.join(choice)}]"


def _expected(definition: str, key: str) -> str:
    form = _definitions()[definition]["properties"][key]
    if "enum" in form:
        return f"Choose one of {', '.join(map(_written, form['enum']))}."
    return f"Write it like {json.dumps(form['examples'][0])}."
