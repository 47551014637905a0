"""Law 10: no secret leaves. A walk over every operation with marked secrets, and then a look into everything kept.

The log is that of a process of its own that says as much as it can: every level, every query as a slow one.
"""

import json
import signal
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest

from app.config import Config
from app.pipeline.contract import read_contract
from tests import leaks
from tests.command import Server
from tests.gateways import TESTED
from tests.service import REFRESH_KEYS, SECRET
from tests.wire import data

METRICS_TOKEN = "9e107d9d372bb6826bd81d3542a419d6b8a1"
ADMIN = {"email": "root@example.com", "password": "marked root lantern 1"}
ADA = {"email": "ada@example.com", "password": "marked ada quarry 2"}
EVE = {"email": "eve@example.com", "password": "marked eve velvet 3"}
NEW_PASSWORD = "marked ada anchor 4"
WRONG_PASSWORD = "marked wrong turnip 5"
MADE_UP = "marked.madeup.token"
INVITATION = "marked invitation 6"
PROFILE = {"display_name": "Ada", "locale": None, "time_zone": None, "avatar_url": None, "bio": None}


class Walk:
    """Calls the service, and gathers the secrets it gives out and the responses that should hold none.

    Attributes:
        secrets: every text that must not be found anywhere, by what it is.
        told: answers, but for those that hand out tokens, as text with their headers.
    """

    def __init__(self, address: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=30)
        self.told: list[str] = []
        self.secrets = {
            "the token secret": SECRET,
            "the refresh key": REFRESH_KEYS.split(":")[1],
            "the metrics token": METRICS_TOKEN,
            "the admin's password": ADMIN["password"],
            "ada's password": ADA["password"],
            "eve's password": EVE["password"],
            "a new password": NEW_PASSWORD,
            "a wrong password": WRONG_PASSWORD,
            "a made-up token": MADE_UP,
            "the invitation code": INVITATION,
            "a password's hash": "$2b$",
        }

    def call(self, status: int, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        """Call, and keep the response as one that holds no secret."""
        response = self._send(status, method, path, token, **options)
        self.told.append(f"{response.headers}\n{response.text}")
        return response

    def tokens(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        """Call what hands out tokens, and mark them as secret."""
        found: dict[str, Any] = data(self._send(200, "POST", path, json=body))
        for name in ("access_token", "refresh_token"):
            number = len(self.secrets)
            self.secrets[f"{name} {number}"] = found[name]
            self.secrets[f"the end of {name} {number}"] = found[name].split(".")[-1][-24:]
        return found

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def _send(
        self, status: int, method: str, path: str, token: str | None = None, *, headers: Any = None, **options: Any
    ) -> httpx.Response:
        headers = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        response = self._http.request(method, path, headers=headers, **options)
        assert response.status_code == status, f"{method} {path}: {response.text}"
        return response


def _walk_everywhere(walk: Walk) -> None:
    """Call every operation at least once as it is meant."""
    call = walk.call
    call(202, "POST", "/v1/auth/register", json=ADA)
    root = walk.tokens("/v1/auth/login", ADMIN)["access_token"]
    ada = walk.tokens("/v1/auth/login", ADA)
    me, path = ada["access_token"], f"/v1/users/{ada['user']['id']}"
    eve = data(
        call(201, "POST", "/v1/users", root, json={**EVE, "email_verified": True}, headers={"Idempotency-Key": "1"}),
        201,
    )
    call(200, "GET", "/v1/users?q=ada", root)
    call(201, "POST", "/v1/roles", root, json={"name": "clerk", "description": "", "permissions": ["users:list"]})
    call(200, "PATCH", "/v1/roles/clerk", root, json={"permissions": []})
    for shown in ("/v1/roles", "/v1/roles/clerk", "/v1/permissions"):
        call(200, "GET", shown, root)
    call(204, "DELETE", "/v1/roles/clerk", root)
    _look_after(walk, root)
    call(200, "PATCH", path, root, json={"email_verified": True})
    call(200, "PUT", f"{path}/role", root, json={"role": "user"})
    call(200, "POST", f"/v1/users/{eve['id']}/suspend", root, json={"reason": "for a while"})
    call(200, "POST", f"/v1/users/{eve['id']}/restore", root)
    call(204, "DELETE", f"/v1/users/{eve['id']}", root)
    for shown in ("/v1/users/me", path, f"{path}/profile"):
        call(200, "GET", shown, me)
    call(200, "PATCH", "/v1/users/me", me, json={"bio": "Writes notes."})
    call(200, "PUT", f"{path}/profile", me, json=PROFILE, headers={"If-Match": "*"})
    call(
        204,
        "PUT",
        "/v1/users/me/password",
        me,
        json={"current_password": ADA["password"], "new_password": NEW_PASSWORD},
    )
    walk.tokens("/v1/auth/login", {**ADA, "password": NEW_PASSWORD})
    [other, _] = data(call(200, "GET", f"{path}/sessions", me))
    call(204, "DELETE", f"{path}/sessions/{other['id']}", me)
    rotated = walk.tokens("/v1/auth/refresh", {"refresh_token": ada["refresh_token"]})
    walk.tokens("/v1/auth/refresh", {"refresh_token": ada["refresh_token"]})
    call(204, "POST", "/v1/auth/logout", me)
    call(401, "POST", "/v1/auth/refresh", json={"refresh_token": rotated["refresh_token"]})
    call(200, "GET", "/v1/audit-events?limit=100", root)
    for public in ("/health", "/health/live", "/.well-known/jwks.json", "/openapi.json", "/docs"):
        call(200, "GET", public)
    call(200, "GET", "/metrics", METRICS_TOKEN)


def _look_after(walk: Walk, root: str) -> None:
    """Change a setting that is secret, read settings and statistics, and drop what is cached."""
    call, code = walk.call, "/v1/settings/registration.invitation_code"
    call(200, "PUT", code, root, json={"value": INVITATION})
    call(403, "POST", "/v1/auth/register", json={**EVE, "invitation_code": WRONG_PASSWORD})
    call(202, "POST", "/v1/auth/register", json={**EVE, "email": "ivy@example.com", "invitation_code": INVITATION})
    for shown in ("/v1/settings", code, "/v1/settings/public", "/v1/stats/users", "/v1/stats/activity"):
        call(200, "GET", shown, root)
    call(202, "POST", "/v1/cache/invalidations", root, json={"all": True})
    call(204, "DELETE", code, root)


def _stumble(walk: Walk) -> None:
    """Send secrets where they do not belong, and wrong ones where they do."""
    call = walk.call
    wrong = {"email": ADA["email"], "password": WRONG_PASSWORD}
    me = walk.tokens("/v1/auth/login", {**ADA, "password": NEW_PASSWORD})["access_token"]
    call(401, "POST", "/v1/auth/login", json=wrong)
    call(401, "POST", "/v1/auth/refresh", json={"refresh_token": MADE_UP})
    call(401, "GET", "/v1/users/me", MADE_UP)
    call(401, "GET", "/v1/users/me", f"{me}x")
    call(401, "GET", "/v1/users/me", headers={"Authorization": f"Basic {WRONG_PASSWORD}"})
    call(401, "GET", "/metrics", MADE_UP)
    call(400, "GET", f"/v1/users/me?access_token={me}", me)
    call(404, "GET", f"/v1/nowhere?token={me}")
    call(404, "GET", f"/nowhere?password={WRONG_PASSWORD}")
    call(400, "POST", "/v1/auth/login", json={"email": WRONG_PASSWORD, "password": 7, "extra": WRONG_PASSWORD})
    call(
        400,
        "POST",
        "/v1/auth/login",
        content=f'{{"password": "{WRONG_PASSWORD}"',
        headers={"Content-Type": "application/json"},
    )
    call(415, "POST", "/v1/auth/login", data=wrong)
    call(400, "POST", "/v1/auth/register", json={"email": "mallory@example.com", "password": "password1234567"})
    call(
        400, "PUT", "/v1/users/me/password", me, json={"current_password": WRONG_PASSWORD, "new_password": NEW_PASSWORD}
    )
    call(403, "POST", "/v1/users", me, json=EVE)


def _break(walk: Walk, url: str) -> None:
    """Have the database refuse rows with secrets in them, which its errors repeat, so that traces are logged."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE users ADD CONSTRAINT no_more CHECK (version < 0) NOT VALID")
        cursor.execute("ALTER TABLE sessions ADD CONSTRAINT no_more CHECK (generation < 0) NOT VALID")
    walk.call(500, "POST", "/v1/auth/register", json={**EVE, "email": "late@example.com"})
    walk.call(500, "POST", "/v1/auth/login", json=ADMIN)


@pytest.mark.parametrize("gateway", TESTED)
def test_no_secret_is_in_the_log_the_tables_the_cache_or_an_answer(
    gateway: str, database_url: str, valkey_url: str, tmp_path: Path
) -> None:
    server = Server(
        "serve",
        CHARTER_ENV="test",
        CHARTER_GATEWAY=gateway,
        CHARTER_STATE=str(tmp_path),
        CHARTER_ADMIN_EMAIL=ADMIN["email"],
        CHARTER_ADMIN_PASSWORD=ADMIN["password"],
        DATABASE_URL=database_url,
        REDIS_URL=valkey_url,
        JWT_SECRET=SECRET,
        REFRESH_KEYS=REFRESH_KEYS,
        METRICS_TOKEN=METRICS_TOKEN,
        BCRYPT_COST="4",
        LOG_LEVEL="debug",
        SLOW_QUERY_MS="1",
        SLOW_REQUEST_MS="1",
    )
    walk = Walk(server.address())
    try:
        _walk_everywhere(walk)
        _stumble(walk)
        rows, cached = list(leaks.rows(database_url)), list(leaks.cached(valkey_url))
        _break(walk, database_url)
    finally:
        walk.close()
        server.end(signal.SIGTERM)

    log = server.printed
    requests = [line for line in log.splitlines() if '"event":"request"' in line]
    assert {json.loads(line)["operation_id"] for line in requests} >= set(read_contract(Config()).policies)
    assert '"exception"' in log
    assert any("audit_events" in row for row in rows)
    assert cached
    for place, texts in (("log", log.splitlines()), ("tables", rows), ("cache", cached), ("answers", walk.told)):
        found = [(what, text[:300]) for what, secret in walk.secrets.items() for text in texts if secret in text]
        assert found == [], place
