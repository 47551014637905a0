"""Writes: what was sent is stored, what was not sent stays as it was, and nothing else changes."""

from app.contract_kit.kit import Kit
from app.contract_kit.writes.changed import change
from app.contract_kit.writes.made import make
from app.contract_kit.writes.removed import one_of_three


def check(kit: Kit) -> None:
    """Try each operation that makes, changes or removes something."""
    for operation in kit.operations():
        if kit.values.creates(operation):
            with kit.trying(operation.name, "what it stores"):
                make(kit, operation)
        elif operation.method in ("PUT", "PATCH") and operation.request:
            with kit.trying(operation.name, "what it changes"):
                change(kit, operation)
        elif operation.method == "DELETE" or (operation.method == "POST" and operation.path_parameters):
            with kit.trying(operation.name, "what it leaves as it was"):
                one_of_three(kit, operation)
