"""fastapi-users as its documentation has it: SQLAlchemy over asyncpg, bearer tokens that are kept in the database.

An account has no role and no profile here; a superuser may read every account.
"""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport
from fastapi_users.authentication.strategy.db import DatabaseStrategy
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users_db_sqlalchemy.access_token import SQLAlchemyAccessTokenDatabase, SQLAlchemyBaseAccessTokenTableUUID
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

SECRET = "no token of this rival is signed with it"
SECONDS = 36_000

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://", 1), pool_size=16, max_overflow=0
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """The metadata of its tables."""


class User(SQLAlchemyBaseUserTableUUID, Base):
    """An account."""


class AccessToken(SQLAlchemyBaseAccessTokenTableUUID, Base):
    """A token."""


async def open_session() -> AsyncIterator[AsyncSession]:
    """Lend a session for one request."""
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(open_session)]


async def accounts(session: Session) -> Any:
    """Return the accounts."""
    yield SQLAlchemyUserDatabase(session, User)


async def tokens(session: Session) -> Any:
    """Return the tokens."""
    yield SQLAlchemyAccessTokenDatabase(session, AccessToken)


class Manager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    """What happens to accounts."""

    reset_password_token_secret = verification_token_secret = SECRET


async def manager(database: Annotated[Any, Depends(accounts)]) -> Any:
    """Return the manager."""
    yield Manager(database)


def strategy(database: Annotated[Any, Depends(tokens)]) -> DatabaseStrategy:
    """Return how tokens are kept."""
    return DatabaseStrategy(database, lifetime_seconds=SECONDS)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Make the tables."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


class UserRead(schemas.BaseUser[uuid.UUID]):
    """An account as clients see it."""


class UserCreate(schemas.BaseUserCreate):
    """A new account."""


class UserUpdate(schemas.BaseUserUpdate):
    """A change of an account."""


backend = AuthenticationBackend("database", BearerTransport(tokenUrl="auth/login"), strategy)
users = FastAPIUsers[User, uuid.UUID](manager, [backend])
app = FastAPI(lifespan=lifespan)
app.include_router(users.get_auth_router(backend), prefix="/auth")
app.include_router(users.get_register_router(UserRead, UserCreate), prefix="/auth")
app.include_router(users.get_users_router(UserRead, UserUpdate), prefix="/users")


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that it listens."""
    return {"status": "ok"}
