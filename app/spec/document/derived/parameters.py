"""The parameters that an operation reads because of its keys."""

from collections.abc import Iterator
from typing import Any

from app.spec.document.derived.outline import Outline
from app.spec.document.tree import Pointer
from app.spec.page_kinds import page_kinds


def add_parameters(outline: Outline) -> Iterator[Pointer]:
    """Add the parameters that are not written, after those that are; yield their pointers."""
    listed = outline.body.get("parameters", [])
    if not isinstance(listed, list):
        return
    written = set(outline.parameters())
    for name, place, component, required in _parameters(outline):
        reference = outline.component("parameters", component)
        if reference and (name, place) not in written:
            outline.body["parameters"] = listed
            listed.append({**outline.resolved(reference), "required": True} if required else reference)
            yield ("parameters", len(listed) - 1)


def _parameters(outline: Outline) -> Iterator[tuple[str, str, str, bool]]:
    """Yield (name in lower case, place, component, whether only this operation requires it)."""
    body: dict[str, Any] = outline.body
    kinds = page_kinds(body)
    if "offset" in kinds:
        yield "offset", "query", "Offset", False
    if "cursor" in kinds:
        yield "cursor", "query", "CursorBesideOffset" if "offset" in kinds else "Cursor", False
    if kinds:
        yield "limit", "query", "Limit", False
    if outline.method == "get" and outline.has_etag():
        yield "if-none-match", "header", "IfNoneMatch", False
    if "x-precondition" in body:
        required = body["x-precondition"] == "required"
        yield "if-match", "header", "RequiredIfMatch" if required else "IfMatch", False
    if "x-idempotency" in body:
        yield "idempotency-key", "header", "IdempotencyKey", body["x-idempotency"] == "required"
