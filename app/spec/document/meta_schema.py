"""Whether a document is OpenAPI 3.0 at all, by the meta-schema of OpenAPI. The rest of the code relies on it."""

import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft4Validator, ValidationError

from app.spec.document.bundle import Document
from app.spec.document.places import Fault
from app.spec.suggestions import suggest

_MAX_FAULTS = 50
_MAX_NAMES = 5


def meta_schema_faults(document: Document) -> list[Fault]:
    """Return what OpenAPI 3.0 does not allow, by the meta-schema that Connexion validates documents with.

    Connexion would report only the first fault, without a line, and only after everything else has been compiled.
    """
    faults = (
        _fault(document, innermost)
        for error in _validator().iter_errors(document.bundle)
        for innermost in _intended_errors(error)
    )
    return list(dict.fromkeys(faults))[:_MAX_FAULTS]


def _validator() -> Draft4Validator:
    text = _schema_text()
    # Without the mask, a message repeats the value, which may be the whole document.
    return Draft4Validator(json.loads(text), mask="it")


@cache
def _keywords() -> frozenset[str]:
    """Return every key that OpenAPI 3.0 has in some place."""
    schema = json.loads(_schema_text())
    parts = [schema, *schema["definitions"].values()]
    return frozenset(key for part in parts for key in part.get("properties", {}))


def _schema_text() -> str:
    # Found, but not imported: Connexion takes longer than everything else of a start.
    package = find_spec("connexion")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).with_name("resources").joinpath("schemas/v3.0/schema.json").read_text(encoding="utf-8")


def _intended_errors(error: ValidationError) -> Iterator[ValidationError]:
    """Yield the errors of the alternative that the author meant: the one that fails at the deepest place."""
    kind: Any = error.kind
    branches = [branch for branch in getattr(kind, "context", None) or () if not _is_reference(branch, error)]
    deepest = max((_depth(branch) for branch in branches), default=0)
    chosen = [branch for branch in branches if _depth(branch) == deepest]
    if len(chosen) != 1 or not deepest:
        yield error
        return
    for inner in chosen[0]:
        yield from _intended_errors(inner)


def _is_reference(branch: list[ValidationError], error: ValidationError) -> bool:
    """Return whether a branch is the one for a $ref: the references have been resolved before."""
    kinds: list[Any] = [each.kind for each in branch if len(each.instance_path) == len(error.instance_path)]
    return any(kind.name == "required" and kind.value == "$ref" for kind in kinds)


def _depth(branch: list[ValidationError]) -> int:
    return max((len(inner.instance_path) for error in branch for inner in _intended_errors(error)), default=0)


def _fault(document: Document, error: ValidationError) -> Fault:
    pointer: list[str | int] = []
    node: Any = document.bundle
    for step in error.instance_path:
        # The path has a status as a number, the mapping as text.
        pointer.append(str(step) if isinstance(node, dict) else step)
        node = node[pointer[-1]]
    kind: Any = error.kind
    subject = " ".join(map(str, pointer)) or "The document"
    if kind.name == "required":
        message, fix = f"{subject} has no {kind.value}.", f"Add {kind.value}."
    elif kind.name == "additionalProperties":
        others = len(kind.value) - _MAX_NAMES
        listed = ", ".join(kind.value[:_MAX_NAMES]) + (f" and {others} more" if others > 0 else "")
        message = f"{subject} has {listed}, which OpenAPI 3.0 does not allow there."
        fix = f"Remove {'it' if len(kind.value) == 1 else 'them'}, or correct the spelling."
        fix = suggest(kind.value[0], _keywords(), fix)
        pointer.append(kind.value[0])
    elif kind.name == "enum":
        message = f"{subject} is {node}, which OpenAPI 3.0 does not allow there."
        options = [str(option) for option in kind.options]
        fix = suggest(node, options, f"Choose one of {', '.join(options)}.", cutoff=0.6)
    elif kind.name in ("oneOf", "anyOf"):
        message = f"{subject} has none of the forms that OpenAPI 3.0 allows there."
        fix = "Write one of the forms of the OpenAPI 3.0 specification."
    else:
        message = f"{subject} is not what OpenAPI 3.0 allows there: {error.message}."
        fix = "Write it as the OpenAPI 3.0 specification says."
    return Fault(document.where(tuple(pointer)), message, fix)
