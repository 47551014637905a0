"""What names an operation: its operationId, which is its handler's name, and its tag, which is the handler's module."""

import re
from collections.abc import Iterable, Iterator

from app.spec.checks.check import KnownNames
from app.spec.document import Fault
from app.spec.operation import Operation
from app.spec.suggestions import suggest

_SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


def check_operation_id(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Demand an operationId in snake_case."""
    name = operation.body.get("operationId")
    if name is None:
        message = f"{operation.name} has no operationId."
        yield Fault(operation.where(), message, "Add one, with the name of its handler.")
    elif not isinstance(name, str) or not _SNAKE_CASE.fullmatch(name):
        place = operation.where("operationId")
        yield Fault(place, f"The operationId {name} is not snake_case.", "Write it like get_user.")


def check_tag(operation: Operation, known: KnownNames) -> Iterator[Fault]:
    """Demand exactly one tag, which the root document declares."""
    tags, place = operation.body.get("tags"), operation.where("tags")
    if not isinstance(tags, list) or len(tags) != 1:
        message = f"{operation.name} must have exactly one tag."
        yield Fault(place, message, "Write one, with the name of the module that has its handler.")
    elif tags[0] not in known.tags:
        declared = (str(tag) for tag in known.tags)
        fix = suggest(tags[0], declared, "Add it to `tags` of the root document.")
        yield Fault(place, f"The tag {tags[0]} is not declared.", fix)


def separate_duplicates(operations: Iterable[Operation]) -> tuple[dict[str, Operation], list[Fault]]:
    """Return the operations by operationId, and a fault for each one whose operationId an earlier one has."""
    by_id: dict[str, Operation] = {}
    faults = []
    for operation in operations:
        name = operation.body["operationId"]
        earlier = by_id.setdefault(name, operation)
        if earlier is not operation:
            message = f"The operationId {name} is already used at {earlier.where('operationId')}."
            faults.append(Fault(operation.where("operationId"), message, "Rename one of them."))
    return by_id, faults
