"""Defaults: the schema that has one accepts it. A parameter that is left out gets it unseen."""

from collections.abc import Iterator

from jsonschema_rs import ValidationError

from app.spec.document import Document, Fault, Node, nodes
from app.spec.validation import schemas
from app.spec.validation.violations import as_sentence, list_violations


def check_defaults(document: Document) -> Iterator[Fault]:
    """Yield a fault for each default that its own schema does not allow."""
    for node in nodes(document.bundle):
        if "default" in node.mapping and not _is_extension(node):
            try:
                validator = schemas.compile(document.bundle, node.mapping, direction="request")
            except (ValidationError, ValueError):
                continue  # other checks name a schema that is not valid
            if violations := list_violations(validator, node.mapping["default"], prefix="default"):
                told = " ".join(as_sentence(str(each.field), each.message) for each in violations[:3])
                message, fix = f"The default does not match its schema: {told}", "Correct the default or the schema."
                yield Fault(document.where((*node.pointer, "default")), message, fix)


def _is_extension(node: Node) -> bool:
    return any(isinstance(step, str) and step.startswith("x-") for step in node.pointer)
