"""The tables that the FastAPI rivals read, as SQLAlchemy 2 models over Charter's own schema."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The metadata of these tables."""


class RolePermission(Base):
    __tablename__ = "role_permissions"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    role_id: Mapped[UUID] = mapped_column(ForeignKey("roles.id"))
    permission: Mapped[str]


class Role(Base):
    __tablename__ = "roles"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    holds_all: Mapped[bool]
    permissions: Mapped[list[RolePermission]] = relationship()


class Profile(Base):
    __tablename__ = "user_profiles"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    display_name: Mapped[str | None]
    locale: Mapped[str | None]
    time_zone: Mapped[str | None]
    avatar_url: Mapped[str | None]
    bio: Mapped[str | None]
    # Only the cached read asks for these.
    created_at: Mapped[datetime] = mapped_column(deferred=True, deferred_group="times")
    updated_at: Mapped[datetime] = mapped_column(deferred=True, deferred_group="times")


class User(Base):
    __tablename__ = "users"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    role_id: Mapped[UUID] = mapped_column(ForeignKey("roles.id"))
    status: Mapped[str]
    verified_at: Mapped[datetime | None]
    # Lists are searched by it, and nobody is shown it.
    name_key: Mapped[str | None] = mapped_column(deferred=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    role: Mapped[Role] = relationship()
    profile: Mapped[Profile] = relationship(uselist=False)


class SignIn(Base):
    __tablename__ = "sessions"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    idle_expires_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    user: Mapped[User] = relationship()


class RivalSession(Base):
    """A refresh token of the rivals; the bench makes the table."""

    __tablename__ = "rival_sessions"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    token_digest: Mapped[bytes]
    idle_expires_at: Mapped[datetime]
    expires_at: Mapped[datetime]
