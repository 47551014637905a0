"""Compare which values of a list are allowed."""

from app.spec.diff.comparison import Comparison
from app.spec.diff.views import View

OPEN = {"ProblemCode": "error-code", "PermissionName": "permission-name"}
"""Named schemas whose lists grow in every release, with the beginning of their rules: clients accept unknown values."""


def compare_enums(comparison: Comparison, old: View, new: View, direction: str, label: str) -> None:
    """Compare the enums of two schemas in one direction."""
    before, after = old.enum, new.enum
    label = label[:1].upper() + label[1:]
    if before is None or after is None:
        if before is not after:
            verb, view = ("added", new) if before is None else ("removed", old)
            text = f"{label} is {'now' if before is None else 'no longer'} one of a list."
            comparison.report(f"{direction}-enum-{verb}", view.holder("enum"), text, "enum")
        return
    subject = next((OPEN[name] for name in new.names if name in OPEN), f"{direction}-enum-value")
    open_text = subject.replace("-", " ").replace("permission name", "permission")
    for value in [value for value in after if value not in before]:
        text = f"{label} may be `{value}`." if subject.endswith("value") else f"There is the {open_text} `{value}`."
        comparison.report(f"{subject}-added", new.holder("enum"), text, "enum", detail=value)
    for value in [value for value in before if value not in after]:
        verb = "may no longer be" if direction == "request" else "is no longer"
        text = f"{label} {verb} `{value}`."
        if not subject.endswith("value"):
            text = f"There is no {open_text} `{value}` any more."
        comparison.report(f"{subject}-removed", new.holder("enum"), text, "enum", detail=value)
