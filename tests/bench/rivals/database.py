"""The databases of the FastAPI rival, as SQLAlchemy's and redis-py's documentation open them."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import redis.asyncio
from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

CONNECTIONS = 16

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://", 1),
    pool_size=CONNECTIONS,
    max_overflow=0,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
cache = redis.asyncio.Redis.from_url(os.environ["REDIS_URL"])


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """Close the connections at the end."""
    yield
    await engine.dispose()
    await cache.aclose()


async def open_session() -> AsyncIterator[AsyncSession]:
    """Lend a session for one request."""
    async with sessions() as session:
        yield session


Database = Annotated[AsyncSession, Depends(open_session)]
