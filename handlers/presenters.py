"""What the document calls User, Profile and Tokens, from what the services return."""

from datetime import UTC, datetime
from typing import Any

from app.services.auth import Tokens
from models.account import Account


def rfc3339(moment: datetime) -> str:
    """Return the moment as in 2026-01-31T12:00:00.000Z (RFC 3339, milliseconds, UTC)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def present_user(account: Account) -> dict[str, Any]:
    """Return the schema User."""
    return {
        "id": str(account.id),
        "email": account.email,
        "role": account.role,
        "status": account.status,
        "email_verified": account.verified_at is not None,
        "created_at": rfc3339(account.created_at),
        "updated_at": rfc3339(account.updated_at),
        "profile": _fields(account),
    }


def present_profile(account: Account) -> dict[str, Any]:
    """Return the schema Profile."""
    return {
        "user_id": str(account.id),
        **_fields(account),
        "created_at": rfc3339(account.profile_created_at),
        "updated_at": rfc3339(account.profile_updated_at),
    }


def present_tokens(tokens: Tokens) -> dict[str, Any]:
    """Return the schema Tokens."""
    return {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
    }


def _fields(account: Account) -> dict[str, str | None]:
    return {
        "display_name": account.display_name,
        "locale": account.locale,
        "time_zone": account.time_zone,
        "avatar_url": account.avatar_url,
        "bio": account.bio,
    }
