"""The built-in roles, and law 11 for all services: nobody grants or changes permissions that they lack."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from peewee import ModelSelect, fn

from app.errors import Forbidden, ValidationError, Violation
from app.security.permissions import EVERYBODY
from charter import Context, fetch
from models import Role, RolePermission, User

ADMIN = "admin"
USER = "user"
GUEST = "guest"
BUILT_IN = frozenset({ADMIN, USER, GUEST})


def require_actor_holds(context: Context, *role_names: str, user_id: UUID | None = None) -> None:
    """Raise Forbidden unless the actor holds every permission of these roles (law 11).

    Call it inside the transaction that changes the account, after locking the account's row.

    Args:
        role_names: roles about to be given; until the transaction ends, nobody can delete or rename them.
        user_id: the account that is changed; its present role is checked, too.

    Raises:
        ValidationError: with field `role`, for a name that no role has.
        Forbidden: a role has permissions that the actor lacks.
    """
    # A statement of its own: the next one sees what was committed while this one waited.
    if not BUILT_IN.issuperset(role_names):
        named = Role.select(Role.id).where(Role.name.in_(role_names))
        fetch(named.for_update("FOR KEY SHARE"))  # type: ignore[arg-type]  # the stubs know no other lock than the first
    # The account's own role is found by its key: its name may have changed since the account was read.
    own = User.select(User.role).where(User.id == user_id)
    roles = fetch_roles(context, select_roles().where(Role.name.in_(role_names) | (Role.id == own)))
    if not {role.name for role in roles}.issuperset(role_names):
        raise ValidationError(details=[Violation("There is no role with this name. See the list of roles.", "role")])
    require_permissions(context, *(role.permissions for role in roles))


def require_permissions(context: Context, *permissions: frozenset[str]) -> None:
    """Raise Forbidden unless the actor holds all of these permissions (law 11)."""
    if not all(held <= context.actor.permissions for held in permissions):
        raise Forbidden(reason="beyond_actor")


def lock_admin_role() -> None:
    """Lock the row that represents "there is an admin", first thing in a transaction (law 7)."""
    fetch(Role.select(Role.id).where(Role.name == ADMIN).for_update())


def select_roles() -> "ModelSelect[Role]":
    """Return the query that reads roles, each with the permissions of its rows."""
    held = RolePermission.select(RolePermission.permission).where(RolePermission.role == Role.id)
    return Role.select(Role, fn.array(held).alias("permissions"))


def fetch_roles(context: Context, query: "ModelSelect[Role]") -> list[Role]:
    """Run a query made by `select_roles`, and fill in what each role holds."""
    roles = fetch(query)
    for role in roles:
        role.permissions = held_permissions(role.holds_all, role.permissions, context.dependencies.permissions)
    return roles


def held_permissions(holds_all: bool, rows: Iterable[str], known: Mapping[str, str]) -> frozenset[str]:
    """Return what a role holds: everything, or EVERYBODY's and its rows, as far as the document still has them."""
    return frozenset(known) if holds_all else (EVERYBODY | frozenset(rows)) & known.keys()
