"""The bodies of the FastAPI rival, in Charter's shapes."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel


class Meta(BaseModel):
    timestamp: str = "2026-01-31T12:00:00.000Z"
    version: str = "1.0"
    request_id: str = "01890a5dac96774bbcceb302099a8057"


class Thing(BaseModel):
    id: UUID
    name: str
    size: int


class ThingEnvelope(BaseModel):
    data: Thing
    meta: Meta
    errors: None = None


class Profile(BaseModel):
    display_name: str | None
    locale: str | None
    time_zone: str | None
    avatar_url: str | None
    bio: str | None


class Account(BaseModel):
    id: UUID
    email: str
    role: str
    status: str
    email_verified: bool
    created_at: datetime
    updated_at: datetime
    profile: Profile


class AccountEnvelope(BaseModel):
    data: Account
    meta: Meta
    errors: None = None


class Pagination(BaseModel):
    offset: int
    limit: int
    total: int
    total_is_exact: bool
    next: str | None
    previous: str | None


class PageMeta(Meta):
    pagination: Pagination


class AccountsEnvelope(BaseModel):
    data: list[Account]
    meta: PageMeta
    errors: None = None


class OwnedProfile(Profile):
    user_id: UUID
    created_at: datetime
    updated_at: datetime


class ProfileEnvelope(BaseModel):
    data: OwnedProfile
    meta: Meta
    errors: None = None


class RefreshToken(BaseModel):
    refresh_token: str


class Tokens(BaseModel):
    access_token: str
    refresh_token: str
    token_type: str = "Bearer"
    expires_in: int


class TokensEnvelope(BaseModel):
    data: Tokens
    meta: Meta
    errors: None = None
