"""What an operation caches (x-cache) and invalidates (x-invalidates), as compiled for requests."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from app.cache.tags import TagTemplate, as_text, as_uuid
from app.spec.operation import Operation

ValueReader = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class CacheRule:
    """How the responses of a safe operation are cached.

    Attributes:
        policy: the name of the lifetime in the configuration.
        tags: what the responses are made from.
        readers: for each tag, the functions that read the text of its values, in order.
    """

    policy: str
    tags: tuple[TagTemplate, ...]
    readers: tuple[tuple[ValueReader, ...], ...]


def cache_rule_of(operation: Operation) -> CacheRule | None:
    """Return the rule of an operation; None if it caches nothing."""
    value = operation.body.get("x-cache")
    if not isinstance(value, dict):
        return None
    tags = tuple(tag for _, tag in tags_cached_under(operation))
    readers = tuple(tuple(_reader(operation, name) for name in tag.names) for tag in tags)
    return CacheRule(str(value.get("policy")), tags, readers)


def invalidated_tags_of(operation: Operation) -> tuple[TagTemplate, ...]:
    """Return the tags that an operation invalidates."""
    return tuple(tag for _, tag in tags_invalidated(operation))


def tags_cached_under(operation: Operation) -> list[tuple[int, TagTemplate]]:
    """Return the well-formed tags of x-cache, each with its index in the list."""
    value = operation.body.get("x-cache")
    return _well_formed(value.get("tags")) if isinstance(value, dict) else []


def tags_invalidated(operation: Operation) -> list[tuple[int, TagTemplate]]:
    """Return the well-formed tags of x-invalidates, each with its index in the list."""
    return _well_formed(operation.body.get("x-invalidates"))


def _well_formed(listed: Any) -> list[tuple[int, TagTemplate]]:
    """Leave out the tags that are not well formed: the check of the x- keys reports those."""
    tags = []
    for index, text in enumerate(listed if isinstance(listed, list) else ()):
        with suppress(ValueError):
            tags.append((index, TagTemplate.parse(str(text))))
    return tags


def _reader(operation: Operation, name: str) -> ValueReader:
    parameter = operation.parameter(name, "path") or {}
    return as_uuid if operation.resolved(parameter.get("schema", {})).get("format") == "uuid" else as_text
