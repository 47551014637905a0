"""What must hold of the parameters of a list (x-paginated), so that what cannot be a page is told at start."""

from collections.abc import Iterator
from typing import Any

from app.results import MAX_COUNTED
from app.security.cursors import LENGTH
from app.spec.document import Fault
from app.spec.operation import Operation

_MAX_ROWS = 100


def paginated(operation: Operation, _: object) -> Iterator[Fault]:
    """Yield what is wrong with the parameters that open a page, each fault at the parameter it is about."""
    kind, name = operation.body.get("x-paginated"), operation.name
    if kind in ("offset", "cursor"):
        for wanted in ("limit", kind):
            if operation.parameter(wanted, "query") is None:
                yield Fault(operation.where("x-paginated"), f"{name} has no query parameter {wanted}.", "Declare it.")
        yield from _limit(operation)
    if kind == "offset":
        yield from _offset(operation)
    if kind == "cursor":
        yield from _cursor(operation)
        if operation.parameter("offset", "query") is not None:
            place = operation.where("parameters")
            yield Fault(place, f"{name} is a cursor list and has an offset.", "Remove the one or the other.")
    elif operation.parameter("cursor", "query") is not None:
        place = operation.where("parameters")
        yield Fault(place, f"The cursor of {name} would not be verified.", "Add x-paginated: cursor.")


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
        yield _fault(operation, "offset", "does not begin at 0", "Write minimum: 0.")
    if not _is_whole(high, most=MAX_COUNTED):
        fix = f"Write maximum: {MAX_COUNTED}."
        yield _fault(operation, "offset", f"has no maximum of {MAX_COUNTED} or less", fix)
    yield from _integer(operation, "offset", schema, "default: 0")


def _integer(operation: Operation, name: str, schema: dict[str, Any], example: str) -> Iterator[Fault]:
    if schema.get("type") != "integer":
        yield _fault(operation, name, "is not an integer", "Write type: integer.")
    default, low, high = (schema.get(key) for key in ("default", "minimum", "maximum"))
    if default is None:
        yield _fault(operation, name, "has no default", f"Write one, such as {example}.")
    elif not _is_whole(default, least=low if _is_whole(low) else None, most=high if _is_whole(high) else None):
        yield _fault(operation, name, "has a default out of its bounds", f"Write another, such as {example}.")


def _cursor(operation: Operation) -> Iterator[Fault]:
    schema, parameter = _schema(operation, "cursor"), operation.parameter("cursor", "query")
    if schema is None or parameter is None:
        return
    if schema.get("type") != "string":
        yield _fault(operation, "cursor", "is not a string", "Write type: string.")
    if parameter.get("required"):
        yield _fault(operation, "cursor", "is required", "Leave required out: the first page has none.")
    if "default" in schema:
        yield _fault(operation, "cursor", "has a default", "Remove it: the first page has none.")
    if "enum" in schema or schema.get("format", "cursor") != "cursor":
        yield _fault(operation, "cursor", "is not any text", "Remove enum and format, or write format: cursor.")
    longest = schema.get("maxLength", LENGTH)
    if not _is_whole(longest, least=LENGTH):
        yield _fault(operation, "cursor", f"does not fit {LENGTH} characters", "Raise maxLength, or leave it out.")


def _schema(operation: Operation, name: str) -> dict[str, Any] | None:
    parameter = operation.parameter(name, "query")
    schema = operation.resolved(parameter.get("schema")) if parameter else None
    return schema if isinstance(schema, dict) else None


def _fault(operation: Operation, name: str, problem: str, fix: str) -> Fault:
    return Fault(operation.where_parameter(name, "query"), f"The parameter {name} of a list {problem}.", fix)


def _is_whole(value: Any, *, least: int | None = None, most: int | None = None) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return (least is None or value >= least) and (most is None or value <= most)
