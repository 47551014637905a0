"""The envelope around the data of a success, where the author wrote the schema of the data alone (law 3)."""

import copy
from collections.abc import Iterator
from typing import Any

from app.spec.document.derived.outline import Outline
from app.spec.document.tree import Pointer
from app.spec.page_kinds import page_kinds

_JSON = "application/json"
_PARTS = frozenset({"data", "meta", "errors"})
_COMPOSED = ("allOf", "anyOf", "oneOf")
_META = {("offset",): "ListMeta", ("cursor",): "CursorMeta", ("offset", "cursor"): "ListMetaWithCursor"}


def add_envelopes(outline: Outline) -> Iterator[tuple[Pointer, Pointer]]:
    """Put the schema and the examples of each success into the envelope, and yield (pointer, where it comes from).

    The schema becomes a component with the name of its data: `BadgeEnvelope` for a `Badge`, `BadgeListEnvelope` for an
    array of them, else the name of the operation. A component of that name with the same data is used as it is.
    """
    meta = _META.get(page_kinds(outline.body), "Meta")
    if not outline.enveloped or not all(outline.component("schemas", name) for name in (meta, "Problem")):
        return
    for status, response in outline.responses.items():
        content = response.get("content") if isinstance(response, dict) else None
        media = content.get(_JSON) if isinstance(content, dict) else None
        if not status.startswith("2") or not isinstance(media, dict):
            continue
        data = media.get("schema")
        if not isinstance(data, dict) or _is_enveloped(outline, data, set()):
            continue
        schema = _envelope(outline, data, meta)
        name = _free_name(outline, data, schema)
        if name is None:
            continue
        here: Pointer = (*outline.pointer, "responses", status, "content", _JSON)
        schemas = outline.bundle["components"]["schemas"]
        if name not in schemas:
            schemas[name] = schema
            yield ("components", "schemas", name), (*here, "schema")
        media["schema"] = {"$ref": f"#/components/schemas/{name}"}
        yield (*here, "schema"), here
        for pointer in _wrap_examples(outline, media, meta):
            yield here + pointer, here


def _is_enveloped(outline: Outline, node: Any, seen: set[int]) -> bool:
    schema = outline.resolved(node)
    if _is_envelope(schema.get("properties")):
        return True
    if id(schema) in seen:
        return False
    seen.add(id(schema))
    branches = (schema.get(key) for key in _COMPOSED)
    return any(_is_enveloped(outline, each, seen) for some in branches if isinstance(some, list) for each in some)


def _envelope(outline: Outline, data: dict[str, Any], meta: str) -> dict[str, Any]:
    problem = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": str(outline.resolved(data).get("description", "The result.")),
        "type": "object",
        "additionalProperties": False,
        "required": ["data", "meta", "errors"],
        "properties": {
            "data": data,
            "meta": {"$ref": f"#/components/schemas/{meta}"},
            "errors": {
                "description": "Always null in a success response.",
                "type": "array",
                "nullable": True,
                "maxItems": 0,
                "items": problem,
                "example": None,
            },
        },
    }


def _free_name(outline: Outline, data: dict[str, Any], schema: dict[str, Any]) -> str | None:
    """Return the name for an envelope: one that is free, or whose component says the same of the data."""
    of_operation = "".join(word.capitalize() for word in str(outline.body.get("operationId", "")).split("_"))
    of_data = _name(data)
    if not of_data and data.get("type") == "array" and (of_item := _name(data.get("items"))):
        of_data = f"{of_item}List"
    schemas = outline.bundle["components"]["schemas"]
    for name in (f"{word}Envelope" for word in (of_data, of_operation) if word):
        taken = schemas.get(name)
        if taken is None or (isinstance(taken, dict) and _essence(taken) == _essence(schema)):
            return name
    return None


def _name(schema: Any) -> str:
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    return reference.rpartition("/")[2] if isinstance(reference, str) else ""


def _essence(schema: dict[str, Any]) -> tuple[Any, Any]:
    """Return what two envelopes of the same name must share: their data and meta, whatever their texts say."""
    properties = schema.get("properties")
    data, meta = (properties.get(part) if isinstance(properties, dict) else None for part in ("data", "meta"))
    texts = ("description", "example", "maxItems")
    plain = {key: value for key, value in data.items() if key not in texts} if isinstance(data, dict) else data
    return plain, meta


def _wrap_examples(outline: Outline, media: dict[str, Any], meta: str) -> Iterator[Pointer]:
    if "example" in media and not _is_envelope(media["example"]):
        media["example"] = _wrapped(outline, media["example"], meta)
        yield ("example",)
    examples = media.get("examples")
    if not isinstance(examples, dict):
        return
    for name, entry in examples.items():
        example = outline.resolved(entry)
        if "value" in example and not _is_envelope(example["value"]):
            examples[name] = {**example, "value": _wrapped(outline, example["value"], meta)}
            yield "examples", name


def _is_envelope(parts: Any) -> bool:
    """Return whether these are the parts of an envelope; one that lacks a part is a mistake, and no data either."""
    return isinstance(parts, dict) and "data" in parts and (parts.keys() <= _PARTS or parts.keys() >= _PARTS)


def _wrapped(outline: Outline, value: Any, meta: str) -> dict[str, Any]:
    example = copy.deepcopy(outline.bundle["components"]["schemas"][meta].get("example", {}))
    pagination = example.get("pagination") if isinstance(example, dict) else None
    if isinstance(pagination, dict) and "total" in pagination and isinstance(value, list):
        pagination["total"] = len(value)
    return {"data": value, "meta": example, "errors": None}
