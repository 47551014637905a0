"""Compare which properties an object has, and which of them it must have."""

from app.spec.diff.comparison import Comparison
from app.spec.diff.views import View


def property_label(label: str, name: str) -> str:
    """Return how sentences name a property of what a label names."""
    if label.startswith("the property `"):
        return label.replace("` ", f".{name}` ", 1)
    return f"the property `{name}` of {label}"


def report_removed(comparison: Comparison, old: View, name: str, direction: str, label: str) -> None:
    """Report a property that is gone."""
    text = f"{_capital(property_label(label, name))} is gone."
    comparison.report(f"{direction}-property-removed", old.property_holder(name), text, "properties", name)


def report_added(comparison: Comparison, new: View, name: str, direction: str, label: str) -> None:
    """Report a new property."""
    required = direction == "request" and name in new.required
    rule = "request-property-added-required" if required else f"{direction}-property-added"
    text = f"{_capital(property_label(label, name))} is new{' and required' if required else ''}."
    comparison.report(rule, new.property_holder(name), text, "properties", name)


def compare_required(comparison: Comparison, old: View, new: View, direction: str, label: str) -> None:
    """Compare which properties must be there."""
    both = old.properties(direction).keys() & new.properties(direction).keys()
    # A name that neither lists is that of an entry in a map.
    both |= (old.required | new.required) - old.property_names - new.property_names
    spot = new.holder("required")
    for name in sorted((new.required - old.required) & both):
        text = f"{_capital(property_label(label, name))} is {'required' if direction == 'request' else 'always there'}."
        comparison.report(f"{direction}-property-became-required", spot, text, "required", detail=name)
    for name in sorted((old.required - new.required) & both):
        text = f"{_capital(property_label(label, name))} may be missing."
        comparison.report(f"{direction}-property-became-optional", spot, text, "required", detail=name)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
