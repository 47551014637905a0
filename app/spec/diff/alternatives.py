"""Compare the alternatives of a schema: `oneOf`, `anyOf`, and what is never followed: `not` and `discriminator`."""

from app.spec.diff.comparison import Comparison, Spot
from app.spec.diff.views import View


def compare_alternatives(
    comparison: Comparison, old: View, new: View, direction: str, label: str
) -> list[tuple[Spot, Spot]]:
    """Compare which alternatives there are.

    Returns:
        The alternatives that both have, to be compared in turn: those of the same name, else of the same place.
    """
    pairs: list[tuple[Spot, Spot]] = []
    for key in ("oneOf", "anyOf"):
        before, after = _named(old, key), _named(new, key)
        if bool(before) != bool(after):
            _report_composition(comparison, old, new, key, label)
            continue
        pairs += [(before[name], after[name]) for name in before if name in after]
        for name in [name for name in before if name not in after]:
            text = f"{_capital(label)} is never {name} any more."
            comparison.report(f"{direction}-alternative-removed", old.holder(key), text, key, detail=name)
        for name in [name for name in after if name not in before]:
            text = f"{_capital(label)} may be {name}."
            comparison.report(f"{direction}-alternative-added", new.holder(key), text, key, detail=name)
    for key in ("not", "discriminator"):
        if old.get(key) != new.get(key):
            _report_composition(comparison, old, new, key, label)
    return pairs


def _named(view: View, key: str) -> dict[str, Spot]:
    found = view.holder(key).children(key)
    return {spot.name or str(spot.get("title") or f"number {index}"): spot for index, spot in found.items()}


def _report_composition(comparison: Comparison, old: View, new: View, key: str, label: str) -> None:
    holder = new.holder(key)
    spot = holder if key in holder.value else old.holder(key)
    comparison.report("composition-changed", spot, f"`{key}` of {label} has changed.", key)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
