"""What may be written of a thing: the properties of a request, values for them, and whether a response has them."""

import re
from collections.abc import Iterator, Mapping, Set
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from app.contract_kit.document import JSON, Operation
from app.contract_kit.kit import Kit
from app.contract_kit.makers import names_account
from app.contract_kit.prepared import Prepared
from app.contract_kit.schemas import is_free

# One of these has the form that a text needs, if no example has it.
_TEXTS = ("2026-02-03T04:05:06.000Z", "2027-03-04T05:06:07.000Z", "2026-02-03", "2027-03-04", "Europe/Paris", "UTC",
          "de-CH", "fr", "https://example.com/kit", "https://example.org/kit", "12:30:00", "1.5", "2.5")  # fmt: skip
_DEEPEST = 3
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def writable(operation: Operation) -> dict[str, Any]:
    """Return the properties that a request may set, with their schemas; none if its body is no object."""
    found = operation.properties(operation.request.schema) if operation.request else {}
    return {name: child for name, child in found.items() if _flat(operation, child).get("readOnly") is not True}


def shown(operation: Operation) -> dict[str, Any]:
    """Return the properties of the thing that a success shows, with their schemas."""
    for status in operation.successes:
        media = operation.responses[str(status)].get("content", {}).get(JSON)
        if media:
            found = operation.properties(media.get("schema", {}))
            return operation.properties(found["data"]) if "data" in found else found
    return {}


def part_with(operation: Operation, names: Set[str]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the part of what a success shows that has some of these properties: its path, and its properties."""
    parts: list[tuple[tuple[str, ...], dict[str, Any]]] = [((), shown(operation))]
    for path, found in parts:
        if names & found.keys():
            return path, found
        if len(path) < _DEEPEST:
            parts += [((*path, name), inner) for name, child in found.items() if (inner := operation.properties(child))]
    return (), {}


def part_of(data: Any, path: tuple[str, ...]) -> dict[str, Any]:
    """Return a part of what a response shows; nothing if it is not there."""
    for name in path:
        data = data.get(name) if isinstance(data, Mapping) else None
    return dict(data) if isinstance(data, Mapping) else {}


def required(operation: Operation) -> frozenset[str]:
    """Return the properties that a request must have."""
    return (
        frozenset(_flat(operation, operation.request.schema).get("required", ())) if operation.request else frozenset()
    )


def nullable(operation: Operation, child: Any) -> bool:
    """Return whether a property may be null."""
    return _flat(operation, child).get("nullable") is True


def default(operation: Operation, child: Any) -> Any:
    """Return what a property is if a request leaves it out; None if its schema does not say it."""
    return _flat(operation, child).get("default")


def belongs_with(operation: Operation, name: str, other: str) -> bool:
    """Return whether one property may change with another: the document says so, or its name is made of the other's.

    A new `email` makes `email_verified` false.
    """
    described = {
        one: str(_flat(operation, writable(operation).get(one, {})).get("description")) for one in (name, other)
    }
    told = _mentions(described[name], other) or _mentions(described[other], name)
    return told or other.startswith(f"{name}_")


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def values(kit: Kit, prepared: Prepared, name: str, child: Any, *, now: Any = None) -> Iterator[Any]:
    """Yield values of a property that its schema allows, other than the one that it has now, and other than null."""
    seen = [now, None]
    for value in _candidates(kit, prepared, name, child, now, _DEEPEST):
        if not any(same(value, known) for known in seen) and kit.request_schemas.matches(child, value):
            seen.append(value)
            yield value


def _candidates(kit: Kit, prepared: Prepared, name: str, child: Any, now: Any, depth: int) -> Iterator[Any]:
    schema = _flat(prepared.operation, child)
    kind, example = schema.get("type"), schema.get("example")
    if name == "role":
        yield from (kit.people.bare_role, *sorted(set(kit.people.held) - {"admin"}))
    elif "enum" in schema:
        yield from reversed(schema["enum"])
    elif kind == "boolean":
        yield from (True, False)
    elif kind in ("integer", "number"):
        near = [value + step for value in (now, example) if isinstance(value, int | float) for step in (1, -1)]
        yield from (example, *near, schema.get("maximum"), schema.get("minimum"), 1, 2)
    elif kind == "array":
        parts = [value for _, value in zip(range(2), _of_items(kit, prepared, name, schema, now, depth), strict=False)]
        yield from ([value] for value in parts)
        yield from (example, [])
    elif kind == "object" or isinstance(example, Mapping):
        yield from _objects(kit, prepared, child, now, depth)
        yield example
    elif kind == "string" or isinstance(example, str):
        yield from _texts(kit, prepared, name, child, schema)
    else:
        yield example


def _of_items(kit: Kit, prepared: Prepared, name: str, schema: Any, now: Any, depth: int) -> Iterator[Any]:
    items, held = schema.get("items", {}), now if isinstance(now, list) else []
    for value in _candidates(kit, prepared, name, items, None, depth - 1) if depth else ():
        if value not in held and kit.request_schemas.matches(items, value):
            yield value


def _objects(kit: Kit, prepared: Prepared, child: Any, now: Any, depth: int) -> Iterator[dict[str, Any]]:
    held, made = now if isinstance(now, Mapping) else {}, {}
    for part, schema in prepared.operation.properties(child).items() if depth else ():
        if _flat(prepared.operation, schema).get("readOnly") is not True:
            found = _candidates(kit, prepared, part, schema, held.get(part), depth - 1)
            fits = (one for one in found if one != held.get(part) and kit.request_schemas.matches(schema, one))
            value = next(fits, None)
            if value is not None:
                made[part] = value
    yield made


def _texts(kit: Kit, prepared: Prepared, name: str, child: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    example, operation = schema.get("example"), prepared.operation
    if names_account(kit.document, child):
        yield from (prepared.holder.id, kit.people["peer"].id)
    if isinstance(example, str):
        renewed = kit.values.renewed(operation, name, child, example, prepared)
        if is_free(schema) and renewed == example:
            yield kit.values.variant(child, example)
        yield renewed
    elif is_free(schema):
        yield kit.values.variant(child, "text")
    if schema.get("format") == "email":
        yield kit.people.address("new")
    yield from _TEXTS
    if schema.get("format") == "uuid":
        # It may have to name something; then it is refused.
        yield str(uuid4())


def same(sent: Any, found: Any) -> bool:
    """Return whether a response has what was sent, in the form that it has in responses.

    An object may have more properties there, and a set more members.
    """
    if isinstance(sent, Mapping):
        return isinstance(found, Mapping) and all(same(sent[name], found[name]) for name in sent if name in found)
    if isinstance(sent, list):
        return isinstance(found, list) and all(any(same(one, other) for other in found) for one in sent)
    if isinstance(sent, bool) or isinstance(found, bool):
        return sent is found
    if isinstance(sent, str) and isinstance(found, str):
        forms = (_instant(sent), _instant(found)), (_number(sent), _number(found))
        return sent == found or any(one is not None and one == other for one, other in forms)
    return bool(sent == found)


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _flat(operation: Operation, schema: Any) -> dict[str, Any]:
    """Return a schema with those that it is composed of in it."""
    node = operation.document.resolve(schema)
    found: dict[str, Any] = {}
    for part in node.get("allOf", ()):
        found |= _flat(operation, part)
    return found | {name: value for name, value in node.items() if name != "allOf"}
