"""The least that does the work: ASGI by hand, PyJWT, orjson, and for `me` one joined SELECT on a psycopg2 connection.

No framework, no document, no audit, no request log.
"""

import asyncio
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import jwt
import orjson
import psycopg2
import psycopg2.extensions

from tests.bench.rivals.claims import AUDIENCE, ISSUER, REQUIRED, SECRET

THREADS = 16
ITEM = re.compile(r"/v1/bench/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
CONSTANT = {"id": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "A thing", "size": 10}
META = {"timestamp": "2026-01-31T12:00:00.000Z", "version": "1.0", "request_id": "01890a5dac96774bbcceb302099a8057"}
ACCOUNT = """
    SELECT u.id, u.email, u.status, u.verified_at, u.created_at, u.updated_at, r.name,
           p.display_name, p.locale, p.time_zone, p.avatar_url, p.bio,
           r.holds_all OR EXISTS (SELECT FROM role_permissions h WHERE h.role_id = r.id AND h.permission = %s)
    FROM sessions s
    JOIN users u ON u.id = s.user_id
    JOIN roles r ON r.id = u.role_id
    JOIN user_profiles p ON p.user_id = u.id
    WHERE s.id = %s AND s.user_id = %s AND s.ended_at IS NULL AND s.idle_expires_at > now() AND s.expires_at > now()
      AND u.status = 'active'"""

pool = ThreadPoolExecutor(THREADS)
local = threading.local()


class RefusalError(Exception):
    """A response that is not 200."""

    def __init__(self, status: int, code: str) -> None:
        self.status = status
        self.code = code


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer GET /v1/bench/{item_id} and GET /v1/users/me."""
    if scope["type"] != "http":
        return
    try:
        data, status, errors = await route(scope), 200, None
    except RefusalError as refusal:
        data, status, errors = None, refusal.status, [{"code": refusal.code, "message": "Refused."}]
    body = orjson.dumps({"data": data, "meta": META, "errors": errors})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def route(scope: Any) -> dict[str, Any]:
    """Return the data of the response."""
    path = scope["path"]
    if scope["method"] != "GET":
        raise RefusalError(405, "METHOD_NOT_ALLOWED")
    if path == "/v1/users/me":
        claims = bearer(scope)
        return await asyncio.get_running_loop().run_in_executor(pool, me, claims["sub"], claims["sid"])
    if item := ITEM.fullmatch(path):
        bearer(scope)
        return floor(item[1], scope["query_string"].decode())
    raise RefusalError(404, "NOT_FOUND")


def bearer(scope: Any) -> dict[str, Any]:
    """Return the claims of the bearer token."""
    for name, value in scope["headers"]:
        if name == b"authorization" and value.startswith(b"Bearer "):
            try:
                return jwt.decode(
                    value[7:], SECRET, ["HS256"], audience=AUDIENCE, issuer=ISSUER, options={"require": REQUIRED}
                )
            except jwt.InvalidTokenError as error:
                raise RefusalError(401, "INVALID_TOKEN") from error
    raise RefusalError(401, "UNAUTHENTICATED")


def floor(item_id: str, query: str) -> dict[str, Any]:
    """Check the parameters and return a constant."""
    given = parse_qs(query)
    if given.keys() - {"size"}:
        raise RefusalError(400, "VALIDATION_ERROR")
    try:
        size = int(given.get("size", ["10"])[0])
    except ValueError as error:
        raise RefusalError(400, "VALIDATION_ERROR") from error
    if not 1 <= size <= 100:
        raise RefusalError(400, "VALIDATION_ERROR")
    return CONSTANT


def me(user_id: str, session_id: str) -> dict[str, Any]:
    """Load session, user, role, profile and right at once, and return the user."""
    with connection().cursor() as cursor:
        cursor.execute(ACCOUNT, ("account:read", session_id, user_id))
        row = cursor.fetchone()
    if row is None:
        raise RefusalError(401, "SESSION_ENDED")
    if not row[12]:
        raise RefusalError(403, "FORBIDDEN")
    return {
        "id": row[0],
        "email": row[1],
        "role": row[6],
        "status": row[2],
        "email_verified": row[3] is not None,
        "created_at": rfc3339(row[4]),
        "updated_at": rfc3339(row[5]),
        "profile": dict(zip(("display_name", "locale", "time_zone", "avatar_url", "bio"), row[7:12], strict=True)),
    }


def connection() -> psycopg2.extensions.connection:
    """Return this thread's own connection."""
    if not hasattr(local, "connection"):
        local.connection = psycopg2.connect(os.environ["DATABASE_URL"])
        local.connection.autocommit = True
    found: psycopg2.extensions.connection = local.connection
    return found


def rfc3339(moment: datetime) -> str:
    """Write a time the way Charter does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
