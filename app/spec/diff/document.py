"""Compare two documents: operations by path and method, then what belongs to the document as a whole."""

import re
from collections.abc import Iterator
from datetime import date

from app.spec.diff.access import definition_of, renamed_schemes
from app.spec.diff.changes import Change
from app.spec.diff.comparison import Comparison, Spot
from app.spec.diff.lifecycle import end_of
from app.spec.diff.operations import compare_operations
from app.spec.diff.sources import Source
from app.spec.document import METHODS

_Operations = dict[tuple[str, str], tuple[Spot, Spot]]
"""The path item and the operation, by method and by path without the names of its parameters."""


def compare(old: Source, new: Source, *, today: date) -> list[Change]:
    """Return what has changed from one document to another, the worst first.

    Args:
        old: the document that clients know.
        new: the document that takes its place.
        today: an operation may be removed once its `x-sunset` is past.
    """
    comparison = Comparison(old, new, today)
    _compare_operations(comparison, old, new)
    comparison.begin(None)
    _compare_root(comparison, _root("old", old), _root("new", new))
    return comparison.changes()


def _root(side: str, source: Source) -> Spot:
    return Spot(side, source.bundle, source.bundle, ())


def _operations(side: str, source: Source) -> Iterator[tuple[tuple[str, str], tuple[Spot, Spot]]]:
    for path in source.bundle["paths"]:
        item = _root(side, source).child("paths", path)
        for method in METHODS:
            if item and (operation := item.child(method)):
                yield (method, re.sub(r"\{[^}]*\}", "{}", path)), (item, operation)


def _compare_operations(comparison: Comparison, old: Source, new: Source) -> None:
    before, after = dict(_operations("old", old)), dict(_operations("new", new))
    moved = _moved(before, after)
    for key, (item, operation) in before.items():
        name = str(operation.get("operationId") or " ".join(key))
        now = after.get(key) or after.get(moved.get(key, key))
        if now is None:
            _report_removed(comparison.begin(name), operation)
            continue
        comparison.begin(str(now[1].get("operationId") or name))
        if key in moved:
            text = f"`{name}` was at {_shown(operation)} and is now at {_shown(now[1])}."
            comparison.report("operation-moved", now[1], text)
        compare_operations(comparison, (item, operation), now)
    for key in after.keys() - before.keys() - set(moved.values()):
        operation = after[key][1]
        name = str(operation.get("operationId") or " ".join(key))
        comparison.begin(name).report("operation-added", operation, f"`{name}` is new: {_shown(operation)}.")


def _moved(before: _Operations, after: _Operations) -> dict[tuple[str, str], tuple[str, str]]:
    """Return where the operations are now that kept their operationId, but neither path nor method."""
    names = {after[key][1].get("operationId"): key for key in after.keys() - before.keys()}
    gone = {key: before[key][1].get("operationId") for key in before.keys() - after.keys()}
    return {key: names[name] for key, name in gone.items() if name and name in names}


def _report_removed(comparison: Comparison, operation: Spot) -> None:
    name, here = comparison.operation, _shown(operation)
    ends = end_of(operation)
    if not operation.get("deprecated") or ends is None:
        text = f"`{name}` ({here}) is gone, and its end was not announced."
        comparison.report("operation-removed", operation, text)
    elif ends > comparison.today:
        text = f"`{name}` ({here}) is gone, but was promised until {ends}."
        comparison.report("operation-removed", operation, text)
    else:
        text = f"`{name}` ({here}) is gone. It was deprecated, and ended on {ends}."
        comparison.report("operation-removed-after-sunset", operation, text)


def _shown(operation: Spot) -> str:
    return f"{str(operation.pointer[-1]).upper()} {operation.pointer[-2]}"


def _compare_root(comparison: Comparison, old: Spot, new: Spot) -> None:
    before, after = old.child("info"), new.child("info")
    assert before
    assert after
    comparison.texts(before, after, ("title", "description", "contact", "license", "termsOfService"))
    comparison.texts(old, new, ("tags", "externalDocs"))
    comparison.texts(old, new, ("servers",), rule="servers-changed")
    comparison.others(before, after, ("title", "description", "contact", "license", "termsOfService", "version"))
    known = ("openapi", "info", "tags", "externalDocs", "servers", "security", "paths", "components")
    comparison.others(old, new, known)
    _compare_schemes(comparison, old, new)


def _compare_schemes(comparison: Comparison, old: Spot, new: Spot) -> None:
    components, now = old.child("components"), new.child("components")
    after = now.children("securitySchemes") if now else {}
    names = {former: name for name, former in renamed_schemes(old.root, new.root).items()}
    for name, scheme in (components.children("securitySchemes") if components else {}).items():
        if name in names:
            text = f"The security scheme `{name}` is called `{names[name]}`."
            comparison.report("text-changed", after[names[name]], text)
            continue
        if name not in after:
            comparison.report("security-scheme-changed", scheme, f"The security scheme `{name}` is gone.")
            continue
        comparison.texts(scheme, after[name])
        if definition_of(scheme.value) != definition_of(after[name].value):
            text = f"The security scheme `{name}` has another definition."
            comparison.report("security-scheme-changed", after[name], text)
