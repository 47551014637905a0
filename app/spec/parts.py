"""Parts of what the document describes: of a body by its schema, of a response by an expression of a link."""

from collections.abc import Sequence
from typing import Any

from app.spec.document import parse_pointer, resolve

_COMPOSED = ("allOf", "oneOf", "anyOf")
Json = dict[str, Any]


def schema_at(bundle: Json, schema: Any, path: Sequence[str]) -> Json | None:
    """Return the schema of a part of a value; None if the value does not have this part.

    Args:
        bundle: the document.
        schema: of the value.
        path: the names of properties, and the indexes of items, that lead to the part.
    """
    schema = resolve(bundle, schema)
    if not path:
        return dict(schema)
    if path[0].isdigit() and "items" in schema:
        return schema_at(bundle, schema["items"], path[1:])
    if path[0] in schema.get("properties", {}):
        return schema_at(bundle, schema["properties"][path[0]], path[1:])
    if isinstance(more := schema.get("additionalProperties"), dict):
        return schema_at(bundle, more, path[1:])
    inner = (part for kind in _COMPOSED for part in schema.get(kind, ()))
    return next((found for part in inner if (found := schema_at(bundle, part, path)) is not None), None)


def has_part(bundle: Json, response: Json, expression: str) -> bool:
    """Return whether a response has what an expression names: `$response.body#/data/id` or `$response.header.ETag`.

    Args:
        bundle: the document.
        response: resolved.
        expression: see https://spec.openapis.org/oas/v3.0.3.html#runtime-expressions
    """
    place, _, pointer = expression.removeprefix("$response.").partition("#")
    if place.startswith("header."):
        return place.removeprefix("header.").lower() in map(str.lower, response.get("headers", {}))
    return place == "body" and schema_at(bundle, body_schema(response), parse_pointer(pointer)) is not None


def body_schema(response: Json) -> Json:
    """Return the schema of the body of a response; an empty one if it has no body."""
    content: Json = next(iter(response.get("content", {}).values()), {})
    return dict(content.get("schema", {}))
