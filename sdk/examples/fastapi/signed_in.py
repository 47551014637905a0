"""Who calls: a dependency for FastAPI that checks the access token and asks Charter whether its session lives."""

import hashlib
import os
import time
from typing import Self

import httpx
import jwt
from charter_client import (
    AsyncCharter,
    CharterError,
    InvalidToken,
    RateLimited,
    SessionEnded,
    Unauthenticated,
)
from charter_client.models import User
from fastapi import HTTPException, Request

from public_keys import PublicKeys

TIMEOUT_SECONDS = 5
REQUIRED = ["exp", "iat", "sub", "sid"]
MAX_REMEMBERED = 10_000


class SignedIn:
    """Gives the account that a request is for, or responds with 401.

    Args:
        url: of Charter.
        issuer: JWT_ISSUER of that deployment.
        audience: JWT_AUDIENCE of that deployment.
        session_seconds: how long a read may rely on what Charter said about the session before; 0: ask each time.
        cooldown: how many seconds pass at least between two requests for the keys.
    """

    def __init__(self, url: str, issuer: str, audience: str, session_seconds: float, cooldown: float) -> None:
        self._url, self._issuer, self._audience = url, issuer, audience
        self._session_seconds = session_seconds
        self._http = httpx.AsyncClient()
        self._keys = PublicKeys(AsyncCharter(url, http_client=self._http, timeout=TIMEOUT_SECONDS), cooldown)
        self._known: dict[bytes, tuple[float, User]] = {}

    @classmethod
    def from_environment(cls) -> Self:
        """Read the configuration from environment variables."""
        return cls(
            os.environ.get("CHARTER_URL", "http://127.0.0.1:8080"),
            os.environ.get("JWT_ISSUER", "charter"),
            os.environ.get("JWT_AUDIENCE", "charter"),
            float(os.environ.get("SESSION_SECONDS", "0")),
            float(os.environ.get("KEYS_COOLDOWN_SECONDS", "10")),
        )

    async def close(self) -> None:
        """Close the connections to Charter."""
        await self._http.aclose()

    async def __call__(self, request: Request) -> User:
        """Return the account of the caller.

        Raises:
            HTTPException: 401 if the token is not valid or its session has ended, 429 if the account asks too often,
                503 if Charter does not say.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthorized("A bearer token is missing.")
        try:
            await self._check_signature(token)
            return await self._account(token, may_remember=request.method in ("GET", "HEAD"))
        except (InvalidToken, SessionEnded, Unauthenticated, jwt.InvalidTokenError) as error:
            raise _unauthorized("The token is not valid, or its session has ended.") from error
        except RateLimited as error:
            raise _later(429, "Too many requests.", error.retry_after) from error
        except CharterError as error:
            raise _later(503, "Whether you are signed in cannot be found out now.", None) from error

    async def _check_signature(self, token: str) -> None:
        """Check what can be checked here, so that a forged token costs Charter nothing.

        While Charter signs with a shared secret it publishes no keys, and checks the token itself when it is asked.

        Raises:
            jwt.InvalidTokenError: it is not a token of this Charter for this audience, or it has expired.
            CharterError: the keys cannot be had.
        """
        if await self._keys.are_empty():
            return
        header = jwt.get_unverified_header(token)
        key = await self._keys.find(str(header.get("kid")))
        if key is None or header.get("typ") != "at+jwt":
            raise jwt.InvalidTokenError
        jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=self._audience,
            issuer=self._issuer,
            options={"require": REQUIRED},
        )

    async def _account(self, token: str, *, may_remember: bool) -> User:
        """Ask Charter with the token itself: `get_me` is a success only while the session lives."""
        digest = hashlib.sha256(token.encode()).digest()
        until, known = self._known.get(digest, (0.0, None))
        if may_remember and known is not None and time.time() < until:
            return known
        self._known.pop(digest, None)
        client = AsyncCharter(self._url, access_token=token, http_client=self._http, timeout=TIMEOUT_SECONDS, retries=1)
        user = await client.me.get_me()
        if self._session_seconds:
            self._remember(digest, token, user)
        return user

    def _remember(self, digest: bytes, token: str, user: User) -> None:
        # Charter has accepted the token, so its claims are true.
        expires = jwt.decode(token, options={"verify_signature": False})["exp"]
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known[digest] = min(time.time() + self._session_seconds, expires), user


def _unauthorized(message: str) -> HTTPException:
    return HTTPException(401, message, {"WWW-Authenticate": "Bearer"})


def _later(status: int, message: str, seconds: float | None) -> HTTPException:
    return HTTPException(status, message, {"Retry-After": str(int(seconds or 1) or 1)})
