"""The least that does the work: ASGI by hand, PyJWT, orjson, psycopg2 in a thread pool, redis-py for the cached read.

Each connection prepares its statements once, as an expert would. No framework, no document, no audit, no request log,
no rate limit.
"""

import asyncio
import hashlib
import os
import re
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import jwt
import orjson
import psycopg2
import psycopg2.extensions
import redis

from tests.bench.rivals.claims import AUDIENCE, ISSUER, REQUIRED, SECRET
from tests.bench.rivals.statements import PREPARED

THREADS = 8
ACCESS_SECONDS = 900
PROFILE_SECONDS = 300
MAX_COUNTED = 10_000
UUID = "([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
ITEM = re.compile(f"/v1/bench/{UUID}")
USER = re.compile(f"/v1/users/{UUID}(/profile)?")
CONSTANT = {"id": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "A thing", "size": 10}
META = {"timestamp": "2026-01-31T12:00:00.000Z", "version": "1.0", "request_id": "01890a5dac96774bbcceb302099a8057"}
PROFILE = ("display_name", "locale", "time_zone", "avatar_url", "bio")

pool = ThreadPoolExecutor(THREADS)
local = threading.local()
cache = redis.Redis.from_url(os.environ["REDIS_URL"])


class RefusalError(Exception):
    """A response that is not 200."""

    def __init__(self, status: int, code: str) -> None:
        self.status = status
        self.code = code


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Serve the floor, the reads of accounts, and the refresh."""
    if scope["type"] != "http":
        return
    status, extra = 200, []
    try:
        body = await route(scope, receive, extra)
    except RefusalError as refusal:
        status, errors = refusal.status, [{"code": refusal.code, "message": "Refused."}]
        body = dumped({"data": None, "meta": META, "errors": errors})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def route(scope: Any, receive: Any, extra: list[tuple[bytes, bytes]]) -> bytes:
    """Return the body of the response; its further headers are added to `extra`."""
    path, method = scope["path"], scope["method"]
    if path == "/v1/auth/refresh" and method == "POST":
        return await in_thread(refresh, await read(receive))
    if method != "GET":
        raise RefusalError(405, "METHOD_NOT_ALLOWED")
    if path == "/v1/users/me":
        return await in_thread(me, bearer(scope))
    if path == "/v1/users":
        return await in_thread(page, bearer(scope), *page_of(scope["query_string"].decode()), extra)
    if user := USER.fullmatch(path):
        if user[2]:
            extra.append((b"cache-control", b"private, no-cache"))
        return await in_thread(profile if user[2] else account, bearer(scope), user[1])
    if item := ITEM.fullmatch(path):
        bearer(scope)
        return floor(item[1], scope["query_string"].decode())
    raise RefusalError(404, "NOT_FOUND")


def in_thread(function: Any, *arguments: Any) -> Any:
    """Run a function that waits for a database."""
    return asyncio.get_running_loop().run_in_executor(pool, function, *arguments)


async def read(receive: Any) -> bytes:
    """Return the body of the request."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


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


def number(given: dict[str, list[str]], name: str, default: int, least: int, most: int) -> int:
    """Return a number of the query.

    Raises:
        RefusalError: it is no number, or out of bounds.
    """
    try:
        value = int(given.get(name, [str(default)])[0])
    except ValueError as error:
        raise RefusalError(400, "VALIDATION_ERROR") from error
    if not least <= value <= most:
        raise RefusalError(400, "VALIDATION_ERROR")
    return value


def floor(item_id: str, query: str) -> bytes:
    """Check the parameters and return a constant."""
    given = parse_qs(query)
    if given.keys() - {"size"}:
        raise RefusalError(400, "VALIDATION_ERROR")
    number(given, "size", 10, 1, 100)
    return enveloped(CONSTANT)


def page_of(query: str) -> tuple[int, int]:
    """Return the limit and the offset."""
    given = parse_qs(query)
    if given.keys() - {"limit", "offset"}:
        raise RefusalError(400, "VALIDATION_ERROR")
    return number(given, "limit", 20, 1, 100), number(given, "offset", 0, 0, 10_000)


def me(claims: dict[str, Any]) -> bytes:
    """Return the caller."""
    return enveloped(shown(rows_of("EXECUTE me (%s, %s, %s)", claims, "account:read")[0]))


def account(claims: dict[str, Any], user_id: str) -> bytes:
    """Return an account."""
    [row] = rows_of("EXECUTE account (%s, %s, %s, %s)", claims, "users:read", user_id)
    if row[1] is None:
        raise RefusalError(404, "NOT_FOUND")
    return enveloped(shown(row))


def page(claims: dict[str, Any], limit: int, offset: int, extra: list[tuple[bytes, bytes]]) -> bytes:
    """Return a page of accounts."""
    rows = rows_of("EXECUTE page (%s, %s, %s, %s, %s)", claims, "users:list", limit, offset)
    counted = rows[0][-1]
    following, previous = (
        f"/v1/users?limit={limit}&offset={at}" if there else None
        for at, there in ((offset + limit, counted > offset + limit), (max(offset - limit, 0), offset > 0))
    )
    links = [f'<{at}>; rel="{name}"' for name, at in (("next", following), ("prev", previous)) if at]
    if links:
        extra.append((b"link", ", ".join(links).encode()))
    pagination = {
        "offset": offset,
        "limit": limit,
        "total": min(counted, MAX_COUNTED),
        "total_is_exact": counted <= MAX_COUNTED,
        "next": following,
        "previous": previous,
    }
    found = [shown(row) for row in rows if row[1] is not None]
    return dumped({"data": found, "meta": {**META, "pagination": pagination}, "errors": None})


def profile(claims: dict[str, Any], user_id: str) -> bytes:
    """Return a profile: what is cached is sent as it is."""
    rows_of("EXECUTE may_read (%s, %s, %s, %s)", claims, "profiles:read", user_id)
    key = f"rival:hand:{user_id}"
    body: bytes | None = cache.get(key)
    if body is None:
        found = rows("EXECUTE profile (%s)", user_id)
        if not found:
            raise RefusalError(404, "NOT_FOUND")
        body = enveloped(dict(zip(("user_id", *PROFILE, "created_at", "updated_at"), found[0], strict=True)))
        cache.set(key, body, ex=PROFILE_SECONDS)
    return body


def refresh(body: bytes) -> bytes:
    """Replace a refresh token."""
    try:
        session_id, _, secret = orjson.loads(body)["refresh_token"].partition(".")
    except (KeyError, TypeError, AttributeError, orjson.JSONDecodeError) as error:
        raise RefusalError(400, "VALIDATION_ERROR") from error
    fresh = secrets.token_urlsafe(32)
    digests = (hashlib.sha256(one.encode()).digest() for one in (secret, fresh))
    found = rows("EXECUTE rotate (%s, %s, %s)", session_id, *digests)
    if not found:
        raise RefusalError(401, "INVALID_REFRESH_TOKEN")
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": found[0][0], "sid": session_id, "jti": uuid4().hex}
    token = jwt.encode({**claims, "iat": now, "exp": now + ACCESS_SECONDS}, SECRET, "HS256", {"typ": "at+jwt"})
    tokens = {"access_token": token, "refresh_token": f"{session_id}.{fresh}"}
    return enveloped({**tokens, "token_type": "Bearer", "expires_in": ACCESS_SECONDS})


def rows_of(statement: str, claims: dict[str, Any], permission: str, *more: Any) -> list[Any]:
    """Run a statement that finds out whether the caller may; return its rows, of which there is one at least."""
    found = rows(statement, claims["sid"], claims["sub"], permission, *more)
    if not found:
        raise RefusalError(401, "SESSION_ENDED")
    if not found[0][0]:
        raise RefusalError(403, "FORBIDDEN")
    return found


def rows(statement: str, *parameters: Any) -> list[Any]:
    """Run a statement on this thread's own connection."""
    try:
        cursor = local.cursor
    except AttributeError:
        cursor = local.cursor = connect().cursor()
    cursor.execute(statement, parameters)
    found: list[Any] = cursor.fetchall()
    return found


def connect() -> psycopg2.extensions.connection:
    """Return a connection with everything prepared."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        # Planning the page again for each limit would take longer than reading it.
        cursor.execute("SET plan_cache_mode = force_generic_plan")
        # Else the count scans the table or an index by chance; the index takes 40 % longer.
        cursor.execute("SET enable_indexonlyscan = off")
        for name, statement in PREPARED.items():
            cursor.execute(f"PREPARE {name} AS {statement}")
    return connection


def shown(row: Any) -> dict[str, Any]:
    """Return an account as clients see it."""
    return {
        "id": row[1],
        "email": row[2],
        "role": row[7],
        "status": row[3],
        "email_verified": row[4] is not None,
        "created_at": row[5],
        "updated_at": row[6],
        "profile": dict(zip(PROFILE, row[8:13], strict=True)),
    }


def enveloped(data: Any) -> bytes:
    """Return a body."""
    return dumped({"data": data, "meta": META, "errors": None})


def dumped(value: Any) -> bytes:
    """Write JSON; times in RFC 3339."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)
