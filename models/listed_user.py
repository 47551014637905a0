"""A user as a list shows it: one row, read and shown without building the models."""

from datetime import datetime
from typing import NamedTuple

from models.user import PROFILE_FIELDS


class ListedUser(NamedTuple):
    """A user with role and profile; `id` is text, since a list only shows it, and `role` is the name."""

    id: str
    email: str
    role: str
    status: str
    verified_at: datetime | None
    created_at: datetime
    updated_at: datetime
    display_name: str | None
    locale: str | None
    time_zone: str | None
    avatar_url: str | None
    bio: str | None


_OF_PROFILE = frozenset(str(field.name) for field in PROFILE_FIELDS)
_EXPRESSIONS = {"id": "u.id::text", "role": "(SELECT r.name FROM roles r WHERE r.id = u.role_id)"}


def _expression(name: str) -> str:
    return _EXPRESSIONS.get(name, f"p.{name}" if name in _OF_PROFILE else f"u.{name}")


LISTED_USER_COLUMNS_SQL = ", ".join(f"{_expression(name)} AS {name}" for name in ListedUser._fields)
"""The columns of a ListedUser as a select list; `u` is a row of users, and `p` its profile."""
