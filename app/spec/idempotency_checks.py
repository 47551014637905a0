"""What must hold of an operation that takes an Idempotency-Key (x-idempotency), since its answers are kept."""

import re
from collections.abc import Iterator
from typing import Any

from app.spec.document import Fault
from app.spec.operation import Operation

_HEADER = "Idempotency-Key"
_LONGEST_KEY = 255
# Names of what nobody may find in a database, a backup or a second answer (law 10).
_SECRET = re.compile(r"(?:.*_)?(?:token|password|secret|cookie|otp|private_key|api_key)s?")


def idempotent(operation: Operation, _: object) -> Iterator[Fault]:
    """Yield what keeps the answers of an operation from being kept, or its key from being read."""
    parameter = operation.parameter(_HEADER, "header")
    if "x-idempotency" not in operation.body:
        if parameter is not None:
            problem = f"{_HEADER} of {operation.name} would be ignored."
            yield Fault(operation.where("parameters"), problem, "Add x-idempotency, or remove it.")
        return
    place, name = operation.where("x-idempotency"), operation.name
    if parameter is None:
        yield Fault(place, f"{name} declares no {_HEADER}.", "Add the header parameter.")
    elif not _is_bounded(operation.resolved(parameter.get("schema"))):
        problem = f"{_HEADER} is not a string of at most {_LONGEST_KEY} characters."
        yield Fault(
            operation.where_parameter(_HEADER, "header"), problem, f"Write type: string and maxLength: {_LONGEST_KEY}."
        )
    if "x-public" in operation.body:
        problem = f"{name} is public and has x-idempotency: there is no caller whom a key could belong to."
        yield Fault(place, problem, "Remove x-idempotency or x-public.")
    for status, path in _secrets(operation):
        problem = f"The {status} of {name} holds {path}, a secret, and would be kept."
        yield Fault(place, problem, "Remove x-idempotency, or leave that out of the answer.")


def _is_bounded(schema: Any) -> bool:
    longest = schema.get("maxLength") if isinstance(schema, dict) else None
    return isinstance(longest, int) and longest <= _LONGEST_KEY and schema.get("type") == "string"


def _secrets(operation: Operation) -> Iterator[tuple[str, str]]:
    """Yield (status, path) of what the successes of an operation hold and nobody else may see."""
    responses = operation.body.get("responses")
    for status, reference in responses.items() if isinstance(responses, dict) else ():
        response = operation.resolved(reference)
        if not str(status).startswith("2") or not isinstance(response, dict):
            continue
        for name, header in response.get("headers", {}).items():
            if _is_secret(name.replace("-", "_"), operation.resolved(operation.resolved(header).get("schema", {}))):
                yield str(status), name
        for media in response.get("content", {}).values():
            for path in _walk(operation, media.get("schema", {}), "", ()):
                yield str(status), path


def _walk(operation: Operation, schema: Any, path: str, above: tuple[int, ...]) -> Iterator[str]:
    schema = operation.resolved(schema)
    if not isinstance(schema, dict) or id(schema) in above:
        return
    above = (*above, id(schema))
    for name, child in schema.get("properties", {}).items():
        inner, here = operation.resolved(child), f"{path}.{name}" if path else name
        if isinstance(inner, dict) and inner.get("writeOnly"):
            continue
        if _is_secret(name, inner):
            yield here
        else:
            yield from _walk(operation, child, here, above)
    for keyword in ("items", "additionalProperties"):
        yield from _walk(operation, schema.get(keyword), path, above)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for branch in schema.get(keyword, []):
            yield from _walk(operation, branch, path, above)


def _is_secret(name: str, schema: Any) -> bool:
    marked = isinstance(schema, dict) and schema.get("format") == "password"
    return marked or _SECRET.fullmatch(name.lower()) is not None
