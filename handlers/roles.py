"""roles: what accounts may do, by name."""

from typing import Any

from app.context.dependencies import Dependencies
from app.context.event import Event
from app.entity_tags import Versions
from app.results import Listing, Page, Result
from app.security.principal import Principal
from app.services import role_edits, roles
from app.services.roles import Role
from handlers.presenters import present_role

Body = dict[str, Any]


def list_roles(page: Page, dependencies: Dependencies) -> Listing:
    """List roles."""
    found, total, exact = roles.listing(offset=page.offset, limit=page.limit, dependencies=dependencies)
    return Listing([present_role(role) for role in found], total, exact)


def create_role(body: Body, principal: Principal, dependencies: Dependencies, event: Event) -> Result:
    """Make a role."""
    role = role_edits.create(
        name=body["name"],
        description=body["description"],
        permissions=body["permissions"],
        actor=principal,
        dependencies=dependencies,
        event=event,
    )
    return Result(present_role(role), location=f"/v1/roles/{role.name}")


def get_role(role_name: str, dependencies: Dependencies) -> Result:
    """Read a role."""
    return _answer(roles.find(role_name, dependencies=dependencies))


def update_role(
    *,
    role_name: str,
    body: Body,
    principal: Principal,
    expected_version: Versions,
    dependencies: Dependencies,
    event: Event,
) -> Result:
    """Change a role."""
    role = role_edits.update(
        role_name=role_name,
        name=body.get("name"),
        description=body.get("description"),
        permissions=body.get("permissions"),
        expected_version=expected_version,
        actor=principal,
        dependencies=dependencies,
        event=event,
    )
    return _answer(role)


def delete_role(
    role_name: str, principal: Principal, expected_version: Versions, dependencies: Dependencies, event: Event
) -> None:
    """Delete a role."""
    role_edits.delete(
        role_name=role_name, expected_version=expected_version, actor=principal, dependencies=dependencies, event=event
    )


def list_permissions(dependencies: Dependencies) -> list[dict[str, str]]:
    """List the permissions there are."""
    return [{"name": name, "description": description} for name, description in sorted(dependencies.catalogue.items())]


def _answer(role: Role) -> Result:
    return Result(present_role(role), version=roles.etag(role))
