"""If-Match and x-precondition, which need each other."""

from collections.abc import Iterator

from app.spec.checks.check import KnownNames
from app.spec.document import Fault
from app.spec.operation import Operation


def check_precondition(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Demand that an operation has both x-precondition and the header If-Match, or neither."""
    has_header = operation.parameter("If-Match", "header") is not None
    if "x-precondition" in operation.body and not has_header:
        message = f"{operation.name} has x-precondition, but no header parameter If-Match."
        yield Fault(operation.where("x-precondition"), message, "Add the parameter.")
    if "x-precondition" not in operation.body and has_header:
        message = f"{operation.name} has no x-precondition, so that its If-Match would be ignored."
        yield Fault(operation.where("parameters"), message, "Add x-precondition, or remove the parameter.")
