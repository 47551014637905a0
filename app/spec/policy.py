"""The policy of an operation: what its x- keys say, frozen at start."""

import re
from dataclasses import dataclass
from typing import Literal

from app.cache.tags import TagTemplate
from app.spec.cache_rules import CacheRule, cache_rule_of, dropped_tags_of
from app.spec.document import Place
from app.spec.operation import Operation
from app.spec.sunset import Sunset, sunset_of

PropertyPath = tuple[str, ...]

# `badge_id` and `badge_name` name a badge, for the audit trail; a setting is named by its `key`.
_NAMES_A_THING = re.compile(r"([a-z][a-z0-9_]*)_(?:id|name)")


@dataclass(frozen=True, slots=True)
class Policy:
    """What is demanded of a call, and what is kept of it.

    Attributes:
        method: in small letters.
        tag: the one tag; names the handlers' module.
        permissions: all of them are needed; none on a public operation.
        owner: path parameter that names the owning user.
        bucket: rate limit; None: not limited.
        event: name of the event row.
        cache: what its answers are kept under; None: they are not.
        drops: the tags that it drops when it succeeds.
        step_up: name of the recency that the last sign-in must have.
        write_permissions: (path of the property in the body, permission needed to set it).
        target: (kind of thing, path parameter that names it): the thing that the path names by its last parameter.
        safe: whether it only reads.
        sunset: when it goes; None where it stays.
        place: where the operation stands in the document.
    """

    operation_id: str
    method: str
    path: str
    tag: str
    public: bool
    permissions: tuple[str, ...]
    owner: str | None
    bucket: str | None
    event: str
    precondition: Literal["accepted", "required"] | None
    idempotency: Literal["accepted", "required"] | None
    paginated: Literal["offset", "cursor"] | None
    cache: CacheRule | None
    drops: tuple[TagTemplate, ...]
    step_up: str | None
    executor: Literal["common", "hashing", "loop"]
    write_permissions: tuple[tuple[PropertyPath, str], ...]
    target: tuple[str, str] | None
    safe: bool
    sunset: Sunset | None
    place: Place


def policy_of(operation: Operation, write_permissions: tuple[tuple[PropertyPath, str], ...]) -> Policy:
    """Return the policy of an operation that has a name and a tag."""
    body = operation.body
    bucket = body.get("x-rate-limit", "default")
    return Policy(
        operation_id=body["operationId"],
        method=operation.method,
        path=operation.path,
        tag=body["tags"][0],
        public="x-public" in body,
        permissions=listed_permissions(operation),
        owner=body.get("x-owner"),
        bucket=None if bucket == "none" else bucket,
        event=body.get("x-audit", body["operationId"]),
        precondition=body.get("x-precondition"),
        idempotency=body.get("x-idempotency"),
        paginated=body.get("x-paginated"),
        cache=cache_rule_of(operation),
        drops=dropped_tags_of(operation),
        step_up=body.get("x-step-up"),
        executor=body.get("x-executor", "common"),
        write_permissions=write_permissions,
        target=_target(operation),
        safe=operation.safe,
        sunset=sunset_of(operation),
        place=operation.where(),
    )


def listed_permissions(operation: Operation) -> tuple[str, ...]:
    """Return what x-permission lists: one, several or none."""
    value = operation.body.get("x-permission", [])
    return tuple(str(permission) for permission in (value if isinstance(value, list) else [value]))


def _target(operation: Operation) -> tuple[str, str] | None:
    named = operation.path_parameters[-1] if operation.path_parameters else ""
    if named == "key":
        return "setting", named
    thing = _NAMES_A_THING.fullmatch(named)
    return (thing[1], named) if thing else None
