"""The requests that are sent, as bytes, and the scripts of users whose next request depends on the last response."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

import orjson

from app.security.access_tokens import AccessTokens
from tests.bench.driver import Caller, LoadError, Script, repeat
from tests.bench.processes import Server, ask

EMAIL = "alice@example.com"
USER_ID = "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"
ADMIN_EMAIL = "ada@example.com"
PASSWORD = "grey lorry under the lime tree"
TOKEN_SECONDS = 36_000
FLOOR_PATH = "/v1/bench/019c13ec-9e00-7f3e-9d2c-1b0a9f8e7d6c?size=10"
ME_PATH = "/v1/users/me"
PATHS: Mapping[str, str] = {
    "floor": FLOOR_PATH,
    "me": ME_PATH,
    "list": "/v1/users?limit=20",
    "search": "/v1/users?q=crowd12&limit=20",
    "cached": f"/v1/users/{USER_ID}/profile",
}
"""What is read, by work."""


def get(path: str, token: str) -> bytes:
    """Return a GET with a bearer token."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def post(path: str, body: object) -> bytes:
    """Return a POST of a JSON body."""
    content = orjson.dumps(body)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


def login(email: str) -> bytes:
    """Return the sign-in of an account of the bench."""
    return post("/v1/auth/login", {"email": email, "password": PASSWORD})


LOGIN = login(EMAIL)


def unused_token(secret: str) -> str:
    """Return an access token of a user and a session that are in no database: the floor asks none."""
    tokens = AccessTokens(secret, None, "charter", "charter", TOKEN_SECONDS, lambda: datetime.now(UTC))
    return tokens.issue(uuid4(), uuid4())


def sign_in(server: Server, email: str = EMAIL) -> tuple[str, str]:
    """Return the access and the refresh token of a new session.

    Raises:
        LoadError: with the response to a failed sign-in, or why there was none.
    """
    try:
        status, body = ask(server.port, login(email))
    except OSError as error:
        raise LoadError(f"signing in: {error}") from error
    if status != 200:
        raise LoadError(f"the sign-in returned {status}: {body[:1000].decode(errors='replace')}")
    data = orjson.loads(body)["data"]
    return data["access_token"], data["refresh_token"]


def callers(request: bytes, count: int) -> list[Caller]:
    """Return users who send the same request forever."""
    return [Caller(repeat(request)) for _ in range(count)]


def refreshing(token: str) -> Script:
    """Return the script of a user who refreshes forever, each time with the token just received."""
    while True:
        body = yield post("/v1/auth/refresh", {"refresh_token": token})
        token = orjson.loads(body)["data"]["refresh_token"]
