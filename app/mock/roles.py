"""What the roles of the mock hold, and law 11 on its state."""

from uuid import UUID

from app.errors import ValidationError, Violation
from app.mock.dependencies import MockDependencies, dependencies_of
from app.mock.tables import RoleRow
from app.services.rights import held_permissions, require_permissions
from charter import Context
from models import Role


def held_by(dependencies: MockDependencies, role_name: str) -> frozenset[str]:
    """Return the permissions of a role that exists."""
    row = dependencies.state.tables.roles[role_name]
    return held_permissions(row.holds_all, row.permissions, dependencies.permissions)


def as_role(dependencies: MockDependencies, row: RoleRow) -> Role:
    """Return a row as the model, with all that the role holds."""
    return row.role(held_permissions(row.holds_all, row.permissions, dependencies.permissions))


def require_actor_holds(context: Context, *role_names: str, user_id: UUID | None = None) -> None:
    """Raise Forbidden unless the actor holds every permission of these roles, and of the account's present role.

    Raises:
        ValidationError: with field `role`, for a name that no role has.
        Forbidden: a role has permissions that the actor lacks.
    """
    dependencies = dependencies_of(context)
    tables = dependencies.state.tables
    if not tables.roles.keys() >= set(role_names):
        raise ValidationError(details=[Violation("There is no role with this name. See the list of roles.", "role")])
    own = [tables.accounts[user_id].role] if user_id else []
    require_permissions(context, *(held_by(dependencies, name) for name in (*role_names, *own)))
