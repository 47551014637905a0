"""The parameters of an operation: those of its path are declared, and all are in a place that is read."""

from collections.abc import Iterator

from app.spec.checks.check import KnownNames
from app.spec.document import Fault
from app.spec.operation import Operation

_PLACES = ("path", "query", "header")


def check_parameters(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Demand that path and declarations agree, and that each parameter has a place that is read and a schema."""
    place = operation.where("parameters")
    declared = {str(parameter.get("name")) for parameter in operation.parameters if parameter.get("in") == "path"}
    in_path = set(operation.path_parameters)
    for name in sorted(declared - in_path):
        message = f"The path parameter {name} is declared, but is not in the path {operation.path}."
        yield Fault(place, message, "Add it to the path, or remove the declaration.")
    for name in sorted(in_path - declared):
        message = f"The path parameter {name} is in the path {operation.path}, but is not declared."
        yield Fault(place, message, "Declare it under parameters.")
    for parameter in operation.parameters:
        location = parameter.get("in")
        if location not in _PLACES:
            message = f"The parameter {parameter.get('name')} is in {location}, which is not read."
            yield Fault(place, message, "Move it to path, query or header.")
        elif "schema" not in parameter:
            yield Fault(place, f"The parameter {parameter.get('name')} has no schema.", "Add a schema.")
