"""Bodies that differ from another one, and still match their schema."""

from typing import Any
from uuid import uuid4

from app.contract_kit.document import Operation
from app.contract_kit.kit import CannotTryError, Kit
from app.contract_kit.schemas import is_free


def changed(kit: Kit, operation: Operation, body: Any) -> Any:
    """Return a body with other texts in it, where its schema allows any."""
    if not isinstance(body, dict) or operation.request is None:
        return body
    properties, made = operation.properties(operation.request.schema), dict(body)
    for name, value in body.items():
        schema = kit.document.resolve(properties.get(name, {}))
        if isinstance(value, str) and schema.get("format") == "email":
            made[name] = kit.people.address("new")
        elif isinstance(value, str) and name != "role" and is_free(schema):
            made[name] = kit.values.variant(properties.get(name, {}), value)
    return made if kit.request_schemas.matches(operation.request.schema, made) else body


def different(kit: Kit, operation: Operation, body: Any) -> Any:
    """Return a body that differs from another in one value at least, and is not meant to be carried out.

    Raises:
        CannotTryError: the schema allows none.
    """
    made = changed(kit, operation, body)
    if made != body or operation.request is None or not isinstance(body, dict):
        return made
    properties = operation.properties(operation.request.schema)
    for name, value in body.items():
        for other in _others(kit.document.resolve(properties.get(name, {})), value):
            if kit.request_schemas.matches(operation.request.schema, {**body, name: other}):
                return {**body, name: other}
        rest = {key: part for key, part in body.items() if key != name}
        if kit.request_schemas.matches(operation.request.schema, rest):
            return rest
    raise CannotTryError("no two bodies of it differ")


def _others(schema: Any, value: Any) -> list[Any]:
    """Return values that a schema may allow too."""
    if "enum" in schema:
        return [other for other in schema["enum"] if other != value and other is not None]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value - 1]
    texts = {"date": "2026-02-27", "date-time": "2026-02-27T11:00:00.000Z", "uuid": str(uuid4())}
    return [texts[schema["format"]]] if schema.get("format") in texts else []
