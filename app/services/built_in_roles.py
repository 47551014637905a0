"""The built-in roles `user` and `guest` hold what openapi/permissions.yaml says; `admin` holds everything anyway."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from peewee import SQL, fn

from app.identifiers import new_id
from app.services.rights import GUEST, USER
from charter import execute, fetch, fetch_tuples, transaction
from models import Role, RolePermission

_NAMES = (GUEST, USER)


class Difference(NamedTuple):
    """The permissions that a role lacks, and those it has beyond the document; both sorted."""

    role: str
    added: list[str]
    removed: list[str]


def differences(holders: Mapping[str, Collection[str]]) -> list[Difference]:
    """Return each built-in role that holds something else than the document says.

    Args:
        holders: by permission of the document, the built-in roles that hold it besides admin.
    """
    rows = RolePermission.select(RolePermission.permission).where(RolePermission.role == Role.id)
    query = Role.select(Role.name, fn.array(rows)).where(Role.name.in_(_NAMES)).order_by(Role.name)
    changes = []
    for role, stored in fetch_tuples(query):
        wanted, held = _held_by(role, holders), frozenset(stored)
        if wanted != held:
            changes.append(Difference(role, sorted(wanted - held), sorted(held - wanted)))
    return changes


def synchronise(holders: Mapping[str, Collection[str]], *, now: datetime) -> list[Difference]:
    """Make the built-in roles hold what the document says and nothing else. A second call finds nothing to do.

    Args:
        holders: as in `differences`.

    Returns:
        What was changed.
    """
    with transaction():
        # A statement of its own: the next one sees what was committed while this one waited. Lighter than FOR UPDATE:
        # accounts can be created meanwhile.
        locked = Role.select(Role.id).where(Role.name.in_(_NAMES)).order_by(Role.id)
        fetch(locked.for_update("FOR NO KEY UPDATE"))  # type: ignore[arg-type]  # the stubs know no other lock than the first
        changes = differences(holders)
        for change in changes:
            _apply(change, now)
    return changes


def _apply(change: Difference, now: datetime) -> None:
    role_id = Role.select(Role.id).where(Role.name == change.role)
    removed = RolePermission.permission.in_(change.removed)
    execute(RolePermission.delete().where((RolePermission.role == role_id) & removed))
    if change.added:
        rows = [
            {"id": new_id(), "role": role_id, "permission": permission, "created_at": now}
            for permission in change.added
        ]
        execute(RolePermission.insert_many(rows))
    execute(Role.update({"version": SQL("DEFAULT"), "updated_at": now}).where(Role.name == change.role))


def _held_by(role: str, holders: Mapping[str, Iterable[str]]) -> frozenset[str]:
    return frozenset(permission for permission, roles in holders.items() if role in roles)
