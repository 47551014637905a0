"""The event that an operation records (x-audit)."""

from collections.abc import Iterator

from app.spec.checks.check import KnownNames
from app.spec.document import Fault
from app.spec.operation import Operation
from app.spec.suggestions import suggest


def check_event(operation: Operation, known: KnownNames) -> Iterator[Fault]:
    """Demand that x-audit names an event of events.yaml."""
    event = operation.body.get("x-audit")
    if event is not None and str(event) not in known.events:
        message = f"There is no event {event}."
        fix = suggest(event, known.events, "Add it to events.yaml.")
        yield Fault(operation.where("x-audit"), message, fix)
