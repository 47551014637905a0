"""Who acts: a signed-in account, the operator, or a caller who is not signed in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from models import User


class Actor(Protocol):
    """Who acts: a signed-in account, the operator, or a caller who is not signed in (see law 11)."""

    @property
    def permissions(self) -> frozenset[str]:
        """All permissions that they hold."""


@dataclass(frozen=True, slots=True)
class Operator:
    """The operator of the deployment, who uses the command: they hold every permission of the catalogue."""

    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Anonymous:
    """A caller who is not signed in: they hold no permission."""

    permissions: frozenset[str] = frozenset()


ANONYMOUS = Anonymous()


@dataclass(frozen=True, slots=True)
class Principal:
    """The signed-in account, as the session statement of this request read it.

    Attributes:
        user: with role and profile.
        session_id: the session that the access token names.
        permissions: all permissions of the role, read from the database for this request.
        signed_in_at: when the session was opened with a password, aware UTC.
    """

    user: User
    session_id: UUID
    permissions: frozenset[str]
    signed_in_at: datetime

    @property
    def user_id(self) -> UUID:
        """The user's id."""
        return self.user.id

    @property
    def role(self) -> str:
        """The name of the user's role."""
        return self.user.role.name
