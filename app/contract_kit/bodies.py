"""Bodies that differ from another one, and still match their schema."""

from typing import Any

from app.contract_kit.document import Operation
from app.contract_kit.kit import Kit
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
