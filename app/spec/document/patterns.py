"""Patterns that no validator can be made of: what is not a regular expression, or would need too much memory."""

from collections.abc import Iterator

from jsonschema_rs import Draft202012Validator, ValidationError

from app.spec.document.bundle import Document
from app.spec.document.places import Fault
from app.spec.document.tree import nodes


def pattern_faults(document: Document) -> Iterator[Fault]:
    """Yield a fault for each pattern that cannot be compiled."""
    usable: dict[str, bool] = {}
    for node in nodes(document.bundle):
        pattern = node.mapping.get("pattern")
        if not isinstance(pattern, str):
            continue
        if pattern not in usable:
            usable[pattern] = _compiles(pattern)
        if not usable[pattern]:
            yield Fault(
                document.where((*node.pointer, "pattern")),
                "This pattern is not a regular expression, or it is too large.",
                "Write one that can be compiled.",
            )


def _compiles(pattern: str) -> bool:
    try:
        Draft202012Validator({"pattern": pattern}).is_valid("a")
    except ValidationError:
        return False
    return True
