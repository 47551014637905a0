"""Compare the alternatives of a schema: `oneOf`, `anyOf`, and what is never followed: `not` and `discriminator`."""

from app.spec.diff.comparison import Comparison, Spot
from app.spec.diff.views import View


def compare_alternatives(
    comparison: Comparison, old: View, new: View, direction: str, label: str
) -> list[tuple[Spot, Spot]]:
    """Compare which alternatives there are.

    Returns:
        The alternatives that both have, to be compared in turn: those of the same name; of the others, those that are
        written alike, else those in the same place.
    """
    pairs: list[tuple[Spot, Spot]] = []
    for key in ("oneOf", "anyOf"):
        firsts, seconds = (list(view.holder(key).children(key).values()) for view in (old, new))
        if bool(firsts) != bool(seconds):
            _report_composition(comparison, old, new, key, label)
            continue
        alike = _alike(firsts, seconds)
        before = _by_name([spot for spot in firsts if all(spot is not first for first, _ in alike)])
        after = _by_name([spot for spot in seconds if all(spot is not second for _, second in alike)])
        pairs += alike
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


def _alike(firsts: list[Spot], seconds: list[Spot]) -> list[tuple[Spot, Spot]]:
    """Return the pairs of alternatives without a name that are written alike."""
    waiting = [spot for spot in seconds if _name(spot) is None]
    pairs = []
    for first in firsts:
        second = next((spot for spot in waiting if _name(first) is None and spot.value == first.value), None)
        if second:
            waiting.remove(second)
            pairs.append((first, second))
    return pairs


def _by_name(spots: list[Spot]) -> dict[str, Spot]:
    return {_name(spot) or f"number {index}": spot for index, spot in enumerate(spots)}


def _name(spot: Spot) -> str | None:
    return spot.name or (str(spot.get("title")) if spot.get("title") else None)


def _report_composition(comparison: Comparison, old: View, new: View, key: str, label: str) -> None:
    holder = new.holder(key)
    spot = holder if key in holder.value else old.holder(key)
    comparison.report("composition-changed", spot, f"`{key}` of {label} has changed.", key)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
