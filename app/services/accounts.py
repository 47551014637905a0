"""The rows behind an account: found, locked, made and saved. Who may do that, and what follows, others decide."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import peewee
from psycopg2.errorcodes import UNIQUE_VIOLATION

from app import entity_tags
from app.database import run
from app.entity_tags import Versions
from app.errors import EmailTaken, NotFound
from app.identifiers import new_id
from app.services import roles
from app.text import search_key
from models.account import ACCOUNT_COLUMNS, ACCOUNT_FROM, Account

# What the ETag of an account can say: see `etag`.
_TAG = re.compile(r"[1-9][0-9]{0,18}(?:-[a-z][a-z0-9_-]*)?")

PROFILE_FIELDS = ("display_name", "locale", "time_zone", "avatar_url", "bio")

_FIND = f"SELECT {ACCOUNT_COLUMNS} FROM {ACCOUNT_FROM} WHERE u.id = %(id)s"  # noqa: S608 (constants)

# Lighter than FOR UPDATE: what only refers to the account, such as its keys of idempotency, need not wait.
_LOCK = "SELECT id FROM users WHERE id = %(id)s FOR NO KEY UPDATE"

_INSERT = """
WITH account AS (
    INSERT INTO users (id, email, name_key, password_hash, role_id, verified_at, created_at, updated_at)
    SELECT %(id)s, %(email)s, %(name_key)s, %(password_hash)s, r.id, %(verified_at)s, %(now)s, %(now)s
    FROM roles r WHERE r.name = %(role)s
    ON CONFLICT (email) DO NOTHING
    RETURNING id
)
INSERT INTO user_profiles (id, user_id, display_name, locale, time_zone, avatar_url, bio, created_at, updated_at)
SELECT %(profile_id)s, account.id, %(display_name)s, %(locale)s, %(time_zone)s, %(avatar_url)s, %(bio)s,
       %(now)s, %(now)s
FROM account
RETURNING user_id
"""

_SAVE = """
UPDATE users SET email = %(email)s, name_key = %(name_key)s, status = %(status)s, verified_at = %(verified_at)s,
    role_id = CASE WHEN %(keeps_role)s THEN role_id ELSE (SELECT id FROM roles WHERE name = %(role)s) END,
    version = version + 1, updated_at = %(now)s
WHERE id = %(id)s
RETURNING version
"""

_SAVE_PROFILE = """
UPDATE user_profiles SET display_name = %(display_name)s, locale = %(locale)s, time_zone = %(time_zone)s,
    avatar_url = %(avatar_url)s, bio = %(bio)s, updated_at = %(now)s
WHERE user_id = %(id)s
"""


def find(user_id: UUID) -> Account:
    """Return the account.

    Raises:
        NotFound: there is none with this id.
    """
    rows = run(_FIND, {"id": user_id})
    if not rows:
        raise NotFound
    return Account._make(rows[0])


def etag(account: Account) -> str:
    """Return what the ETag of the account as a user says.

    The name of its role is shown, and changes without the account's row: a role that a million accounts have is renamed
    by writing one. So the name is part of the tag; the built-in ones never change, and need not be.
    """
    return str(account.version) if account.role in roles.BUILT_IN else f"{account.version}-{account.role}"


def profile_etag(account: Account) -> str:
    """Return what the ETag of the account's profile says: it shows no role."""
    return str(account.version)


def require(account: Account, expected: Versions) -> None:
    """Let go on only a write that expects the account as `lock` returned it: nobody can change it any more.

    Raises:
        PreconditionFailed: the ETag of the account is none of those expected.
    """
    entity_tags.check_if_match(expected, etag(account), form=_TAG)


def require_profile(account: Account, expected: Versions) -> None:
    """Let go on only a write that expects the profile of the account as `lock` returned it.

    Raises:
        PreconditionFailed: the ETag of the profile is none of those expected.
    """
    entity_tags.check_if_match(expected, profile_etag(account))


def lock(user_id: UUID) -> Account:
    """Return the account as the last change left it, locked against others until the transaction ends.

    Raises:
        NotFound: there is none with this id.
    """
    # Two statements: the second one sees what was committed while the first one waited, the new role included.
    run(_LOCK, {"id": user_id})
    return find(user_id)


def insert(
    *, email: str, password_hash: str, role: str, verified: bool, profile: Mapping[str, str | None], now: datetime
) -> UUID | None:
    """Make an account with its profile, in one statement.

    Args:
        email: canonical.
        role: name of a role that exists.
        profile: the fields that have a value.

    Returns:
        The new id; None when another account has the address, of which nothing is changed.
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
            **{name: profile.get(name) for name in PROFILE_FIELDS},
        },
    )
    return rows[0][0] if rows else None


def save(before: Account, after: Account, *, expected_version: Versions, now: datetime) -> Account:
    """Write address, role, status and verification of an account that `lock` returned; raise its version.

    Nothing is written when nothing changes: an ETag stays good as long as what it names is the same.

    Returns:
        The account as it is now.

    Raises:
        PreconditionFailed: the version is none of those expected.
        EmailTaken: another account has the address.
    """
    require(before, expected_version)
    if after == before:
        return before
    # A role that stays is not named again: it may have another name by now.
    keeps_role = after.role == before.role
    try:
        name_key = _name_key(after.display_name)
        rows = run(_SAVE, {**after._asdict(), "name_key": name_key, "keeps_role": keeps_role, "now": now})
    except peewee.IntegrityError as error:
        if getattr(error.__cause__, "pgcode", None) != UNIQUE_VIOLATION:
            raise
        raise EmailTaken from error
    return after._replace(version=rows[0][0], updated_at=now)


def save_profile(before: Account, fields: Mapping[str, Any], *, now: datetime) -> Account:
    """Write profile fields of an account that `lock` returned; raise the version of the account with them.

    Args:
        fields: the fields to change; those left out stay.

    Returns:
        The account as it is now.
    """
    after = before._replace(**fields)
    if after == before:
        return before
    # The profile first: a trigger then gives the account a key of its own making, which what is saved next replaces.
    run(_SAVE_PROFILE, {**after._asdict(), "now": now})
    return save(before, after._replace(profile_updated_at=now), expected_version=None, now=now)


def _name_key(display_name: str | None) -> str | None:
    return None if display_name is None else search_key(display_name)
