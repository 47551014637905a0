"""The account as services know it: a user with the name of the role and the profile, in one row."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Account(NamedTuple):
    """One user joined with role and profile, in the order of `ACCOUNT_COLUMNS`."""

    id: UUID
    email: str
    role: str
    status: str
    verified_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    display_name: str | None
    locale: str | None
    time_zone: str | None
    avatar_url: str | None
    bio: str | None
    profile_created_at: datetime
    profile_updated_at: datetime


ACCOUNT_COLUMNS = """u.id, u.email, r.name AS role, u.status, u.verified_at, u.version, u.created_at, u.updated_at,
    p.display_name, p.locale, p.time_zone, p.avatar_url, p.bio,
    p.created_at AS profile_created_at, p.updated_at AS profile_updated_at"""

ACCOUNT_FROM = "users u JOIN roles r ON r.id = u.role_id JOIN user_profiles p ON p.user_id = u.id"
