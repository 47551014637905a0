"""Whether a document has the form of OpenAPI 3.0 at all, which whoever walks it takes for granted."""

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from jsonschema_rs import Draft4Validator, ValidationError

from app.spec.document.bundle import Document
from app.spec.document.places import Fault

_MAX_TOLD = 50


def malformed(document: Document) -> list[Fault]:
    """Return what OpenAPI 3.0 does not allow where it stands, by the meta-schema that Connexion holds documents to.

    Connexion would tell the first of these only, without a line, and once everything else has been compiled.
    """
    found = (
        _fault(document, innermost) for error in _form().iter_errors(document.bundle) for innermost in _meant(error)
    )
    return list(dict.fromkeys(found))[:_MAX_TOLD]


@cache
def _form() -> Draft4Validator:
    text = resources.files("connexion").joinpath("resources/schemas/v3.0/schema.json").read_text(encoding="utf-8")
    # A message repeats what it is about, which may be the whole document.
    return Draft4Validator(json.loads(text), mask="it")


def _meant(error: ValidationError) -> Iterator[ValidationError]:
    """Yield the errors of the form that was meant: where several are possible, the one that goes wrong the deepest."""
    kind: Any = error.kind
    branches = [branch for branch in getattr(kind, "context", None) or () if not _is_reference(branch, error)]
    deepest = max((_depth(branch) for branch in branches), default=0)
    chosen = [branch for branch in branches if _depth(branch) == deepest]
    if len(chosen) != 1 or not deepest:
        yield error
        return
    for inner in chosen[0]:
        yield from _meant(inner)


def _is_reference(branch: list[ValidationError], error: ValidationError) -> bool:
    """Tell whether a branch wants a $ref: those that there are have led somewhere."""
    kinds: list[Any] = [each.kind for each in branch if len(each.instance_path) == len(error.instance_path)]
    return any(kind.name == "required" and kind.value == "$ref" for kind in kinds)


def _depth(branch: list[ValidationError]) -> int:
    return max((len(inner.instance_path) for error in branch for inner in _meant(error)), default=0)


def _fault(document: Document, error: ValidationError) -> Fault:
    pointer: list[str | int] = []
    node: Any = document.bundle
    for step in error.instance_path:
        # A status is told as a number, and is a key.
        pointer.append(str(step) if isinstance(node, dict) else step)
        node = node[pointer[-1]]
    kind: Any = error.kind
    if kind.name == "required":
        message = f"{_name(pointer)} has no {kind.value}."
    elif kind.name == "additionalProperties":
        message = f"{_name(pointer)} has {', '.join(kind.value)}, which OpenAPI 3.0 does not know there."
        pointer.append(kind.value[0])
    elif kind.name in ("oneOf", "anyOf"):
        message = f"{_name(pointer)} has none of the forms that OpenAPI 3.0 allows there."
    else:
        message = f"{_name(pointer)} is not what OpenAPI 3.0 allows there: {error.message}."
    return Fault(document.where(tuple(pointer)), message, "Mend it.")


def _name(pointer: list[str | int]) -> str:
    return " ".join(map(str, pointer)) or "The document"
