"""roles: what accounts may do, by name."""

from typing import Any

from app import entity_tags
from app.entity_tags import NUMBER_AND_DIGEST
from app.errors import NotFound, RoleBuiltIn, RoleInUse, RoleTaken
from app.mock.dependencies import MockDependencies, dependencies_of
from app.mock.listing import page_of
from app.mock.roles import as_role
from app.mock.tables import RoleRow
from app.security.permissions import EVERYBODY
from app.services import roles
from app.services.rights import require_permissions
from charter import Context, Listing, Page, Result
from handlers.presenters import present_role
from handlers.roles import list_permissions
from models import Role

__all__ = ["create_role", "delete_role", "get_role", "list_permissions", "list_roles", "update_role"]

Body = dict[str, Any]


def list_roles(context: Context, page: Page) -> Listing:
    """List roles."""
    dependencies = dependencies_of(context)
    rows = sorted(dependencies.state.tables.roles.values(), key=lambda row: row.name)
    return page_of(rows, page).map(lambda row: present_role(as_role(dependencies, row)))


def create_role(context: Context, body: Body) -> Result:
    """Create a role."""
    dependencies, name = dependencies_of(context), body["name"]
    held, now, tables = roles.known(context, body["permissions"]), dependencies.clock(), dependencies.state.tables
    require_permissions(context, held)
    if name in tables.roles:
        raise RoleTaken
    version, own = tables.next_role_version(), held - EVERYBODY
    row = RoleRow(name, body["description"], False, False, own, version, now, now)
    dependencies.state.add(tables.roles, name, row)
    context.event.details = {"role": name, "permissions": sorted(held)}
    return Result(present_role(as_role(dependencies, row)), location=f"/v1/roles/{name}")


def get_role(context: Context, role_name: str) -> Result:
    """Read a role."""
    return _result(_find(dependencies_of(context), role_name))


def update_role(context: Context, role_name: str, body: Body) -> Result:
    """Change a role."""
    dependencies = dependencies_of(context)
    held = roles.known(context, body["permissions"]) if body.get("permissions") is not None else None
    tables, role = dependencies.state.tables, _find(dependencies, role_name)
    require_permissions(context, role.permissions, held or frozenset())
    if role.built_in:
        raise RoleBuiltIn
    _require_version(context, role)
    wanted: dict[str, Any] = {"name": body.get("name"), "description": body.get("description"), "permissions": held}
    changes = {key: new for key, new in wanted.items() if new is not None and new != getattr(role, key)}
    if not changes:
        return _result(role)
    details, name = roles.changed_details(role, changes), changes.get("name", role_name)
    if name != role_name and name in tables.roles:
        raise RoleTaken
    if held is not None:
        changes["permissions"] = held - EVERYBODY
    row = tables.roles.pop(role_name)._replace(
        **changes, version=tables.next_role_version(), updated_at=dependencies.clock()
    )
    tables.roles[name] = row
    for account in [each for each in tables.accounts.values() if each.role == role_name]:
        tables.accounts[account.id] = account._replace(role=name)
    context.event.details = details
    return _result(as_role(dependencies, row))


def delete_role(context: Context, role_name: str) -> None:
    """Delete a role."""
    dependencies = dependencies_of(context)
    tables, role = dependencies.state.tables, _find(dependencies, role_name)
    require_permissions(context, role.permissions)
    if role.built_in:
        raise RoleBuiltIn
    if any(account.role == role_name for account in tables.accounts.values()):
        raise RoleInUse
    _require_version(context, role)
    del tables.roles[role_name]
    context.event.details = {"permissions": sorted(role.permissions)}


def _find(dependencies: MockDependencies, role_name: str) -> Role:
    row = dependencies.state.tables.roles.get(role_name)
    if row is None:
        raise NotFound
    return as_role(dependencies, row)


def _require_version(context: Context, role: Role) -> None:
    entity_tags.check_if_match(context.expected_version, roles.etag(role), form=NUMBER_AND_DIGEST)


def _result(role: Role) -> Result:
    return Result(present_role(role), version=roles.etag(role))
