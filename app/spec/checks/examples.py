"""Examples: what the document shows of a request is accepted, and what it shows of a response can be sent."""

from collections.abc import Iterator
from typing import Any

from jsonschema_rs import ValidationError

from app.spec.document import Document, Fault, Node, Pointer, nodes, parse_pointer, resolve
from app.spec.validation import schemas
from app.spec.validation.violations import as_sentence, list_violations

_RESPONSES = frozenset({"responses", "headers"})
_Example = tuple[Pointer, Any, Any, tuple[schemas.Direction, ...]]
"""The place of an example, the example, its schema, and the directions of which one must accept it."""


def check_examples(document: Document) -> Iterator[Fault]:
    """Yield a fault for each example that does not match its schema."""
    for node in nodes(document.bundle):
        for pointer, example, schema, directions in _examples(document.bundle, node):
            found = [_violations(document.bundle, schema, example, direction) for direction in directions]
            if all(found):
                fix = "Correct the example or the schema."
                yield Fault(document.where(pointer), f"The example does not match its schema: {found[0]}", fix)


def _examples(bundle: dict[str, Any], node: Node) -> Iterator[_Example]:
    mapping, pointer = node.mapping, node.pointer
    if node.kind in ("schemas", "properties") and "example" in mapping:
        # A schema may be used in both directions.
        yield (*pointer, "example"), mapping["example"], mapping, ("response", "request")
    if "schema" not in mapping:
        return
    directions: tuple[schemas.Direction, ...] = ("response",) if _RESPONSES & set(pointer) else ("request",)
    if "example" in mapping:
        yield (*pointer, "example"), mapping["example"], mapping["schema"], directions
    for name, example in (mapping.get("examples") or {}).items():
        place: Pointer = (*pointer, "examples", name)
        if "$ref" in example:
            place = parse_pointer(example["$ref"][1:])
        value = resolve(bundle, example)
        if "value" in value:
            yield (*place, "value"), value["value"], mapping["schema"], directions


def _violations(bundle: dict[str, Any], schema: Any, example: Any, direction: schemas.Direction) -> str:
    """Return what is wrong with an example as sentences; nothing if it is right."""
    try:
        validator = schemas.compile(bundle, schema, direction=direction)
    except (ValidationError, ValueError):
        return ""  # other checks name a schema that is not valid
    violations = list_violations(validator, example, prefix="value")
    return " ".join(as_sentence(str(violation.field), violation.message) for violation in violations[:3])
