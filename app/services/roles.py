"""Roles: listed, created, changed and deleted by admins, within law 11 (`app/services/rights.py`).

A request that changes or deletes a role locks its row first thing in the transaction, and a request that gives the role
to an account locks the row against that (`require_actor_holds`). Of two that meet, one waits for the other (law 7).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import peewee
from peewee import SQL, Select, fn
from psycopg2.errorcodes import UNIQUE_VIOLATION

from app import entity_tags
from app.entity_tags import NUMBER_AND_DIGEST
from app.errors import NotFound, RoleBuiltIn, RoleInUse, RoleTaken, ValidationError, Violation
from app.identifiers import new_id
from app.results import MAX_COUNTED
from app.security.permissions import EVERYBODY
from app.services.rights import fetch_roles, require_permissions, select_roles
from charter import Context, Listing, Page, execute, fetch, fetch_one, fetch_value, transaction
from models import Role, RolePermission, User


def find(context: Context, role_name: str) -> Role:
    """Return the role.

    Raises:
        NotFound: no role has this name.
    """
    for role in fetch_roles(context, select_roles().where(Role.name == role_name)):
        return role
    raise NotFound


def list_roles(context: Context, page: Page) -> Listing:
    """Return a page of roles in the order of their names."""
    # Collation C: the order is the same on every server.
    query = select_roles().order_by(Role.name.collate('"C"')).offset(page.offset).limit(page.limit)
    counted = fetch_value(Select([Role.select(Role.id).limit(MAX_COUNTED + 1)], [fn.count(SQL("*"))]))
    return Listing(fetch_roles(context, query), min(counted, MAX_COUNTED), counted <= MAX_COUNTED)


def create(context: Context, *, name: str, description: str, permissions: Sequence[str]) -> Role:
    """Create a role.

    Args:
        permissions: names of the catalogue; those that every role holds may be left out.

    Raises:
        ValidationError: with a field `permissions.N` for each that the catalogue does not have.
        Forbidden: the role would have permissions that the actor lacks (law 11).
        RoleTaken: another role has the name.
    """
    held, now = known(context, permissions), context.dependencies.clock()
    row = {"id": new_id(), "name": name, "description": description, "created_at": now, "updated_at": now}
    with transaction():
        require_permissions(context, held)
        unless_taken = Role.insert(row).on_conflict(conflict_target=[Role.name], action="IGNORE")
        role = fetch_one(unless_taken.returning(Role), Role)
        if role is None:
            raise RoleTaken
        role.permissions = held
        _add_permissions(role, now)
        context.event.details = {"role": name, "permissions": sorted(held)}
        return role


def update(
    context: Context,
    role_name: str,
    *,
    name: str | None = None,
    description: str | None = None,
    permissions: Sequence[str] | None = None,
) -> Role:
    """Change a role; None leaves a value as it is.

    Accounts keep the role under its new name, and hold its new permissions at once (law 5). Nothing is written when
    nothing changes, so the ETag stays the same.

    Raises:
        ValidationError: with a field `permissions.N` for each that the catalogue does not have.
        NotFound: no role has this name.
        Forbidden: the role has, or would have, permissions that the actor lacks (law 11).
        RoleBuiltIn: the role is built in.
        PreconditionFailed: the version is none of those expected.
        RoleTaken: another role has the new name.
    """
    held, now = None if permissions is None else known(context, permissions), context.dependencies.clock()
    wanted: dict[str, Any] = {"name": name, "description": description, "permissions": held}
    with transaction():
        role = _lock(context, role_name)
        require_permissions(context, role.permissions, held or frozenset())
        if role.built_in:
            raise RoleBuiltIn
        _require_version(context, role)
        changes = {key: new for key, new in wanted.items() if new is not None and new != getattr(role, key)}
        if not changes:
            return role
        details = changed_details(role, changes)
        role.name = changes.get("name", role.name)
        role.description = changes.get("description", role.description)
        _save(role, now)
        if held is not None:
            role.permissions = held
            _remove_permissions(role)
            _add_permissions(role, now)
        context.event.details = details
        return role


def delete(context: Context, role_name: str) -> None:
    """Delete a role that no account has.

    Raises:
        NotFound: no role has this name.
        Forbidden: the role has permissions that the actor lacks (law 11).
        RoleBuiltIn: the role is built in.
        RoleInUse: accounts have the role.
        PreconditionFailed: the version is none of those expected.
    """
    with transaction():
        role = _lock(context, role_name)
        require_permissions(context, role.permissions)
        if role.built_in:
            raise RoleBuiltIn
        if fetch(User.select(User.id).where(User.role == role.id).limit(1)):
            raise RoleInUse
        _require_version(context, role)
        execute(Role.delete().where(Role.id == role.id))
        context.event.details = {"permissions": sorted(role.permissions)}


def etag(role: Role) -> str:
    """Return the role's ETag: its version, and a digest of its permissions.

    What a role holds depends on the catalogue of the release, too. Two releases that show different permissions send
    different tags.
    """
    held = hashlib.sha256(" ".join(sorted(role.permissions)).encode()).hexdigest()
    return f"{role.version}-{held[:12]}"


def known(context: Context, permissions: Sequence[str]) -> frozenset[str]:
    """Return these permissions, and those that every role holds.

    Raises:
        ValidationError: with a field `permissions.N` for each that the catalogue does not have.
    """
    catalogue = context.dependencies.permissions
    unknown = [
        Violation("There is no permission with this name. See the list of permissions.", f"permissions.{number}")
        for number, permission in enumerate(permissions)
        if permission not in catalogue
    ]
    if unknown:
        raise ValidationError(details=unknown)
    return frozenset(permissions) | (EVERYBODY & catalogue.keys())


def _lock(context: Context, role_name: str) -> Role:
    # Two statements: the second one sees what was committed while the first one waited, the permissions included.
    if not fetch(Role.select(Role.id).where(Role.name == role_name).for_update()):
        raise NotFound
    return find(context, role_name)


def _require_version(context: Context, role: Role) -> None:
    # The row is locked since it was read, so nobody can change what is compared here.
    entity_tags.check_if_match(context.expected_version, etag(role), form=NUMBER_AND_DIGEST)


def _save(role: Role, now: datetime) -> None:
    """Write the role's name and description, and take its new version from the row."""
    values = {"name": role.name, "description": role.description, "version": SQL("DEFAULT"), "updated_at": now}
    try:
        saved = fetch_one(Role.update(values).where(Role.id == role.id).returning(Role), Role)
    except peewee.IntegrityError as error:
        if getattr(error.__cause__, "pgcode", None) != UNIQUE_VIOLATION:
            raise
        raise RoleTaken from error
    assert saved is not None
    role.version, role.updated_at = saved.version, saved.updated_at


def _remove_permissions(role: Role) -> None:
    """Delete the rows of the permissions that the role no longer holds."""
    still_held = RolePermission.permission.in_(_stored(role))
    execute(RolePermission.delete().where((RolePermission.role == role.id) & ~still_held))


def _add_permissions(role: Role, now: datetime) -> None:
    """Insert the rows that are missing."""
    rows = [{"id": new_id(), "role": role.id, "permission": name, "created_at": now} for name in _stored(role)]
    if rows:
        pair = [RolePermission.role, RolePermission.permission]
        execute(RolePermission.insert_many(rows).on_conflict(conflict_target=pair, action="IGNORE"))


def _stored(role: Role) -> list[str]:
    # Permissions that every role has are not stored in rows.
    return sorted(role.permissions - EVERYBODY)


def changed_details(role: Role, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the audit trail keeps of a change."""
    details = {key: changes[key] for key in ("name", "description") if key in changes}
    if "permissions" in changes:
        details["added"] = sorted(changes["permissions"] - role.permissions)
        details["removed"] = sorted(role.permissions - changes["permissions"])
    return details
