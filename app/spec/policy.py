"""The policy of an operation: the values of its x- keys, read once when the process starts."""

from dataclasses import dataclass
from typing import Literal

from app.cache.tags import TagTemplate
from app.spec.cache_rules import CacheRule, cache_rule_of, invalidated_tags_of
from app.spec.document import Place
from app.spec.document.targets import target_of
from app.spec.operation import Operation
from app.spec.owned_rows import OwnedRow
from app.spec.page_kinds import PageKind, page_kinds
from app.spec.sunset import Sunset, sunset_of

PropertyPath = tuple[str, ...]
WritePermissions = tuple[tuple[PropertyPath, str], ...]
"""Pairs of the path of a property in the body, and the permission that is needed to set it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an operation requires of a request, and what it records, caches and invalidates.

    Attributes:
        method: in lower case.
        tag: the one tag, which is the name of the handler's module.
        permissions: the caller needs all of them; none on a public operation.
        owner: the path parameter that names the owning user; None if there is none.
        owned_row: the row of the path whose owner needs no permission; None if there is none.
        bucket: the rate limit; None if there is none.
        event: the name of the event in the audit trail.
        cache: how its responses are cached; None if they are not.
        invalidates: the cache tags that it invalidates when it succeeds.
        step_up: the name of the recency that the last sign-in must have.
        write_permissions: (path of the property in the body, permission needed to set it).
        target: (type, path parameter) of what the path names with its last parameter.
        safe: whether it only reads.
        sunset: when it ends; None if it stays.
        place: where the operation is in the document.
        inherited: in the document of a project, whether the operation is Charter's.
        also_by_cursor: whether the pages of an offset list can be asked for by cursor, too.
    """

    operation_id: str
    method: str
    path: str
    tag: str
    public: bool
    permissions: tuple[str, ...]
    owner: str | None
    owned_row: OwnedRow | None
    bucket: str | None
    event: str
    precondition: Literal["accepted", "required"] | None
    idempotency: Literal["accepted", "required"] | None
    paginated: PageKind | None
    cache: CacheRule | None
    invalidates: tuple[TagTemplate, ...]
    step_up: str | None
    executor: Literal["common", "hashing", "loop"]
    write_permissions: WritePermissions
    target: tuple[str, str] | None
    safe: bool
    sunset: Sunset | None
    place: Place
    inherited: bool = False
    also_by_cursor: bool = False

    @property
    def by_cursor(self) -> bool:
        """Whether its pages can be asked for by cursor."""
        return self.paginated == "cursor" or self.also_by_cursor

    @property
    def page_kinds(self) -> tuple[PageKind, ...]:
        """How its pages can be asked for; empty if it is not a list in pages."""
        return ("offset", "cursor") if self.also_by_cursor else (self.paginated,) if self.paginated else ()

    @property
    def has_owner(self) -> bool:
        """Whether the owner needs no permission."""
        return self.owner is not None or self.owned_row is not None


def policy_of(operation: Operation, write_permissions: WritePermissions) -> Policy:
    """Return the policy of an operation that has an operationId and a tag."""
    body = operation.body
    bucket, owner = body.get("x-rate-limit", "default"), body.get("x-owner")
    return Policy(
        operation_id=body["operationId"],
        method=operation.method,
        path=operation.path,
        tag=body["tags"][0],
        public="x-public" in body,
        permissions=listed_permissions(operation),
        owner=owner if isinstance(owner, str) else None,
        owned_row=OwnedRow.of(owner) if isinstance(owner, dict) else None,
        bucket=None if bucket == "none" else bucket,
        event=body.get("x-audit", body["operationId"]),
        precondition=body.get("x-precondition"),
        idempotency=body.get("x-idempotency"),
        paginated=next(iter(page_kinds(body)), None),
        cache=cache_rule_of(operation),
        invalidates=invalidated_tags_of(operation),
        step_up=body.get("x-step-up"),
        executor=body.get("x-executor", "common"),
        write_permissions=write_permissions,
        target=target_of(operation.path),
        safe=operation.safe,
        sunset=sunset_of(operation),
        place=operation.where(),
        inherited=operation.path in operation.document.inherited_paths,
        also_by_cursor=len(page_kinds(body)) > 1,
    )


def listed_permissions(operation: Operation) -> tuple[str, ...]:
    """Return the permissions of x-permission: one, several or none."""
    value = operation.body.get("x-permission", [])
    return tuple(str(permission) for permission in (value if isinstance(value, list) else [value]))
