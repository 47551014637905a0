"""roles: what accounts may do, by name."""

from typing import Any

from app.services import roles
from charter import Context, Listing, Page, Result
from handlers.presenters import present_role
from models import Role

Body = dict[str, Any]


def list_roles(context: Context, page: Page) -> Listing:
    """List roles."""
    return roles.list_roles(context, page).map(present_role)


def create_role(context: Context, body: Body) -> Result:
    """Create a role."""
    role = roles.create(context, **body)
    return Result(present_role(role), location=f"/v1/roles/{role.name}")


def get_role(context: Context, role_name: str) -> Result:
    """Read a role."""
    return _result(roles.find(context, role_name))


def update_role(context: Context, role_name: str, body: Body) -> Result:
    """Change a role."""
    return _result(roles.update(context, role_name, **body))


def delete_role(context: Context, role_name: str) -> None:
    """Delete a role."""
    roles.delete(context, role_name)


def list_permissions(context: Context) -> list[dict[str, str]]:
    """List the permissions there are."""
    permissions = context.dependencies.permissions
    return [{"name": name, "description": permissions[name]} for name in sorted(permissions)]


def _result(role: Role) -> Result:
    return Result(present_role(role), version=roles.etag(role))
