"""Compare the request body of an operation."""

from app.spec.diff.comparison import Comparison, Spot
from app.spec.diff.schemas import compare_schemas

LABEL = "the request body"
_MEDIA_TYPE_KEYS = {"schema", "example", "examples", "encoding"}


def compare_bodies(comparison: Comparison, old: Spot, new: Spot) -> None:
    """Compare the request bodies of two operations."""
    before, after = old.child("requestBody"), new.child("requestBody")
    if before is None and after is not None:
        if after.get("required"):
            comparison.report("request-body-added-required", after, "The operation requires a body.")
        else:
            comparison.report("request-body-added", after, "The operation accepts a body.")
    elif after is None and before is not None:
        comparison.report("request-body-removed", before, "The operation accepts no body any more.")
    elif before is not None and after is not None:
        _compare(comparison, before, after)


def _compare(comparison: Comparison, old: Spot, new: Spot) -> None:
    was, required = bool(old.get("required")), bool(new.get("required"))
    if required and not was:
        comparison.report("request-body-became-required", new, "The body is required.", "required")
    if was and not required:
        comparison.report("request-body-became-optional", new, "The body is optional.")
    comparison.texts(old, new)
    comparison.others(old, new, ("description", "required", "content"))
    before, after = old.children("content"), new.children("content")
    for kind in before.keys() - after.keys():
        text = f"The body may no longer be {kind}."
        comparison.report("request-media-type-removed", old, text, "content", kind)
    for kind in after.keys() - before.keys():
        comparison.report("request-media-type-added", new, f"The body may be {kind}.", "content", kind)
    for kind in sorted(before.keys() & after.keys()):
        first, second = before[kind], after[kind]
        compare_schemas(comparison, first.child("schema"), second.child("schema"), "request", LABEL)
        compare_media_type(comparison, first, second)
        comparison.texts(first, second, ("encoding",), rule="request-encoding-changed")


def compare_media_type(comparison: Comparison, old: Spot, new: Spot) -> None:
    """Compare what a media type has beside its schema and encoding."""
    comparison.examples(old, new)
    comparison.others(old, new, _MEDIA_TYPE_KEYS)
