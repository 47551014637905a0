"""The outline of a document: the parts that every reader of it takes for mappings or lists."""

from collections.abc import Iterator
from typing import Any

from app.spec.document.tree import METHODS, Pointer

_MAPPING, _LIST = "a mapping", "a list"


def misshapen_parts(bundle: dict[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """Yield the pointer of each part of the outline that has another form, and the form that it must have.

    What is inside an operation or a component is compared with the schema of OpenAPI, when the outline is right.
    """
    for key, form in (("info", _MAPPING), ("paths", _MAPPING), ("components", _MAPPING), ("tags", _LIST)):
        if (key in bundle or key in ("info", "paths")) and not _has(bundle.get(key), form):
            yield (key,), form
    for path, item in _items(bundle.get("paths")):
        if not _has(item, _MAPPING):
            yield ("paths", path), _MAPPING
        for method, operation in _items(item):
            if method in METHODS and not _has(operation, _MAPPING):
                yield ("paths", path, method), _MAPPING
    for kind, entries in _items(bundle.get("components")):
        if not _has(entries, _MAPPING):
            yield ("components", kind), _MAPPING
        for name, component in _items(entries):
            if not _has(component, _MAPPING):
                yield ("components", kind, name), _MAPPING


def _has(value: Any, form: str) -> bool:
    return isinstance(value, dict if form == _MAPPING else list)


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    yield from value.items() if isinstance(value, dict) else ()
