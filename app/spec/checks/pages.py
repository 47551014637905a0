"""The parameters of a paginated list (x-paginated): every value they accept must open a page."""

from collections.abc import Iterator
from typing import Any

from app.results import MAX_COUNTED
from app.security.cursors import LENGTH, MAX_LENGTH
from app.spec.checks.check import KnownNames
from app.spec.document import Fault
from app.spec.operation import Operation
from app.spec.page_kinds import page_kinds

_MAX_ROWS = 100


def check_pages(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Demand the parameters of the kind of list, and no others; each fault has the place of its parameter."""
    kinds, name = page_kinds(operation.body), operation.name
    if kinds:
        for parameter in ("limit", *kinds):
            if operation.parameter(parameter, "query") is None:
                message = f"{name} has no query parameter {parameter}."
                yield Fault(operation.where("x-paginated"), message, "Declare it.")
        yield from _limit(operation)
    if "offset" in kinds:
        yield from _offset(operation)
    if "cursor" in kinds:
        form, length = ("cursor-of-position", MAX_LENGTH) if "offset" in kinds else ("cursor", LENGTH)
        yield from _cursor(operation, form, length)
        if "offset" not in kinds and operation.parameter("offset", "query") is not None:
            place = operation.where("parameters")
            yield Fault(place, f"{name} is a cursor list, but has an offset.", "Remove the parameter offset.")
    elif operation.parameter("cursor", "query") is not None:
        message = f"{name} is not a cursor list, so that its cursor would not be verified."
        fix = "Write x-paginated: [offset, cursor]." if kinds else "Add x-paginated: cursor."
        yield Fault(operation.where("parameters"), message, fix)


def _limit(operation: Operation) -> Iterator[Fault]:
    schema = _schema(operation, "limit")
    if schema is None:
        return
    low, high = schema.get("minimum"), schema.get("maximum")
    if not _is_whole(low, least=1):
        yield _fault(operation, "limit", "has no minimum of 1 or more", "Write minimum: 1.")
    if not _is_whole(high, most=_MAX_ROWS):
        yield _fault(operation, "limit", f"has no maximum of {_MAX_ROWS} or less", f"Write maximum: {_MAX_ROWS}.")
    yield from _integer(operation, "limit", schema, "default: 20")


def _offset(operation: Operation) -> Iterator[Fault]:
    schema = _schema(operation, "offset")
    if schema is None:
        return
    high = schema.get("maximum")
    if schema.get("minimum") != 0 or schema.get("exclusiveMinimum"):
        yield _fault(operation, "offset", "has no minimum of 0", "Write minimum: 0.")
    if not _is_whole(high, most=MAX_COUNTED):
        fix = f"Write maximum: {MAX_COUNTED}."
        yield _fault(operation, "offset", f"has no maximum of {MAX_COUNTED} or less", fix)
    yield from _integer(operation, "offset", schema, "default: 0")


def _integer(operation: Operation, name: str, schema: dict[str, Any], example: str) -> Iterator[Fault]:
    if schema.get("type") != "integer":
        yield _fault(operation, name, "is not an integer", "Write type: integer.")
    default, low, high = (schema.get(key) for key in ("default", "minimum", "maximum"))
    if default is None:
        yield _fault(operation, name, "has no default", f"Add one, such as {example}.")
    elif not _is_whole(default, least=low if _is_whole(low) else None, most=high if _is_whole(high) else None):
        yield _fault(operation, name, "has a default outside its bounds", f"Write another, such as {example}.")


def _cursor(operation: Operation, form: str, length: int) -> Iterator[Fault]:
    schema, parameter = _schema(operation, "cursor"), operation.parameter("cursor", "query")
    if schema is None or parameter is None:
        return
    if schema.get("type") != "string":
        yield _fault(operation, "cursor", "is not a string", "Write type: string.")
    if parameter.get("required"):
        yield _fault(operation, "cursor", "is required", "Remove required: a request for the first page has no cursor.")
    if "default" in schema:
        yield _fault(operation, "cursor", "has a default", "Remove it: a request for the first page has no cursor.")
    if "enum" in schema or "format" in schema or schema.get("x-format", form) != form:
        fix = f"Remove enum and format, or write x-format: {form}."
        yield _fault(operation, "cursor", "does not accept every text", fix)
    longest = schema.get("maxLength", length)
    if not _is_whole(longest, least=length):
        yield _fault(operation, "cursor", f"does not accept {length} characters", "Raise maxLength, or remove it.")


def _schema(operation: Operation, name: str) -> dict[str, Any] | None:
    parameter = operation.parameter(name, "query")
    schema = operation.resolved(parameter.get("schema")) if parameter else None
    return schema if isinstance(schema, dict) else None


def _fault(operation: Operation, name: str, predicate: str, fix: str) -> Fault:
    return Fault(operation.where_parameter(name, "query"), f"The parameter {name} of a list {predicate}.", fix)


def _is_whole(value: Any, *, least: int | None = None, most: int | None = None) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return (least is None or value >= least) and (most is None or value <= most)
