"""The rows that the mock keeps in memory. A row never changes: a write puts another one in its place."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.pipeline.response import Response
from models import Role, Session, Setting, User
from models.user_row import user_from_row


class AccountRow(NamedTuple):
    """An account with its profile. It begins with the columns of `models.user_row`, in their order."""

    id: UUID
    email: str
    status: str
    verified_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    role: str
    display_name: str | None
    locale: str | None
    time_zone: str | None
    avatar_url: str | None
    bio: str | None
    profile_created_at: datetime
    profile_updated_at: datetime
    password_hash: str

    @property
    def user(self) -> User:
        """The row as the model that presenters and rules take."""
        return user_from_row(self)


class SessionRow(NamedTuple):
    """A session; `generation` and `key_id` are those of its current refresh token."""

    id: UUID
    user: UUID
    generation: int
    key_id: str
    created_at: datetime
    rotated_at: datetime | None
    idle_expires_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    user_agent: str | None
    address: str

    @property
    def session(self) -> Session:
        """The row as the model that presenters take."""
        return Session(__no_default__=True, **self._asdict())

    def is_live(self, now: datetime) -> bool:
        """Return whether it is neither ended nor expired."""
        return self.ended_at is None and min(self.idle_expires_at, self.expires_at) > now


class RoleRow(NamedTuple):
    """A role, with the permissions that it holds besides those of everybody."""

    name: str
    description: str
    built_in: bool
    holds_all: bool
    permissions: frozenset[str]
    version: int
    created_at: datetime
    updated_at: datetime

    def role(self, held: frozenset[str]) -> Role:
        """Return the row as the model that presenters and rules take.

        Args:
            held: all that the role holds.
        """
        columns = self._asdict()
        del columns["permissions"]
        role = Role(__no_default__=True, **columns)
        role.permissions = held
        return role


class SettingRow(NamedTuple):
    """The value that somebody has set."""

    key: str
    value: Any
    version: int
    updated_at: datetime

    @property
    def setting(self) -> Setting:
        """The row as the model that the rules take."""
        return Setting(__no_default__=True, **self._asdict())


class AttemptCounter(NamedTuple):
    """The failed sign-ins of an account or of a client; `blocked_until` is None if the next attempt need not wait."""

    failures: int
    blocked_until: datetime | None
    window_started_at: datetime


class StoredResponse(NamedTuple):
    """The response to a request with an Idempotency-Key."""

    fingerprint: bytes
    response: Response
    expires_at: datetime


class Item(NamedTuple):
    """A resource that the document alone describes; its owner is who made it, and None for those of the start."""

    data: Any
    version: int
    owner: UUID | None = None


@dataclass(slots=True)
class Tables:
    """All rows.

    Attributes:
        stored_responses: by caller, operation and key.
        items: by the path of their collection and their id.
        last_role_version, last_setting_version: of the last row that took its version from a sequence.
    """

    accounts: dict[UUID, AccountRow] = field(default_factory=dict)
    sessions: dict[UUID, SessionRow] = field(default_factory=dict)
    roles: dict[str, RoleRow] = field(default_factory=dict)
    settings: dict[str, SettingRow] = field(default_factory=dict)
    stored_responses: dict[tuple[UUID, str, str], StoredResponse] = field(default_factory=dict)
    items: dict[tuple[str, str], Item] = field(default_factory=dict)
    last_role_version: int = 0
    last_setting_version: int = 0

    def copy(self) -> "Tables":
        """Return the same rows in tables of their own."""
        return Tables(
            dict(self.accounts),
            dict(self.sessions),
            dict(self.roles),
            dict(self.settings),
            dict(self.stored_responses),
            dict(self.items),
            self.last_role_version,
            self.last_setting_version,
        )

    def next_role_version(self) -> int:
        """Return a version that no role had before."""
        self.last_role_version += 1
        return self.last_role_version

    def next_setting_version(self) -> int:
        """Return a version that no setting had before."""
        self.last_setting_version += 1
        return self.last_setting_version
