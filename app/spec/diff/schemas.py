"""Compare two schemas in one direction: as what a request may be, or as what a response is."""

from collections.abc import Sequence

from app.spec.diff.alternatives import compare_alternatives
from app.spec.diff.comparison import TEXTS, Comparison, Spot
from app.spec.diff.objects import compare_required, property_label, report_added, report_removed
from app.spec.diff.values import compare_values
from app.spec.diff.views import LOWER, UPPER, View

_KNOWN = {
    *TEXTS,
    *LOWER,
    *UPPER,
    *("type", "format", "x-format", "nullable", "enum", "pattern", "exclusiveMinimum", "exclusiveMaximum"),
    *("multipleOf", "uniqueItems", "items", "properties", "required", "additionalProperties", "default", "deprecated"),
    *("readOnly", "writeOnly", "allOf", "oneOf", "anyOf", "not", "discriminator", "example", "x-write-permission"),
}


def compare_schemas(comparison: Comparison, old: Spot | None, new: Spot | None, direction: str, label: str) -> None:
    """Compare two schemas with everything in them.

    Args:
        comparison: takes what is found.
        old: the schema; None if there is none, which allows everything.
        new: the same in the new document.
        direction: `request` or `response`.
        label: names the value in sentences.
    """
    if old is None or new is None:
        if (spot := old or new) is not None:
            changed = "narrowed" if old is None else "widened"
            text = f"{label[:1].upper()}{label[1:]} {'has a' if old is None else 'no longer has a'} schema."
            comparison.report(f"{direction}-type-{changed}", spot, text)
        return
    _compare(comparison, [old], [new], direction, label)


def _compare(comparison: Comparison, olds: Sequence[Spot], news: Sequence[Spot], direction: str, label: str) -> None:
    if len(olds) == len(news) and all(_is_unchanged(comparison, *pair) for pair in zip(olds, news, strict=True)):
        return
    old, new = View(olds), View(news)
    key = (old.key, new.key, direction)
    if key in comparison.seen:
        return
    comparison.seen.add(key)
    if news[0].name:
        # What several operations share is named after itself, not after the first of them.
        label = f"`{news[0].name}` in {direction}s"
    _compare_names(comparison, old, new)
    _compare_texts(comparison, old, new)
    compare_values(comparison, old, new, direction, label)
    if isinstance(old.get("type"), str) and isinstance(new.get("type"), str) and old.get("type") != new.get("type"):
        return
    for first, second in compare_alternatives(comparison, old, new, direction, label):
        _compare(comparison, [first], [second], direction, label)
    _compare_inner(comparison, old, new, direction, label)


def _is_unchanged(comparison: Comparison, old: Spot, new: Spot) -> bool:
    return old.name == new.name and comparison.unchanged.includes(old.value, new.value)


def _compare_names(comparison: Comparison, old: View, new: View) -> None:
    known = (new.parts[0].root.get("components") or {}).get("schemas") or {}
    for part in old.parts:
        if part.name and part.name not in known:
            comparison.report("type-name-removed", part, f"There is no schema `{part.name}` any more.")


def _compare_texts(comparison: Comparison, old: View, new: View) -> None:
    for key in (*TEXTS, "example"):
        if old.get(key) != new.get(key):
            rule = "example-changed" if key == "example" else "text-changed"
            comparison.texts(old.holder(key), new.holder(key), (key,), rule=rule)
    keys = {key for view in (old, new) for part in view.parts for key in part.value}
    for key in sorted(keys - _KNOWN):
        if old.get(key) != new.get(key):
            comparison.texts(old.holder(key), new.holder(key), (key,), rule="unknown-change")


def _compare_inner(comparison: Comparison, old: View, new: View, direction: str, label: str) -> None:
    before, after = old.properties(direction), new.properties(direction)
    for name in sorted(before.keys() - after.keys()):
        report_removed(comparison, old, name, direction, label)
    for name in sorted(after.keys() - before.keys()):
        report_added(comparison, new, name, direction, label)
    compare_required(comparison, old, new, direction, label)
    for name in sorted(before.keys() & after.keys()):
        _compare(comparison, before[name], after[name], direction, property_label(label, name))
    for key, word in (("items", "each item of "), ("additionalProperties", "each further property of ")):
        first, second = old.child(key), new.child(key)
        if first and second:
            _compare(comparison, first, second, direction, word + label)
        elif key == "items" and (first or second):
            spot = [*first, *second][0]
            rule = f"{direction}-type-{'narrowed' if second else 'widened'}"
            comparison.report(
                rule, spot, f"{word.capitalize()}{label} {'has' if second else 'no longer has'} a schema."
            )
