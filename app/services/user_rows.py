"""The rows of a user: read, locked, inserted and saved. The rules (who may, and what follows) are in `users`."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import peewee
from psycopg2.errorcodes import UNIQUE_VIOLATION

from app import entity_tags
from app.errors import EmailTaken, NotFound
from app.identifiers import new_id
from app.services import rights
from app.text import search_key
from charter import Context, execute, fetch_one, run
from models import Role, User, UserProfile
from models.user import PROFILE_FIELDS
from models.user_row import USER_COLUMN_NAMES, user_from_row

# Every ETag that a user can have: see `etag`.
_TAG = re.compile(r"[1-9][0-9]{0,18}(?:-[a-z][a-z0-9_-]*)?")

_PROFILE_NAMES = tuple(str(field.name) for field in PROFILE_FIELDS)
_PROFILE_COLUMNS = ", ".join(_PROFILE_NAMES)
_PROFILE_VALUES = ", ".join(f"%({name})s" for name in _PROFILE_NAMES)

# SQL text: hot (get_profile, sign-in, get_user).
GET = f"SELECT {', '.join(USER_COLUMN_NAMES)} FROM charter_users(%s::uuid[])"  # noqa: S608 (constants)

# SQL text: one statement writes both rows, and neither where the address is taken.
_INSERT = f"""
WITH account AS (
    INSERT INTO users (id, email, name_key, password_hash, role_id, verified_at, created_at, updated_at)
    SELECT %(id)s, %(email)s, %(name_key)s, %(password_hash)s, r.id, %(verified_at)s, %(now)s, %(now)s
    FROM roles r WHERE r.name = %(role)s
    ON CONFLICT (email) DO NOTHING
    RETURNING id
)
INSERT INTO user_profiles (id, user_id, {_PROFILE_COLUMNS}, created_at, updated_at)
SELECT %(profile_id)s, account.id, {_PROFILE_VALUES}, %(now)s, %(now)s
FROM account
RETURNING user_id
"""  # noqa: S608 (constants)


def get(user_id: UUID) -> User:
    """Return the user with role and profile.

    Raises:
        NotFound: no user has this id.
    """
    rows = run(GET, ([str(user_id)],))
    if not rows:
        raise NotFound
    return user_from_row(rows[0])


def get_all(user_ids: Sequence[UUID]) -> dict[UUID, User]:
    """Return those of the users that exist, by their ids, each with role and profile."""
    rows = run(GET, (list(map(str, user_ids)),), retry_on_disconnect=True)
    return {row[0]: user_from_row(row) for row in rows}


def lock(user_id: UUID) -> User:
    """Return the user as the last change left it, locked against others until the transaction ends.

    Raises:
        NotFound: no user has this id.
    """
    # Lighter than FOR UPDATE: rows that only refer to the user, such as its idempotency keys, need not wait.
    row = User.select(User.id).where(User.id == user_id)
    fetch_one(row.for_update("FOR NO KEY UPDATE"))  # type: ignore[arg-type]  # the stubs know no other lock than the first
    # Two statements: the second one sees what was committed while the first one waited, the new role included.
    return get(user_id)


def insert(
    *, email: str, password_hash: str, role: str, verified: bool, profile: Mapping[str, str | None], now: datetime
) -> UUID | None:
    """Insert a user with its profile, in one statement.

    Args:
        email: canonical.
        role: name of a role that exists.
        profile: the fields that have a value.

    Returns:
        The new id; None when another user has the address. That user stays as it is.
    """
    rows = run(
        _INSERT,
        {
            "id": new_id(),
            "profile_id": new_id(),
            "email": email,
            "name_key": _name_key(profile.get("display_name")),
            "password_hash": password_hash,
            "role": role,
            "verified_at": now if verified else None,
            "now": now,
            **{name: profile.get(name) for name in _PROFILE_NAMES},
        },
    )
    return rows[0][0] if rows else None


def save(user: User, changes: Mapping[str, Any], *, now: datetime) -> User:
    """Write what changes of a user that `lock` returned, and raise its version.

    Nothing is written when nothing changes, so the ETag stays the same.

    Args:
        changes: new values of email, status, verified_at and role (a name); a value may be the present one.

    Returns:
        The same user as it is now.

    Raises:
        EmailTaken: another user has the address.
    """
    before = {**user.__data__, "role": user.role.name}
    changed = {name: value for name, value in changes.items() if value != before[name]}
    if changed:
        try:
            _write(user, changed, now)
        except peewee.IntegrityError as error:
            if getattr(error.__cause__, "pgcode", None) != UNIQUE_VIOLATION:
                raise
            raise EmailTaken from error
    return user


def save_profile(user: User, changes: Mapping[str, str | None], *, now: datetime) -> User:
    """Write what changes of the profile of a user that `lock` returned, and raise the version of the user.

    Args:
        changes: new values by field; a value may be the present one.

    Returns:
        The same user as it is now.
    """
    profile = user.profile
    changed = {name: value for name, value in changes.items() if value != getattr(profile, name)}
    if changed:
        # The profile first: a trigger then sets a name_key of its own, and the next statement replaces that.
        execute(UserProfile.update({**changed, "updated_at": now}).where(UserProfile.user == user.id))
        profile.__data__.update(changed, updated_at=now)
        _write(user, {}, now)
    return user


def etag(user: User) -> str:
    """Return the ETag of the user.

    The user is shown with the name of its role. A role is renamed in one row, however many users have it, so the name
    is part of the tag. Built-in roles are never renamed: their names are left out.
    """
    name = user.role.name
    return str(user.version) if name in rights.BUILT_IN else f"{user.version}-{name}"


def profile_etag(user: User) -> str:
    """Return the ETag of the user's profile, which does not show the role."""
    return str(user.version)


def require_version(context: Context, user: User) -> None:
    """Raise PreconditionFailed unless the request expects the user as `lock` returned it."""
    entity_tags.check_if_match(context.expected_version, etag(user), form=_TAG)


def require_profile_version(context: Context, user: User) -> None:
    """Raise PreconditionFailed unless the request expects the profile of the user as `lock` returned it."""
    entity_tags.check_if_match(context.expected_version, profile_etag(user))


def _write(user: User, changed: Mapping[str, Any], now: datetime) -> None:
    values = {**changed, "name_key": _name_key(user.profile.display_name), "updated_at": now}
    if "role" in changed:
        # A role that stays is not written: it may have another name by now.
        values["role"] = Role.select(Role.id).where(Role.name == changed["role"])
    query = User.update({**values, "version": User.version + 1}).where(User.id == user.id)
    saved = fetch_one(query.returning(User.version), User)
    assert saved is not None
    user.__data__.update({**changed, "version": saved.version, "updated_at": now})
    if "role" in changed:
        user.role = Role(__no_default__=True, name=changed["role"])


def _name_key(display_name: str | None) -> str | None:
    return None if display_name is None else search_key(display_name)
