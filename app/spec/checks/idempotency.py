"""x-idempotency: the header is declared, the key belongs to a caller, and the stored responses hold no secret."""

import re
from collections.abc import Iterator
from typing import Any

from app.spec.checks.check import KnownNames
from app.spec.document import Fault
from app.spec.operation import Operation

_HEADER = "Idempotency-Key"
_MAX_KEY_LENGTH = 255
# Names of values that must not be in a database, a backup or a repeated response (law 10).
_SECRET = re.compile(r"(?:.*_)?(?:token|password|secret|cookie|otp|private_key|api_key)s?")


def check_idempotency(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Demand that an operation has both x-idempotency and the header, or neither, and may store its responses."""
    parameter = operation.parameter(_HEADER, "header")
    if "x-idempotency" not in operation.body:
        if parameter is not None:
            message = f"{operation.name} has no x-idempotency, so that its {_HEADER} would be ignored."
            yield Fault(operation.where("parameters"), message, "Add x-idempotency, or remove the parameter.")
        return
    place, name = operation.where("x-idempotency"), operation.name
    if parameter is None:
        message = f"{name} has x-idempotency, but no header parameter {_HEADER}."
        yield Fault(place, message, "Add the parameter.")
    elif not _is_bounded(operation.resolved(parameter.get("schema"))):
        message = f"{_HEADER} is not a string of at most {_MAX_KEY_LENGTH} characters."
        fix = f"Write type: string and maxLength: {_MAX_KEY_LENGTH}."
        yield Fault(operation.where_parameter(_HEADER, "header"), message, fix)
    if "x-public" in operation.body:
        message = f"{name} is public, but has x-idempotency, whose keys belong to a caller."
        yield Fault(place, message, "Remove x-idempotency or x-public.")
    for status, path in _secrets(operation):
        message = f"The {status} response of {name} holds the secret {path}, and x-idempotency would store it."
        yield Fault(place, message, f"Remove x-idempotency, or remove {path} from the response.")


def _is_bounded(schema: Any) -> bool:
    longest = schema.get("maxLength") if isinstance(schema, dict) else None
    return isinstance(longest, int) and longest <= _MAX_KEY_LENGTH and schema.get("type") == "string"


def _secrets(operation: Operation) -> Iterator[tuple[str, str]]:
    """Yield (status, path) of each secret in the successful responses of an operation."""
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
