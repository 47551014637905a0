"""Links between operations: what they name exists, so that tools and journeys can follow them."""

from collections.abc import Collection, Iterator
from typing import Any

from app.spec.document import Document, Fault, Pointer
from app.spec.operation import Operation, operations
from app.spec.parts import has_part
from app.spec.suggestions import suggest

_Finding = tuple[tuple[str, ...], str, str]
"""Keys below the link, message and fix."""


def check_links(document: Document, incomplete: Collection[Pointer] = ()) -> Iterator[Fault]:
    """Yield a fault for each link to an operation, parameter or part of a response that does not exist.

    Args:
        document: as loaded.
        incomplete: the operations of which it is not known what they have; links to them are not checked.
    """
    by_id = {str(operation.body.get("operationId")): operation for operation in operations(document)}
    for operation in by_id.values():
        for status, reference in operation.body.get("responses", {}).items():
            response = operation.resolved(reference)
            for name, link in response.get("links", {}).items():
                resolved = operation.resolved(link)
                target = by_id.get(str(resolved.get("operationId")))
                if target is not None and target.pointer in incomplete:
                    continue
                for keys, message, fix in _findings(operation, response, name, resolved, by_id):
                    yield Fault(operation.where("responses", status, "links", name, *keys), message, fix)


def _findings(
    operation: Operation, response: dict[str, Any], name: str, link: dict[str, Any], by_id: dict[str, Operation]
) -> Iterator[_Finding]:
    target = by_id.get(str(link.get("operationId")))
    if target is None:
        key = "operationRef" if "operationRef" in link else "operationId"
        message = f"The link {name} leads to {link.get(key)}, which is not the operationId of an operation."
        yield (key,), message, suggest(link.get(key), by_id, "Write `operationId` with one.")
        return
    known = {key for each in target.parameters for key in (str(each["name"]), f"{each['in']}.{each['name']}")}
    for parameter, value in link.get("parameters", {}).items():
        keys = ("parameters", parameter)
        if parameter not in known:
            message = f"The link {name} gives {link['operationId']} a parameter {parameter}, which it does not have."
            yield keys, message, suggest(parameter, known, "Write the name of one that it has.")
        if isinstance(value, str) and value.startswith("$") and not _has(operation, response, value):
            message = f"The link {name} uses {value}, which the request or response does not have."
            yield keys, message, "Correct the expression."


def _has(operation: Operation, response: dict[str, Any], expression: str) -> bool:
    kind, _, rest = expression.partition(".")
    if kind == "$response":
        return has_part(operation.document.bundle, response, expression)
    place, _, parameter = rest.partition(".")
    return kind == "$request" and (place == "body" or operation.parameter(parameter, place) is not None)
