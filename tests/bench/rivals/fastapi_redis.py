"""FastAPI as one writes it for many readers: async endpoints, SQLAlchemy 2 over asyncpg, and Redis for what is cached.

The list page and the cached read, in Charter's shapes: typed parameters, response models, relations loaded with the
rows; no audit, no rate limit, no request log.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import redis.asyncio
from fastapi import Depends, FastAPI, HTTPException, Query, Response
from pydantic import BaseModel
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload, undefer_group

from tests.bench.rivals.fastapi_async import Account, Claims, Meta, Profile
from tests.bench.rivals.tables import Profile as StoredProfile
from tests.bench.rivals.tables import Role, SignIn, User

CONNECTIONS = 16
PROFILE_SECONDS = 300
MAX_COUNTED = 10_000

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://", 1),
    pool_size=CONNECTIONS,
    max_overflow=0,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
cache = redis.asyncio.Redis.from_url(os.environ["REDIS_URL"])


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


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Close the connections at the end."""
    yield
    await engine.dispose()
    await cache.aclose()


app = FastAPI(lifespan=lifespan)


async def open_session() -> AsyncIterator[AsyncSession]:
    """Lend a session for one request."""
    async with sessions() as session:
        yield session


Database = Annotated[AsyncSession, Depends(open_session)]


async def current_user(found: Claims, database: Database) -> User:
    """Return the signed-in user, with the role and its permissions, in one statement."""
    loaded = joinedload(SignIn.user).joinedload(User.role).joinedload(Role.permissions)
    signed_in = (await database.scalars(select(SignIn).options(loaded).where(SignIn.id == UUID(found["sid"])))).unique()
    session = signed_in.one_or_none()
    now = datetime.now(UTC)
    if session is None or session.ended_at or session.expires_at <= now or session.idle_expires_at <= now:
        raise HTTPException(401, "session ended")
    user = session.user
    if str(user.id) != found["sub"] or user.status != "active":
        raise HTTPException(401, "session ended")
    return user


CurrentUser = Annotated[User, Depends(current_user)]


def must_hold(user: User, permission: str) -> None:
    """Refuse who does not hold a permission."""
    if not user.role.holds_all and permission not in {held.permission for held in user.role.permissions}:
        raise HTTPException(403, "forbidden")


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that it listens."""
    return {"status": "ok"}


@app.get("/v1/users")
async def list_users(
    user: CurrentUser,
    database: Database,
    response: Response,
    q: Annotated[str | None, Query(max_length=100)] = None,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> AccountsEnvelope:
    """Return a page of accounts, newest first, and how many there are."""
    must_hold(user, "users:list")
    conditions: list[ColumnElement[bool]] = []
    if q is not None:
        prefix = q.lower()
        conditions.append(
            or_(User.email.startswith(prefix, autoescape=True), User.name_key.startswith(prefix, autoescape=True))
        )
    matches = select(User.id).where(*conditions).limit(MAX_COUNTED + 1).subquery()
    counted = await database.scalar(select(func.count()).select_from(matches)) or 0
    page = (
        select(User)
        .options(joinedload(User.role), joinedload(User.profile))
        .where(*conditions)
        .order_by(User.created_at.desc(), User.id.desc())
        .offset(offset)
        .limit(limit)
    )
    found = (await database.scalars(page)).all()
    asked = {"q": q} if q is not None else {}
    following, previous = (
        f"/v1/users?{urlencode({**asked, 'limit': limit, 'offset': at})}" if there else None
        for at, there in ((offset + limit, counted > offset + limit), (max(offset - limit, 0), offset > 0))
    )
    links = (("next", following), ("prev", previous))
    if link := ", ".join(f'<{address}>; rel="{name}"' for name, address in links if address):
        response.headers["Link"] = link
    pagination = Pagination(
        offset=offset,
        limit=limit,
        total=min(counted, MAX_COUNTED),
        total_is_exact=counted <= MAX_COUNTED,
        next=following,
        previous=previous,
    )
    return AccountsEnvelope(data=[shown(account) for account in found], meta=PageMeta(pagination=pagination))


def shown(account: User) -> Account:
    """Return an account as clients see it."""
    return Account(
        id=account.id,
        email=account.email,
        role=account.role.name,
        status=account.status,
        email_verified=account.verified_at is not None,
        created_at=account.created_at,
        updated_at=account.updated_at,
        profile=Profile.model_validate(account.profile, from_attributes=True),
    )


@app.get("/v1/users/{user_id}/profile", response_model=ProfileEnvelope)
async def get_profile(user_id: UUID, user: CurrentUser, database: Database) -> Any:
    """Return a profile: what is cached goes out as it is."""
    if user.id != user_id:
        must_hold(user, "profiles:read")
    key = f"rival:profile:{user_id}"
    body = await cache.get(key)
    if body is None:
        whole = select(StoredProfile).options(undefer_group("times")).where(StoredProfile.user_id == user_id)
        stored = await database.scalar(whole)
        if stored is None:
            raise HTTPException(404, "not found")
        envelope = ProfileEnvelope(data=OwnedProfile.model_validate(stored, from_attributes=True), meta=Meta())
        body = envelope.model_dump_json().encode()
        await cache.set(key, body, ex=PROFILE_SECONDS)
    return Response(body, media_type="application/json", headers={"Cache-Control": "private, no-cache"})
