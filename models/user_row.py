"""A user with role and profile as SQL text reads them: the columns to select, and the instances made of one row.

For hot statements only: `User.select(User, Role, UserProfile).join(…)` gives the same instances, and builds its text
each time, which takes longer than the query itself. Columns and types are those of the models.
"""

from collections.abc import Sequence
from typing import Any

from peewee import Field

from models.role import Role
from models.user import PROFILE_FIELDS, User, UserProfile

_USER = (User.id, User.email, User.status, User.verified_at, User.version, User.created_at, User.updated_at)
_PROFILE = (*PROFILE_FIELDS, UserProfile.created_at, UserProfile.updated_at)
# The other columns of a row have the names of their fields.
_ALIASES = {
    Role.name: "role",
    UserProfile.created_at: "profile_created_at",
    UserProfile.updated_at: "profile_updated_at",
}
_TABLES = {User: "u", Role: "r", UserProfile: "p"}
_FIELDS: tuple[Field, ...] = (*_USER, Role.name, *_PROFILE)


def _name(field: Field) -> str:
    return _ALIASES.get(field, str(field.name))


USER_COLUMN_NAMES = tuple(map(_name, _FIELDS))
"""The columns by name, in the order in which `user_from_row` expects them."""
USER_COLUMNS_SQL = ", ".join(f"{_TABLES[field.model]}.{field.column_name} AS {_name(field)}" for field in _FIELDS)
"""The same as a select list."""
USER_TABLES_SQL = "users u JOIN roles r ON r.id = u.role_id JOIN user_profiles p ON p.user_id = u.id"
"""What the select list reads from."""

_USER_NAMES = tuple(str(field.name) for field in _USER)
_PROFILE_NAMES = tuple(str(field.name) for field in _PROFILE)
_PROFILE_BEGINS = len(_USER) + 1


def user_from_row(row: Sequence[Any]) -> User:
    """Return the user of a row, with `role` (its name alone) and `profile`.

    Args:
        row: begins with the columns of USER_COLUMNS_SQL.
    """
    # What Model.__init__ sets, at half the cost: each request makes these three, and a list many of them.
    user, role, profile = User.__new__(User), Role.__new__(Role), UserProfile.__new__(UserProfile)
    instances: tuple[Any, ...] = (user, role, profile)
    for instance in instances:
        instance.__rel__, instance._dirty = {}, set()  # noqa: SLF001
    user.__data__ = dict(zip(_USER_NAMES, row, strict=False))
    role.__data__ = {"name": row[len(_USER)]}
    profile.__data__ = dict(zip(_PROFILE_NAMES, row[_PROFILE_BEGINS:], strict=False))
    user.__rel__["role"] = role
    user.profile = profile
    return user
