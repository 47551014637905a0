"""FastAPI as its documentation and SQLAlchemy's write it: async endpoints, SQLAlchemy 2 over asyncpg, Redis for the
cached read.

Typed parameters, response models, dependencies for token, session and right; what a response shows is loaded together
with its rows; asyncpg prepares every statement. No audit, no request log, no rate limit.
"""

import hashlib
import secrets
import time
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import jwt
from fastapi import Depends, FastAPI, HTTPException, Path, Query, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import joinedload, undefer_group

from tests.bench.rivals.claims import AUDIENCE, ISSUER, REQUIRED, SECRET
from tests.bench.rivals.database import Database, cache, lifespan
from tests.bench.rivals.schemas import (
    Account,
    AccountEnvelope,
    AccountsEnvelope,
    Meta,
    OwnedProfile,
    PageMeta,
    Pagination,
    Profile,
    ProfileEnvelope,
    RefreshToken,
    Thing,
    ThingEnvelope,
    Tokens,
    TokensEnvelope,
)
from tests.bench.rivals.tables import Profile as StoredProfile
from tests.bench.rivals.tables import RivalSession, Role, SignIn, User

ACCESS_SECONDS = 900
PROFILE_SECONDS = 300
MAX_COUNTED = 10_000

app = FastAPI(lifespan=lifespan)
bearer = HTTPBearer()


async def claims(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> dict[str, Any]:
    """Return the claims of the bearer token."""
    try:
        return jwt.decode(
            credentials.credentials, SECRET, ["HS256"], audience=AUDIENCE, issuer=ISSUER, options={"require": REQUIRED}
        )
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "invalid token") from error


Claims = Annotated[dict[str, Any], Depends(claims)]


async def current_user(found: Claims, database: Database) -> User:
    """Return the signed-in user with profile, role and permissions, in one statement."""
    user = joinedload(SignIn.user)
    loaded = (user.joinedload(User.profile), user.joinedload(User.role).joinedload(Role.permissions))
    statement = select(SignIn).options(*loaded)
    statement = statement.where(
        SignIn.id == UUID(found["sid"]),
        SignIn.user_id == UUID(found["sub"]),
        SignIn.ended_at.is_(None),
        SignIn.expires_at > func.now(),
        SignIn.idle_expires_at > func.now(),
    )
    session = (await database.scalars(statement)).unique().one_or_none()
    if session is None or session.user.status != "active":
        raise HTTPException(401, "session ended")
    return session.user


CurrentUser = Annotated[User, Depends(current_user)]


def must_hold(user: User, permission: str) -> None:
    """Refuse who does not hold a permission."""
    if not user.role.holds_all and permission not in {held.permission for held in user.role.permissions}:
        raise HTTPException(403, "forbidden")


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that it listens."""
    return {"status": "ok"}


@app.get("/v1/bench/{item_id}")
async def floor(
    _: Claims, item_id: Annotated[UUID, Path()], size: Annotated[int, Query(ge=1, le=100)] = 10
) -> ThingEnvelope:
    """Return a constant."""
    return ThingEnvelope(
        data=Thing(id=UUID("01890a5d-ac96-774b-bcce-b302099a8057"), name="A thing", size=10), meta=Meta()
    )


@app.get("/v1/users/me")
async def me(user: CurrentUser) -> AccountEnvelope:
    """Return the signed-in user."""
    must_hold(user, "account:read")
    return AccountEnvelope(data=shown(user), meta=Meta())


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


@app.get("/v1/users/{user_id}")
async def get_user(user_id: UUID, user: CurrentUser, database: Database) -> AccountEnvelope:
    """Return an account."""
    if user.id != user_id:
        must_hold(user, "users:read")
    whole = select(User).options(joinedload(User.role), joinedload(User.profile)).where(User.id == user_id)
    found = await database.scalar(whole)
    if found is None:
        raise HTTPException(404, "not found")
    return AccountEnvelope(data=shown(found), meta=Meta())


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


@app.post("/v1/auth/refresh")
async def refresh(given: RefreshToken, database: Database) -> TokensEnvelope:
    """Replace a refresh token."""
    session_id, _, secret = given.refresh_token.partition(".")
    fresh = secrets.token_urlsafe(32)
    rotated = (
        update(RivalSession)
        .where(
            RivalSession.id == UUID(session_id),
            RivalSession.token_digest == hashlib.sha256(secret.encode()).digest(),
            RivalSession.idle_expires_at > func.now(),
            RivalSession.expires_at > func.now(),
            User.id == RivalSession.user_id,
            User.status == "active",
        )
        .values(
            token_digest=hashlib.sha256(fresh.encode()).digest(),
            idle_expires_at=func.now() + func.make_interval(0, 0, 0, 30),
        )
        .returning(RivalSession.user_id)
        .execution_options(synchronize_session=False)
    )
    user_id = await database.scalar(rotated)
    if user_id is None:
        raise HTTPException(401, "invalid refresh token")
    await database.commit()
    now = int(time.time())
    found = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(user_id), "sid": session_id, "jti": uuid4().hex}
    token = jwt.encode({**found, "iat": now, "exp": now + ACCESS_SECONDS}, SECRET, "HS256", {"typ": "at+jwt"})
    tokens = Tokens(access_token=token, refresh_token=f"{session_id}.{fresh}", expires_in=ACCESS_SECONDS)
    return TokensEnvelope(data=tokens, meta=Meta())
