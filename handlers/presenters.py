"""Turn what services return into the schemas of the document: User, Profile, Tokens and so on."""

from typing import Any
from uuid import UUID

from app.clock import rfc3339
from app.services.activity_statistics import ActivityPoint
from app.services.audit_search import AuditEntry
from app.services.auth import Tokens
from app.services.settings import CurrentSetting
from models import Role, Session, User, UserProfile
from models.listed_user import ListedUser


def present_user(user: User) -> dict[str, Any]:
    """Return the schema User."""
    return {
        "id": str(user.id),
        "email": user.email,
        "role": user.role.name,
        "status": user.status,
        "email_verified": user.verified_at is not None,
        "created_at": rfc3339(user.created_at),
        "updated_at": rfc3339(user.updated_at),
        "profile": _profile_fields(user.profile),
    }


def present_listed_user(user: ListedUser) -> dict[str, Any]:
    """Return the schema User."""
    return {
        "id": user.id,
        "email": user.email,
        "role": user.role,
        "status": user.status,
        "email_verified": user.verified_at is not None,
        "created_at": rfc3339(user.created_at),
        "updated_at": rfc3339(user.updated_at),
        "profile": _profile_fields(user),
    }


def present_profile(user: User) -> dict[str, Any]:
    """Return the schema Profile."""
    return {
        "user_id": str(user.id),
        **_profile_fields(user.profile),
        "created_at": rfc3339(user.profile.created_at),
        "updated_at": rfc3339(user.profile.updated_at),
    }


def present_tokens(tokens: Tokens) -> dict[str, Any]:
    """Return the schema Tokens."""
    return {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
    }


def present_audit_event(entry: AuditEntry) -> dict[str, Any]:
    """Return the schema AuditEvent."""
    somebody = entry.actor_id is not None or entry.actor_role is not None
    return {
        "id": str(entry.id),
        "kind": entry.kind,
        "occurred_at": rfc3339(entry.occurred_at),
        "request_id": entry.request_id,
        "actor": {"id": entry.actor_id and str(entry.actor_id), "role": entry.actor_role} if somebody else None,
        "action": entry.action,
        "permission": entry.permission,
        "outcome": entry.outcome,
        "reason": entry.reason,
        "target": {"type": entry.target_type, "id": entry.target_id} if entry.target_type else None,
        "details": entry.details,
        "client": {"address": entry.address, "user_agent": entry.user_agent},
    }


def present_session(session: Session, *, current: UUID | None) -> dict[str, Any]:
    """Return the schema Session; current is the id of the session of the caller, None outside of any."""
    return {
        "id": str(session.id),
        "created_at": rfc3339(session.created_at),
        "last_refreshed_at": rfc3339(session.rotated_at) if session.rotated_at else None,
        "expires_at": rfc3339(session.ends_at),
        "user_agent": session.user_agent,
        "address": session.address,
        "current": session.id == current,
    }


def present_role(role: Role) -> dict[str, Any]:
    """Return the schema Role."""
    return {
        "name": role.name,
        "description": role.description,
        "permissions": sorted(role.permissions),
        "built_in": role.built_in,
        "created_at": rfc3339(role.created_at),
        "updated_at": rfc3339(role.updated_at),
    }


def present_setting(setting: CurrentSetting) -> dict[str, Any]:
    """Return the schema Setting; of a secret one neither the value nor its default."""
    declaration = setting.declaration
    return {
        "key": declaration.key,
        "description": declaration.description,
        "visibility": declaration.visibility,
        "schema": declaration.schema,
        "default": None if declaration.is_secret else declaration.default,
        "value": None if declaration.is_secret else setting.value,
        "is_set": setting.is_set,
        "updated_at": rfc3339(setting.updated_at) if setting.updated_at else None,
    }


def present_point(point: ActivityPoint) -> dict[str, Any]:
    """Return the schema ActivityPoint."""
    return {**point._asdict(), "start": rfc3339(point.start)}


def _profile_fields(profile: UserProfile | ListedUser) -> dict[str, str | None]:
    return {
        "display_name": profile.display_name,
        "locale": profile.locale,
        "time_zone": profile.time_zone,
        "avatar_url": profile.avatar_url,
        "bio": profile.bio,
    }
