"""Roles of one's own: made, changed and deleted; the built-in ones stay as they are.

Whoever changes or deletes a role locks its row first thing in the transaction, and whoever gives it to an account
keeps the row from that (`roles.guard`): of the two that meet, one waits for what the other leaves (law 7).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import peewee
from psycopg2.errorcodes import UNIQUE_VIOLATION

from app import entity_tags
from app.context.dependencies import Dependencies
from app.context.event import Event
from app.database import run, transaction
from app.entity_tags import NUMBER_AND_DIGEST, Versions
from app.errors import NotFound, RoleBuiltIn, RoleInUse, RoleTaken, ValidationError, Violation
from app.identifiers import new_id
from app.security.principal import Actor
from app.services import roles
from app.services.roles import EVERYBODY, Role

_INSERT = """
INSERT INTO roles (id, name, description, created_at, updated_at)
VALUES (%(id)s, %(name)s, %(description)s, %(now)s, %(now)s)
ON CONFLICT (name) DO NOTHING
RETURNING id
"""

_LOCK = "SELECT id FROM roles WHERE name = %(name)s FOR UPDATE"

_SAVE = """
UPDATE roles SET name = %(name)s, description = %(description)s, version = DEFAULT, updated_at = %(now)s
WHERE id = %(id)s
RETURNING version
"""

_HOLD_NO_OTHER = "DELETE FROM role_permissions WHERE role_id = %(id)s AND permission <> ALL (%(permissions)s::text[])"

_HOLD = """
INSERT INTO role_permissions (id, role_id, permission, created_at)
SELECT made.id, %(id)s, made.permission, %(now)s
FROM unnest(%(ids)s::uuid[], %(permissions)s::text[]) AS made (id, permission)
ON CONFLICT (role_id, permission) DO NOTHING
"""

_IN_USE = "SELECT EXISTS (SELECT FROM users WHERE role_id = %(id)s)"

_DELETE = "DELETE FROM roles WHERE id = %(id)s"


def create(
    *, name: str, description: str, permissions: Sequence[str], actor: Actor, dependencies: Dependencies, event: Event
) -> Role:
    """Make a role.

    Args:
        permissions: names of the catalogue; what every role holds need not be among them.

    Raises:
        ValidationError: with a field `permissions.N` for each that the catalogue does not know.
        Forbidden: the role would hold what the actor does not (law 11).
        RoleTaken: another role has the name.
    """
    held, now = _known(permissions, dependencies), dependencies.clock()
    with transaction():
        roles.must_hold(actor, held)
        rows = run(_INSERT, {"id": new_id(), "name": name, "description": description, "now": now})
        if not rows:
            raise RoleTaken
        _hold(rows[0][0], held, now)
        event.details = {"role": name, "permissions": sorted(held)}
        return roles.find(name, dependencies=dependencies)


def update(
    *,
    role_name: str,
    name: str | None,
    description: str | None,
    permissions: Sequence[str] | None,
    expected_version: Versions,
    actor: Actor,
    dependencies: Dependencies,
    event: Event,
) -> Role:
    """Change a role; None leaves as it is. Accounts keep it under its new name, and hold what it holds at once (law 5).

    Nothing is written when nothing changes: an ETag stays good as long as what it names is the same.

    Raises:
        ValidationError: with a field `permissions.N` for each that the catalogue does not know.
        NotFound: there is no such role.
        Forbidden: the role holds, or would, what the actor does not (law 11).
        RoleBuiltIn: it is one of those that stay as they are.
        PreconditionFailed: the version is none of those expected.
        RoleTaken: another role has the name.
    """
    held, now = None if permissions is None else _known(permissions, dependencies), dependencies.clock()
    with transaction():
        before = _lock(role_name, dependencies)
        after = before._replace(
            name=before.name if name is None else name,
            description=before.description if description is None else description,
            permissions=before.permissions if held is None else held,
        )
        roles.must_hold(actor, before.permissions, after.permissions)
        if before.built_in:
            raise RoleBuiltIn
        _require(before, expected_version)
        if after == before:
            return before
        saved = _save(after, now)
        if held is not None:
            _hold(before.id, held, now)
        event.details = _changes(before, after)
        return saved


def delete(
    *, role_name: str, expected_version: Versions = None, actor: Actor, dependencies: Dependencies, event: Event
) -> None:
    """Delete a role that no account has.

    Raises:
        NotFound: there is no such role.
        Forbidden: the role holds what the actor does not (law 11).
        RoleBuiltIn: it is one of those that stay.
        RoleInUse: accounts have it.
        PreconditionFailed: the version is none of those expected.
    """
    with transaction():
        role = _lock(role_name, dependencies)
        roles.must_hold(actor, role.permissions)
        if role.built_in:
            raise RoleBuiltIn
        if run(_IN_USE, {"id": role.id})[0][0]:
            raise RoleInUse
        _require(role, expected_version)
        run(_DELETE, {"id": role.id})
        event.details = {"permissions": sorted(role.permissions)}


def _known(permissions: Sequence[str], dependencies: Dependencies) -> frozenset[str]:
    unknown = [
        Violation("There is no such permission.", f"permissions.{number}")
        for number, permission in enumerate(permissions)
        if permission not in dependencies.catalogue
    ]
    if unknown:
        raise ValidationError(details=unknown)
    return frozenset(permissions) | (EVERYBODY & dependencies.catalogue.keys())


def _lock(role_name: str, dependencies: Dependencies) -> Role:
    # Two statements: the second one sees what was committed while the first one waited, the permissions included.
    if not run(_LOCK, {"name": role_name}):
        raise NotFound
    return roles.find(role_name, dependencies=dependencies)


def _require(role: Role, expected_version: Versions) -> None:
    # The row is locked since it was read: what is compared here cannot change any more.
    entity_tags.check_if_match(expected_version, roles.etag(role), form=NUMBER_AND_DIGEST)


def _save(role: Role, now: datetime) -> Role:
    try:
        rows = run(_SAVE, {"id": role.id, "name": role.name, "description": role.description, "now": now})
    except peewee.IntegrityError as error:
        if getattr(error.__cause__, "pgcode", None) != UNIQUE_VIOLATION:
            raise
        raise RoleTaken from error
    return role._replace(version=rows[0][0], updated_at=now)


def _hold(role_id: UUID, permissions: frozenset[str], now: datetime) -> None:
    """Have a role hold these and no others; what every role holds needs no rows."""
    own = sorted(permissions - EVERYBODY)
    ids = [new_id() for _ in own]
    run(_HOLD_NO_OTHER, {"id": role_id, "permissions": own})
    run(_HOLD, {"id": role_id, "ids": ids, "permissions": own, "now": now})


def _changes(before: Role, after: Role) -> dict[str, object]:
    """Return what the audit trail keeps of a change."""
    changes: dict[str, object] = {}
    if after.name != before.name:
        changes["name"] = after.name
    if after.description != before.description:
        changes["description"] = after.description
    if after.permissions != before.permissions:
        changes["added"] = sorted(after.permissions - before.permissions)
        changes["removed"] = sorted(before.permissions - after.permissions)
    return changes
