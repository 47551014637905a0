"""Compare the responses of an operation."""

from app.spec.diff.bodies import compare_media_type
from app.spec.diff.comparison import Comparison, Spot
from app.spec.diff.schemas import compare_schemas

_HEADER_KEYS = ("description", "required", "deprecated", "schema", "content", "example", "examples", "style", "explode")


def compare_responses(comparison: Comparison, old: Spot, new: Spot) -> None:
    """Compare the responses of two operations."""
    before, after = old.children("responses"), new.children("responses")
    for status in sorted(before.keys() - after.keys()):
        kind = "success" if status.startswith("2") else "other"
        text = f"The operation no longer returns {status}."
        comparison.report(f"{kind}-status-removed", old, text, "responses", status)
    for status in sorted(after.keys() - before.keys()):
        kind = "success" if status.startswith("2") else "other"
        comparison.report(f"{kind}-status-added", new, f"The operation can return {status}.", "responses", status)
    for status in sorted(before.keys() & after.keys()):
        _compare(comparison, before[status], after[status], status)


def _compare(comparison: Comparison, old: Spot, new: Spot, status: str) -> None:
    comparison.texts(old, new)
    comparison.others(old, new, ("description", "headers", "content", "links"))
    comparison.texts(old, new, ("links",), rule="link-changed")
    _compare_headers(comparison, old, new, status)
    before, after = old.children("content"), new.children("content")
    for kind in sorted(before.keys() - after.keys()):
        text = f"A response with status {status} is no longer {kind}."
        comparison.report("response-media-type-removed", old, text, "content", kind)
    for kind in sorted(after.keys() - before.keys()):
        rule = "response-media-type-added" if before else "response-body-added"
        text = (
            f"A response with status {status} may be {kind}."
            if before
            else f"A response with status {status} has a body."
        )
        comparison.report(rule, new, text, "content", kind)
    for kind in sorted(before.keys() & after.keys()):
        first, second = before[kind], after[kind]
        compare_schemas(comparison, first.child("schema"), second.child("schema"), "response", "the response body")
        compare_media_type(comparison, first, second)


def _compare_headers(comparison: Comparison, old: Spot, new: Spot, status: str) -> None:
    before, after = (
        {name.lower(): (name, spot) for name, spot in side.children("headers").items()} for side in (old, new)
    )
    for key, (name, header) in before.items():
        if key not in after:
            text = f"A response with status {status} no longer has the header `{name}`."
            comparison.report("response-header-removed", old, text, "headers", name)
        else:
            _compare_header(comparison, header, after[key][1], name)
    for key, (name, _) in after.items():
        if key not in before:
            text = f"A response with status {status} has the header `{name}`."
            comparison.report("response-header-added", new, text, "headers", name)


def _compare_header(comparison: Comparison, old: Spot, new: Spot, name: str) -> None:
    was, required = bool(old.get("required")), bool(new.get("required"))
    if was and not required:
        comparison.report("response-header-became-optional", new, f"The header `{name}` may be missing.")
    if required and not was:
        text = f"The header `{name}` is in every such response."
        comparison.report("response-header-became-required", new, text, "required")
    comparison.texts(old, new, ("description", "deprecated"))
    comparison.examples(old, new)
    comparison.others(old, new, _HEADER_KEYS)
    compare_schemas(comparison, old.child("schema"), new.child("schema"), "response", f"the header `{name}`")
