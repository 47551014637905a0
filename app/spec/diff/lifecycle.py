"""Compare how long an operation is promised: `deprecated` and `x-sunset`."""

from datetime import date

from app.spec.diff.comparison import Comparison, Spot


def end_of(operation: Spot) -> date | None:
    """Return the day from which an operation may be removed; None if it has no valid one."""
    written = operation.get("x-sunset")
    try:
        return date.fromisoformat(str(written.get("on") if isinstance(written, dict) else written))
    except ValueError:
        return None


def compare_lifecycle(comparison: Comparison, old: Spot, new: Spot) -> None:
    """Compare the promises of two operations."""
    before, after = bool(old.get("deprecated")), bool(new.get("deprecated"))
    if after and not before:
        comparison.report("operation-deprecated", new, "The operation is deprecated.", "deprecated")
    if before and not after:
        comparison.report("operation-restored", new, "The operation is no longer deprecated.")
    ended, ends = end_of(old), end_of(new)
    if ends is None and new.get("x-sunset") is not None and old.get("x-sunset") != new.get("x-sunset"):
        text = f"`x-sunset` is `{new.get('x-sunset')}`, which is not a day."
        comparison.report("unknown-change", new, text, "x-sunset")
        return
    if ended == ends:
        comparison.texts(old, new, ("x-sunset",))
        return
    if ended is None:
        comparison.report("sunset-added", new, f"The operation may be removed from {ends} on.", "x-sunset")
    elif ends is None:
        comparison.report("sunset-removed", old, "The operation no longer has an end date.", "x-sunset")
    else:
        rule, word = ("sunset-earlier", "already") if ends < ended else ("sunset-later", "only")
        text = f"The operation may be removed {word} from {ends} on, not from {ended}."
        comparison.report(rule, new, text, "x-sunset")
