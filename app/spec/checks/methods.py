"""Which methods a path may have, and which x- keys a method may have."""

from collections.abc import Iterator

from app.spec.checks.check import KnownNames
from app.spec.document import METHODS, Document, Fault
from app.spec.operation import Operation

# The gateway responds to these for every path.
_ANSWERED_BY_GATEWAY = ("head", "options", "trace")
_ONLY_ON_WRITES = ("x-audit", "x-precondition", "x-idempotency", "x-invalidates")
_ONLY_ON_READS = ("x-paginated", "x-cache")


def check_keys_for_method(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Reject the keys of writes on a read, and those of reads on a write."""
    for key in _ONLY_ON_WRITES if operation.safe else _ONLY_ON_READS:
        if key in operation.body:
            message = f"{key} does not belong on {operation.method.upper()}."
            yield Fault(operation.where(key), message, f"Remove {key}.")


def check_methods(document: Document) -> Iterator[Fault]:
    """Reject the methods to which the gateway responds itself, and operations that are not mappings."""
    for path, item in document.bundle["paths"].items():
        for key, value in item.items():
            place, method = document.where(("paths", path, key)), key.upper()
            if key in _ANSWERED_BY_GATEWAY:
                yield Fault(place, f"The document must not define {method}.", "Remove it: the gateway answers it.")
            elif key in METHODS and not isinstance(value, dict):
                yield Fault(place, f"{method} {path} is not a mapping.", "Write an operation.")
