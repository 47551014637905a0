"""What an operation caches (x-cache) and invalidates (x-invalidates): its policies, its tags, its headers."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from app.cache.tags import CALLER, TagTemplate
from app.spec.cache_rules import tags_cached_under, tags_invalidated
from app.spec.checks.check import KnownNames
from app.spec.document import Fault
from app.spec.operation import Operation
from app.spec.owned_rows import OwnedRow
from app.spec.suggestions import suggest, suggest_configured


def check_cache(operation: Operation, known: KnownNames) -> Iterator[Fault]:
    """Demand a policy that exists, tags of path parameters, and a response that clients can revalidate."""
    value = operation.body.get("x-cache")
    if not isinstance(value, dict):
        return
    name, place = operation.name, operation.where("x-cache")
    policy = value.get("policy")
    if isinstance(policy, str) and policy not in known.lifetimes:
        fix = suggest_configured(policy, known.lifetimes)
        yield Fault(operation.where("x-cache", "policy"), f"There is no cache policy {policy}.", fix)
    for index, tag in tags_cached_under(operation):
        yield from _unknown_values(operation, ("x-cache", "tags", index), tag, operation.path_parameters)
    if operation.body.get("x-executor") == "loop":
        yield Fault(place, f"{name} runs on the event loop, which must not wait for Redis.", "Remove x-cache.")
    if "x-paginated" in operation.body:
        yield Fault(place, f"{name} is a paginated list, which is never cached.", "Remove x-cache.")
        return
    responses = operation.body.get("responses", {})
    success = operation.resolved(responses.get("200", {}))
    if "etag" not in {str(header).lower() for header in success.get("headers", {})}:
        yield Fault(place, f"{name} is cached, but its 200 response has no ETag.", "Add the header ETag.")
    if "304" not in responses or operation.parameter("If-None-Match", "header") is None:
        message = f"{name} is cached, but clients cannot revalidate their copy."
        yield Fault(place, message, "Add the response 304 and the header parameter If-None-Match.")


def check_owned_tags(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Demand that a cached response of an owner has a tag that the end of what it shows invalidates."""
    needed = tag_of_owner(operation.body)
    if needed is not None and needed not in [tag for _, tag in tags_cached_under(operation)]:
        named = isinstance(operation.body["x-owner"], str)
        reason = "outlives the account" if named else "outlives a change of the row"
        message = f"{operation.name} is cached without the tag {needed}, so its response {reason}."
        yield Fault(operation.where("x-cache"), message, f'Add "{needed}" to its tags.')


def tag_of_owner(operation: Mapping[str, Any]) -> TagTemplate | None:
    """Return the tag that the cached response of an operation with an owner must have; None if it needs none."""
    owner = operation.get("x-owner")
    if not isinstance(operation.get("x-cache"), dict):
        return None
    if isinstance(owner, str):
        return TagTemplate(("user", None), (owner,))
    row = OwnedRow.of(owner) if isinstance(owner, dict) else None
    return TagTemplate((row.resource, None), (row.parameter,)) if row else None


def check_writes_invalidate(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Demand that a write invalidates what a read of the same path caches."""
    read = operation.document.bundle["paths"][operation.path].get("get")
    if operation.safe or not isinstance(read, dict) or not isinstance(read.get("x-cache"), dict):
        return
    written = read["x-cache"].get("tags")
    cached = [*map(str, written)] if isinstance(written, list) else []
    # The tag that it must have counts, too: if it has another one instead, that is the fault.
    shapes = [tag for tag in (*map(_parsed, cached), tag_of_owner(read)) if tag]
    if shapes and not any(tag.has_same_shape(one) for _, tag in tags_invalidated(operation) for one in shapes):
        message = f"{operation.name} does not invalidate the cached response of GET {operation.path}."
        fix = f'Add one of its tags to x-invalidates: "{cached[0]}".'
        yield Fault(operation.where("x-invalidates"), message, fix)


def _parsed(text: str) -> TagTemplate | None:
    try:
        return TagTemplate.parse(text)
    except ValueError:
        return None  # the check of the x- keys reports it


def check_invalidated_tags(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Demand that the tags of x-invalidates use path parameters or, where there is one, the caller."""
    known = [*operation.path_parameters, *([] if "x-public" in operation.body else [CALLER])]
    for index, tag in tags_invalidated(operation):
        yield from _unknown_values(operation, ("x-invalidates", index), tag, known)


def check_tags_are_cached(operation: Operation, known: KnownNames) -> Iterator[Fault]:
    """Demand that some operation caches responses under each tag of x-invalidates."""
    for index, tag in tags_invalidated(operation):
        if not any(tag.has_same_shape(cached) for cached in known.cached_tags):
            message = f"No operation caches a response under {tag}."
            fix = suggest(tag, map(str, known.cached_tags), "Name a tag of an x-cache, or remove this one.")
            yield Fault(operation.where("x-invalidates", index), message, fix)


def _unknown_values(
    operation: Operation, steps: tuple[str | int, ...], tag: TagTemplate, known: Collection[str]
) -> Iterator[Fault]:
    for name in tag.names:
        if name not in known:
            fix = f"Use one of {', '.join(known)}." if known else "Write a tag without braces."
            fix = suggest(name, known, fix)
            message = f"The tag {tag} uses {name}, which {operation.name} does not have."
            yield Fault(operation.where(*steps), message, fix)
