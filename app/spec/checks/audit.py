"""The event that an operation records (x-audit)."""

from collections.abc import Iterator

from app.spec.checks.check import Specification
from app.spec.document import Fault
from app.spec.operation import Operation
from app.spec.suggestions import suggest


def check_event(operation: Operation, specification: Specification) -> Iterator[Fault]:
    """Demand that x-audit names an event of events.yaml."""
    event = operation.body.get("x-audit")
    if event is not None and str(event) not in specification.events:
        message = f"There is no event {event}."
        fix = suggest(event, specification.events, "Add it to events.yaml.")
        yield Fault(operation.where("x-audit"), message, fix)
