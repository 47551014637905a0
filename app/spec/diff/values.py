"""Compare what a schema says about the value itself: type, null, enum, bounds, pattern, format and the like."""

from typing import Any

from app.spec.diff.comparison import Comparison, Spot
from app.spec.diff.enums import compare_enums
from app.spec.diff.views import LOWER, UPPER, View

_WIDER = (["integer", "number"], ["int32", "int64"], ["float", "double"])


def compare_values(comparison: Comparison, old: View, new: View, direction: str, label: str) -> None:
    """Compare two schemas without what is in them."""
    pair = _Pair(comparison, old, new, direction, label[:1].upper() + label[1:])
    pair.compare_null()
    if pair.compare_type() == "changed":
        return  # the rest is about values of another type
    compare_enums(comparison, old, new, direction, label)
    pair.compare_bounds()
    for key in ("pattern", "x-format"):
        pair.compare_pattern(key)
    pair.compare_format()
    pair.compare_additional_properties()
    pair.compare_default()
    pair.compare_write_permission()
    pair.compare_deprecation()


class _Pair:
    def __init__(self, comparison: Comparison, old: View, new: View, direction: str, label: str) -> None:
        self._comparison, self._old, self._new = comparison, old, new
        self._direction, self._label = direction, label

    def _report(self, rule: str, text: str, key: str, detail: Any = None) -> None:
        spot: Spot = self._new.holder(key)
        if key not in spot.value and key in self._old.holder(key).value:
            spot = self._old.holder(key)
        keys = (key,) if key in spot.value else ()
        self._comparison.report(rule, spot, f"{self._label} {text}", *keys, detail=detail)

    def _values(self, key: str) -> tuple[Any, Any]:
        return self._old.get(key), self._new.get(key)

    def compare_type(self) -> str | None:
        before, after = self._values("type")
        if before == after:
            return None
        if before is None or [after, before] in _WIDER:
            verb = "narrowed"
        elif after is None or [before, after] in _WIDER:
            verb = "widened"
        else:
            verb = "changed"
        text = f"had the type {before or 'any'} and now has {after or 'any'}."
        self._report(f"{self._direction}-type-{verb}", text, "type")
        return verb

    def compare_null(self) -> None:
        if self._new.nullable and not self._old.nullable:
            self._report(f"{self._direction}-null-allowed", "may be null.", "nullable")
        if self._old.nullable and not self._new.nullable:
            self._report(f"{self._direction}-null-refused", "is never null.", "nullable")

    def compare_bounds(self) -> None:
        for key in (*LOWER, *UPPER):
            before, after = self._old.bound(key), self._new.bound(key)
            if before == after:
                continue
            tighter = before is None or (after is not None and ((after > before) == (key in LOWER)))
            self._bound(key, tighter, _shown(before), _shown(after))
        was, unique = (bool(value) for value in self._values("uniqueItems"))
        if was != unique:
            self._bound("uniqueItems", unique, str(was).lower(), str(unique).lower())
        factors, now = self._old.every("multipleOf"), self._new.every("multipleOf")
        if factors != now:
            looser = all(any(factor % each == 0 for factor in factors) for each in now)
            self._bound("multipleOf", not looser, _listed(factors), _listed(now))

    def _bound(self, key: str, tighter: bool, before: Any, after: Any) -> None:
        verb = "tightened" if tighter else "loosened"
        self._report(f"{self._direction}-bound-{verb}", f"had the {key} {before} and now has {after}.", key)

    def compare_pattern(self, key: str) -> None:
        before, after = self._old.every(key), self._new.every(key)
        if verb := _verb(before, after):
            text = f"had the {key} {_listed(before)} and now has {_listed(after)}."
            self._report(f"{self._direction}-pattern-{verb}", text, key)

    def compare_format(self) -> None:
        before, after = self._old.every("format"), self._new.every("format")
        verb = _verb(before, after)
        if verb is None:
            return
        if [*before, *after] in _WIDER and self._direction == "request":
            verb = "widened"
        if [*after, *before] in _WIDER and self._direction == "response":
            verb = "narrowed"
        text = f"had the format {_listed(before)} and now has {_listed(after)}."
        self._report(f"{self._direction}-format-{verb}", text, "format")

    def compare_additional_properties(self) -> None:
        key = "additionalProperties"
        before, after = (not view.closed for view in (self._old, self._new))
        if before and not after:
            rule, text = "refused", "has no further properties."
        elif after and not before:
            rule, text = "allowed", "may have further properties."
        elif _restricts(self._new.every(key)) and not _restricts(self._old.every(key)):
            rule, text = "refused", "has further properties of one schema."
        elif _restricts(self._old.every(key)) and not _restricts(self._new.every(key)):
            rule, text = "allowed", "may have any further properties."
            if self._direction == "response":
                self._report("response-type-widened", text, key)  # the entries of a map, which clients read
                return
        else:
            return
        self._report(f"{self._direction}-additional-properties-{rule}", text, key)

    def compare_default(self) -> None:
        before, after = self._values("default")
        if before == after and type(before) is type(after):
            return
        rule = "request-default-added" if before is None else "request-default-changed"
        if self._direction == "response":
            rule = "response-default-changed"
        self._report(rule, f"had the default {_json(before)} and now has {_json(after)}.", "default")

    def compare_write_permission(self) -> None:
        before, after = self._values("x-write-permission")
        if before == after or self._direction == "response":
            return
        if after is None:
            self._report("write-permission-removed", f"can be set without {before}.", "x-write-permission")
        else:
            self._report("write-permission-added", f"can only be set with {after}.", "x-write-permission")

    def compare_deprecation(self) -> None:
        before, after = (bool(value) for value in self._values("deprecated"))
        if after and not before:
            self._report("property-deprecated", "is deprecated.", "deprecated")
        if before and not after:
            self._report("text-changed", "is no longer deprecated.", "deprecated")


def _verb(before: list[Any], after: list[Any]) -> str | None:
    """Return how conditions that all apply have changed: with one more, fewer values fit."""
    added, removed = [each for each in after if each not in before], [each for each in before if each not in after]
    if not added and not removed:
        return None
    return "changed" if added and removed else "added" if added else "removed"


def _listed(values: list[Any]) -> str:
    return " and ".join(map(str, values)) or "none"


def _restricts(values: list[Any]) -> bool:
    """Return whether values of additionalProperties have a schema that says something."""
    return any(isinstance(value, dict) and value for value in values)


def _shown(bound: tuple[float, int] | None) -> str:
    if bound is None:
        return "none"
    return f"{bound[0]}{' (excluded)' if bound[1] else ''}"


def _json(value: Any) -> str:
    return "none" if value is None else f"`{value}`"
