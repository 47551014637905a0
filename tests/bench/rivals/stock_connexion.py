"""Connexion as it comes out of the box: FlaskApp, its own routing, security, parameter and response validation.

Its handlers are plain functions on Connexion's threads, each with a psycopg2 connection of its own.
"""

import os
import threading
from pathlib import Path
from typing import Any

import jwt
import psycopg2
from connexion import FlaskApp
from connexion.exceptions import OAuthProblem

from tests.bench.rivals.claims import AUDIENCE, ISSUER, REQUIRED, SECRET

META = {"timestamp": "2026-01-31T12:00:00.000Z", "version": "1.0", "request_id": "01890a5dac96774bbcceb302099a8057"}
PROFILE = ("display_name", "locale", "time_zone", "avatar_url", "bio")
ME = """
    SELECT u.id, u.email, r.name, u.status, u.verified_at, u.created_at, u.updated_at,
           p.display_name, p.locale, p.time_zone, p.avatar_url, p.bio
    FROM sessions s
    JOIN users u ON u.id = s.user_id
    JOIN roles r ON r.id = u.role_id
    JOIN user_profiles p ON p.user_id = u.id
    WHERE s.id = %s AND s.user_id = %s AND s.ended_at IS NULL AND s.idle_expires_at > now() AND s.expires_at > now()
      AND u.status = 'active' AND (r.holds_all OR EXISTS (
        SELECT FROM role_permissions h WHERE h.role_id = r.id AND h.permission = 'account:read'))"""

local = threading.local()


def bearer(token: str) -> dict[str, Any]:
    """Return the claims of the bearer token."""
    try:
        return jwt.decode(token, SECRET, ["HS256"], audience=AUDIENCE, issuer=ISSUER, options={"require": REQUIRED})
    except jwt.InvalidTokenError as error:
        raise OAuthProblem("invalid token") from error


def floor(item_id: str, size: int = 10) -> dict[str, Any]:
    """Return a constant."""
    return {
        "data": {"id": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "A thing", "size": 10},
        "meta": META,
        "errors": None,
    }


def me(user: str, token_info: dict[str, Any]) -> Any:
    """Return the caller."""
    with connection().cursor() as cursor:
        cursor.execute(ME, (token_info["sid"], user))
        row = cursor.fetchone()
    if row is None:
        raise OAuthProblem("session ended")
    data = {
        "id": row[0],
        "email": row[1],
        "role": row[2],
        "status": row[3],
        "email_verified": row[4] is not None,
        "created_at": row[5].isoformat(),
        "updated_at": row[6].isoformat(),
        "profile": dict(zip(PROFILE, row[7:], strict=True)),
    }
    return {"data": data, "meta": META, "errors": None}


def connection() -> Any:
    """Return this thread's own connection."""
    if not hasattr(local, "connection"):
        local.connection = psycopg2.connect(os.environ["DATABASE_URL"])
        local.connection.autocommit = True
    return local.connection


app = FlaskApp(__name__, specification_dir=Path(__file__).parent)
app.add_api("stock_connexion.yaml", strict_validation=True, validate_responses=True)
