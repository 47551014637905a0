"""What an operation's keys imply is written into the document, so that authors need not write it.

An operation with `x-precondition` reads `If-Match`, returns 412 and shows an `ETag`. Clients must find that in the
document, and authors should not have to repeat it. What the author wrote stays as it is. What is missing is added as a
reference to a standard component; if the document does not have that component, nothing is added, and `charter spec
lint` names what is missing.
"""

from collections.abc import Iterator
from typing import Any

from app.spec.document.derived.envelopes import add_envelopes
from app.spec.document.derived.headers import add_headers
from app.spec.document.derived.outline import Outline
from app.spec.document.derived.parameters import add_parameters
from app.spec.document.derived.responses import add_responses, implied_responses
from app.spec.document.tree import METHODS, Pointer

__all__ = ["Outline", "complete", "implied_responses"]

# The keys of an operation that come after the parameters.
_LAST_KEYS = ("requestBody", "responses", "callbacks", "security", "servers")


def complete(bundle: dict[str, Any]) -> tuple[dict[Pointer, Pointer], dict[tuple[str, str], list[Pointer]]]:
    """Add to each operation what its keys imply.

    Args:
        bundle: a document in one piece, whose references all have targets. It need not be valid otherwise.

    Returns:
        (the pointer of what was added, what it follows from), and the operations that lack a standard component, by
        its kind and name.
    """
    added: dict[Pointer, Pointer] = {}
    lacking: dict[tuple[str, str], list[Pointer]] = {}
    for outline in _outlines(bundle):
        added.update(_complete(outline))
        for component in outline.lacking:
            lacking.setdefault(component, []).append(outline.pointer)
    if any(pointer[0] == "components" for pointer in added):
        schemas = bundle["components"]["schemas"]
        ordered = sorted(schemas.items())
        schemas.clear()
        schemas.update(ordered)
    return added, lacking


def _outlines(bundle: dict[str, Any]) -> Iterator[Outline]:
    paths = bundle.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for method in METHODS:
            if isinstance(item, dict) and isinstance(body := item.get(method), dict):
                yield Outline(bundle, path, method, body)


def _complete(outline: Outline) -> Iterator[tuple[Pointer, Pointer]]:
    yield from add_envelopes(outline)
    # The headers come first: a GET whose success has an ETag can return 304.
    added: list[Pointer] = [*add_headers(outline), *add_parameters(outline), *add_responses(outline)]
    added += _add_security(outline)
    body = outline.body
    for key in _LAST_KEYS if added else ():
        if key in body:
            body[key] = body.pop(key)
    yield from ((outline.pointer + pointer, outline.pointer) for pointer in added)


def _add_security(outline: Outline) -> Iterator[Pointer]:
    """Add what applies to the operation: no token if it is public, else what the root requires."""
    body = outline.body
    required = outline.bundle.get("security")
    if "security" in body or not isinstance(required, list) or not required:
        return
    if "x-public" in body:
        body["security"] = []
    elif "x-permission" in body:
        body["security"] = [dict(each) if isinstance(each, dict) else each for each in required]
    else:
        return
    yield ("security",)
