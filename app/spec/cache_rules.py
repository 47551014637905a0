"""What an operation is cached under (x-cache), and what it drops (x-invalidates): read, and checked at start."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.cache.tags import CALLER, TagTemplate, as_text, as_uuid
from app.spec.document import Fault
from app.spec.operation import Operation
from app.spec.spelling import choose, fix

if TYPE_CHECKING:
    from app.spec.operation_checks import Names

Reader = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class CacheRule:
    """How the answers of a safe operation are cached.

    Attributes:
        policy: names the lifetime in the settings.
        tags: what the answers are made from.
        readers: for each tag, what reads the text of its values, in order.
    """

    policy: str
    tags: tuple[TagTemplate, ...]
    readers: tuple[tuple[Reader, ...], ...]


def cache_rule_of(operation: Operation) -> CacheRule | None:
    """Return the rule of an operation; None where nothing is cached."""
    value = operation.body.get("x-cache")
    if not isinstance(value, dict):
        return None
    tags = tuple(tag for _, tag in _cached_under(operation))
    readers = tuple(tuple(_reader(operation, name) for name in tag.names) for tag in tags)
    return CacheRule(str(value.get("policy")), tags, readers)


def dropped_tags_of(operation: Operation) -> tuple[TagTemplate, ...]:
    """Return the tags that an operation drops."""
    return tuple(tag for _, tag in _dropped(operation))


def cached(operation: Operation, names: "Names") -> Iterator[Fault]:
    """Check x-cache: a policy that there is, tags of path parameters, and an answer that can be asked for anew."""
    value = operation.body.get("x-cache")
    if not isinstance(value, dict):
        return
    policy, place = value.get("policy"), operation.where("x-cache")
    if isinstance(policy, str) and policy not in names.lifetimes:
        problem = f"There is no cache policy {policy}."
        yield Fault(operation.where("x-cache", "policy"), problem, choose(policy, names.lifetimes))
    for index, tag in _cached_under(operation):
        yield from _strangers(operation, ("x-cache", "tags", index), tag, operation.path_parameters)
    if "x-paginated" in operation.body:
        yield Fault(place, f"{operation.name} is a list in pages, which are not cached.", "Remove x-cache.")
    if operation.body.get("x-executor") == "loop":
        yield Fault(place, f"{operation.name} runs on the loop, which may not wait for Redis.", "Remove x-cache.")
    success = operation.resolved(operation.body.get("responses", {}).get("200", {}))
    if "etag" not in {str(name).lower() for name in success.get("headers", {})}:
        yield Fault(place, f"{operation.name} is cached, and its 200 has no ETag.", "Document the header ETag.")
    if "304" not in operation.body.get("responses", {}) or operation.parameter("If-None-Match", "header") is None:
        fix = "Add the response 304 and the header parameter If-None-Match."
        yield Fault(place, f"{operation.name} is cached, and cannot be asked whether anything changed.", fix)


def invalidating(operation: Operation, _: "Names") -> Iterator[Fault]:
    """Check x-invalidates: tags of path parameters, or of the caller where there is one."""
    known = [*operation.path_parameters, *([] if "x-public" in operation.body else [CALLER])]
    for index, tag in _dropped(operation):
        yield from _strangers(operation, ("x-invalidates", index), tag, known)


def unmatched(found: Collection[Operation]) -> Iterator[Fault]:
    """Yield a fault for each tag that is dropped and nothing is cached under."""
    known = [tag for operation in found for _, tag in _cached_under(operation)]
    for operation in found:
        for index, tag in _dropped(operation):
            if not any(tag.has_same_shape(other) for other in known):
                otherwise = "Name a tag of an x-cache, or remove it."
                place, problem = operation.where("x-invalidates", index), f"Nothing is cached under {tag}."
                yield Fault(place, problem, fix(tag, map(str, known), otherwise))


def _strangers(
    operation: Operation, steps: tuple[str | int, ...], tag: TagTemplate, known: Collection[str]
) -> Iterator[Fault]:
    for name in tag.names:
        if name not in known:
            choice = f"Use one of {', '.join(known)}." if known else "Write a tag without braces."
            problem = f"The tag {tag} of {operation.name} needs {name}, which it does not have."
            yield Fault(operation.where(*steps), problem, choice)


def _cached_under(operation: Operation) -> list[tuple[int, TagTemplate]]:
    value = operation.body.get("x-cache")
    return _well_formed(value.get("tags")) if isinstance(value, dict) else []


def _dropped(operation: Operation) -> list[tuple[int, TagTemplate]]:
    return _well_formed(operation.body.get("x-invalidates"))


def _well_formed(listed: Any) -> list[tuple[int, TagTemplate]]:
    """Return the tags of a list with their places, but for those whose form is a fault of its own."""
    found = []
    for index, text in enumerate(listed if isinstance(listed, list) else ()):
        with suppress(ValueError):
            found.append((index, TagTemplate.parse(str(text))))
    return found


def _reader(operation: Operation, name: str) -> Reader:
    parameter = operation.parameter(name, "path") or {}
    return as_uuid if operation.resolved(parameter.get("schema", {})).get("format") == "uuid" else as_text
