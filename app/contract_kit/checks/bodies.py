"""Bodies that a server must refuse: ambiguous JSON, and properties that the caller may not set."""

import json
from typing import Any

from app.contract_kit.document import Operation
from app.contract_kit.exchange import Response
from app.contract_kit.kit import Kit
from app.contract_kit.prepared import Prepared

# Each with the code of its refusal.
_AMBIGUOUS = {
    "a property twice": '{"a": 1, "a": 2}',
    "NaN": '{"a": NaN}',
    "a number beyond all bounds": '{"a": 1e999}',
    "half of a surrogate pair": '{"a": "\\ud800"}',
    "a trailing comma": '{"a": 1,}',
    "two values": "{}{}",
    "ten thousand brackets": "[" * 10_000 + "]" * 10_000,
    "bytes that are not UTF-8": "\udcff\udcfe",
}
# What clients must not set, wherever they try.
_TEMPTING = ("is_admin", "admin", "role_id", "permissions", "version", "owner_id", "user_id", "id",
             "created_at", "status", "built_in")  # fmt: skip


def check(kit: Kit) -> None:
    """Try each operation that takes a body."""
    for operation in kit.operations():
        if operation.request is not None:
            with kit.trying(operation.name, "bad bodies"):
                caller = None if operation.public else kit.people.worker()
                prepared = kit.values.prepare(operation, caller)
                _ambiguous(kit, prepared)
                _properties(kit, operation, prepared)


def _ambiguous(kit: Kit, prepared: Prepared) -> None:
    request = kit.values.request(prepared)
    for what, text in _AMBIGUOUS.items():
        body = text.encode("utf-8", "surrogateescape")
        response = kit.send(request.but(body=body, headers={"Content-Type": "application/json"}), prepared.caller)
        kit.expect_status(response, 400, code="MALFORMED_BODY", why=f"the body has {what}")
    if request.body and isinstance(prepared.body, dict) and prepared.body:
        name = next(iter(prepared.body))
        doubled = request.body.replace(b"{", f'{{"{name}": null, '.encode(), 1)
        response = kit.send(request.but(body=doubled), prepared.caller)
        kit.expect_status(response, 400, code="MALFORMED_BODY", why=f"the body has {name} twice")
    values: tuple[Any, ...] = ([], "text", 1, None)
    for value in values:
        response = _sent(kit, prepared, value)
        kit.expect_status(response, 400, why=f"the body is {value!r}")


def _sent(kit: Kit, prepared: Prepared, body: Any) -> Response:
    request = kit.request(
        prepared.operation, prepared.caller, values=prepared.values, headers=prepared.headers, body={}
    )  # fmt: skip
    response = kit.send(request.but(body=json.dumps(body).encode()), prepared.caller)
    if response.ok:
        kit.values.note(prepared.operation, response)
    return response


def _properties(kit: Kit, operation: Operation, prepared: Prepared) -> None:
    """Add a property that the document does not have: it is refused by name, and nothing changes."""
    assert operation.request is not None
    known = operation.properties(operation.request.schema)
    if not isinstance(prepared.body, dict):
        return
    shown = _response_properties(operation)
    names = [name for name in (*_TEMPTING, *shown) if name not in known]
    for name in names:
        response = _sent(kit, prepared, {**prepared.body, name: shown.get(name, True)})
        why = f"{name} is no property of the request"
        if kit.expect_status(response, 400, code="VALIDATION_ERROR", why=why):
            fields = [error.get("field") for error in response.errors]
            kit.expect(name in fields, f"the errors name {fields}, not {name}", response)


def _response_properties(operation: Operation) -> dict[str, Any]:
    """Return the properties of what an operation responds with, each with its example."""
    for status in operation.successes:
        for media in operation.responses[str(status)].get("content", {}).values():
            data = operation.properties(media.get("schema", {})).get("data", {})
            found = operation.properties(data)
            return {name: operation.document.resolve(child).get("example") for name, child in found.items()}
    return {}
