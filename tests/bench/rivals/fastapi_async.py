"""FastAPI the ordinary way: the floor in an async endpoint, `me` with SQLAlchemy 2 models in the thread pool.

Typed parameters, response models, dependencies for token, session, right; no audit, no request log.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import jwt
from fastapi import Depends, FastAPI, HTTPException, Path, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy.orm import Session

from tests.bench.rivals.claims import AUDIENCE, ISSUER, REQUIRED, SECRET
from tests.bench.rivals.tables import SignIn, User, engine, open_session

bearer = HTTPBearer()


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


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Close the connections at the end."""
    yield
    engine.dispose()


app = FastAPI(lifespan=lifespan)


async def claims(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> dict[str, Any]:
    """Return the claims of the bearer token."""
    try:
        return jwt.decode(
            credentials.credentials, SECRET, ["HS256"], audience=AUDIENCE, issuer=ISSUER, options={"require": REQUIRED}
        )
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "invalid token") from error


Claims = Annotated[dict[str, Any], Depends(claims)]
Database = Annotated[Session, Depends(open_session)]


def current_user(found: Claims, database: Database) -> User:
    """Return the signed-in user."""
    session = database.get(SignIn, UUID(found["sid"]))
    now = datetime.now(UTC)
    if session is None or session.ended_at or session.expires_at <= now or session.idle_expires_at <= now:
        raise HTTPException(401, "session ended")
    user = session.user
    if str(user.id) != found["sub"] or user.status != "active":
        raise HTTPException(401, "session ended")
    return user


def may_read_account(user: Annotated[User, Depends(current_user)]) -> User:
    """Return the signed-in user if the role holds the right."""
    if not user.role.holds_all and "account:read" not in {held.permission for held in user.role.permissions}:
        raise HTTPException(403, "forbidden")
    return user


@app.get("/v1/bench/{item_id}")
async def floor(
    _: Claims, item_id: Annotated[UUID, Path()], size: Annotated[int, Query(ge=1, le=100)] = 10
) -> ThingEnvelope:
    """Return a constant."""
    return ThingEnvelope(
        data=Thing(id=UUID("01890a5d-ac96-774b-bcce-b302099a8057"), name="A thing", size=10), meta=Meta()
    )


@app.get("/v1/users/me")
def me(user: Annotated[User, Depends(may_read_account)]) -> AccountEnvelope:
    """Return the signed-in user."""
    return AccountEnvelope(
        data=Account(
            id=user.id,
            email=user.email,
            role=user.role.name,
            status=user.status,
            email_verified=user.verified_at is not None,
            created_at=user.created_at,
            updated_at=user.updated_at,
            profile=Profile.model_validate(user.profile, from_attributes=True),
        ),
        meta=Meta(),
    )
