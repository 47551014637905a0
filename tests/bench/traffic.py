"""The requests that are sent, and the users whose next request depends on the last response."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson

from app.security.access_tokens import AccessTokens
from tests.bench.driver import HOST, Caller, LoadError, Script, repeat
from tests.bench.processes import Server, ask

EMAIL = "alice@example.com"
USER_ID = "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"
NAME = "Alice"
ADMIN_EMAIL = "ada@example.com"
PASSWORD = "grey lorry under the lime tree"
TOKEN_SECONDS = 36_000
FLOOR_PATH = "/v1/bench/019c13ec-9e00-7f3e-9d2c-1b0a9f8e7d6c?size=10"
ME_PATH = "/v1/users/me"
REFRESH_PATH = "/v1/auth/refresh"
PATHS: Mapping[str, str] = {
    "floor": FLOOR_PATH,
    "me": ME_PATH,
    "user": f"/v1/users/{USER_ID}",
    "list": "/v1/users?limit=20",
    "search": "/v1/users?q=crowd12&limit=20",
    "cached": f"/v1/users/{USER_ID}/profile",
}
"""What is read, by work."""
OF_ADMINS = ("user", "list", "search")
"""The works that an admin does."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; a body is JSON."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    @property
    def raw(self) -> bytes:
        """The request as it is sent."""
        headers = {"Host": HOST, "Accept": "*/*", **self.headers}
        if self.body:
            headers["Content-Length"] = str(len(self.body.encode()))
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", self.body]).encode()


def get(path: str, token: str) -> Request:
    """Return a GET with a bearer token."""
    return Request(path, headers={"Authorization": f"Bearer {token}"})


def post(path: str, body: object) -> Request:
    """Return a POST of a JSON body."""
    return Request(path, "POST", {"Content-Type": "application/json"}, json.dumps(body))


def patch(path: str, token: str, body: object) -> Request:
    """Return a PATCH of a JSON body with a bearer token."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return Request(path, "PATCH", headers, json.dumps(body))


def login(email: str) -> Request:
    """Return the sign-in of an account of the bench."""
    return post("/v1/auth/login", {"email": email, "password": PASSWORD})


def crowd(number: int) -> str:
    """Return the address of one of the crowd."""
    return f"crowd{number}@example.com"


# Nobody else uses this account, and so many sessions of one account would change what the others read.
LOGIN = login(crowd(1000))


def refresh(token: str) -> Request:
    """Return a refresh."""
    return post(REFRESH_PATH, {"refresh_token": token})


def unused_token(secret: str) -> str:
    """Return an access token of a user and a session that are in no database: the floor asks none."""
    tokens = AccessTokens(secret, None, "charter", "charter", TOKEN_SECONDS, lambda: datetime.now(UTC))
    return tokens.issue(uuid4(), uuid4())


def answer(server: Server, request: Request) -> Any:
    """Return the JSON of the response to one request.

    Raises:
        LoadError: with a response that is not 2xx or not JSON, or why there was none.
    """
    what = f"{server.name}: {request.method} {request.path}"
    try:
        status, body = ask(server.port, request.raw)
    except OSError as error:
        raise LoadError(f"{what}: {error}") from error
    if not 200 <= status < 300:
        wrote = f"\n{server.tail()}" if status >= 500 else ""
        raise LoadError(f"{what} returned {status}: {body[:1000].decode(errors='replace')}{wrote}")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise LoadError(f"{what} returned no JSON: {body[:1000].decode(errors='replace')}") from error


def sign_in(server: Server, email: str = EMAIL) -> tuple[str, str]:
    """Return the access and the refresh token of a new session.

    Raises:
        LoadError: with the response to a failed sign-in, or why there was none.
    """
    data = answer(server, login(email))["data"]
    return data["access_token"], data["refresh_token"]


def callers(request: Request, count: int) -> list[Caller]:
    """Return users who send the same request forever."""
    return [Caller(repeat(request.raw)) for _ in range(count)]


def refreshing(token: str) -> Script:
    """Return the script of a user who refreshes forever, each time with the token just received."""
    while True:
        body = yield refresh(token).raw
        token = orjson.loads(body)["data"]["refresh_token"]
