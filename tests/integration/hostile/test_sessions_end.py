"""Sessions that should have ended, and sessions that somebody else wants: ASVS 5.0 V7.2 and V7.4."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.database import Database, run
from tests.command import Server
from tests.integration.conftest import Services
from tests.people import PASSWORD, People, make_account
from tests.rows import live_sessions
from tests.service import REFRESH_KEYS, SECRET, Service
from tests.wire import data, refused

LOGIN, ME, LOGOUT = "/v1/auth/login", "/v1/users/me", "/v1/auth/logout"
NEW = "velvet anchor 3 turnip"
CHANGE = {"current_password": PASSWORD, "new_password": NEW}

Tokens = dict[str, Any]
Ender = Callable[[httpx.Client, str, dict[str, str], dict[str, str]], object]


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """One way in: sessions end behind it."""
    return services["compiled"]


class Workers:
    """The two worker processes of one `charter serve`, and a connection to each."""

    def __init__(self, server: Server) -> None:
        self.address = server.address()
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
        self._pids = [int(pid) for pid in children if b"app.cli.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        assert len(self._pids) == 2
        self.connections = [self._connection_to(pid) for pid in self._pids]

    def _connection_to(self, pid: int) -> httpx.Client:
        """Return a client whose connection was taken by a worker, as the other one stood still meanwhile."""
        client = httpx.Client(base_url=self.address, timeout=30, limits=httpx.Limits(max_connections=1))
        with stopped(*set(self._pids) - {pid}):
            assert client.get("/health/live").status_code == 200
        return client

    def ask(self, token: str, path: str = ME) -> list[httpx.Response]:
        """Ask each worker the same."""
        return [worker.get(path, headers=bearer(token)) for worker in self.connections]

    def close(self) -> None:
        for client in self.connections:
            client.close()


@contextmanager
def stopped(*pids: int) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def log_out(scope: str) -> Ender:
    return lambda at, user, ada, own: at.post(LOGOUT, headers=own, json={"scope": scope}).raise_for_status()


def revoke_first(at: httpx.Client, user: str, own: dict[str, str]) -> None:
    """End the session that asks, by its id in the list of those of its account."""
    sessions = at.get(f"/v1/users/{user}/sessions", headers=own).json()["data"]
    current = next(session["id"] for session in sessions if session["current"])
    at.delete(f"/v1/users/{user}/sessions/{current}", headers=own).raise_for_status()


ENDS: dict[str, Ender] = {
    "logout": log_out("this"),
    "everywhere": log_out("all"),
    "suspension": lambda at, user, ada, own: at.post(f"/v1/users/{user}/suspend", headers=ada).raise_for_status(),
    "deletion": lambda at, user, ada, own: at.delete(f"/v1/users/{user}", headers=ada).raise_for_status(),
    "revocation": lambda at, user, ada, own: revoke_first(at, user, own),
    "row": lambda at, user, ada, own: run("UPDATE sessions SET ended_at = now() WHERE user_id = %s", (user,)),
}
SPARED: dict[str, Ender] = {
    "others": log_out("others"),
    "password": lambda at, user, ada, own: at.put("/v1/users/me/password", headers=own, json=CHANGE).raise_for_status(),
}
"""What spares the session that asks for it."""


@pytest.fixture
def workers(database_url: str, database: Database, valkey_url: str, tmp_path: Path) -> Iterator[Workers]:
    server = Server(
        "serve",
        CHARTER_ENV="test",
        CHARTER_STATE=str(tmp_path),
        WORKERS="2",
        DATABASE_URL=database_url,
        REDIS_URL=valkey_url,
        JWT_SECRET=SECRET,
        REFRESH_KEYS=REFRESH_KEYS,
        BCRYPT_COST="4",
    )
    found = Workers(server)
    yield found
    found.close()
    server.end(signal.SIGTERM)


def test_every_worker_sees_every_change_on_the_very_next_request(workers: Workers, password_hash: str) -> None:
    """ASVS 7.4.1, 7.4.2, 7.4.3, 7.4.5, 8.3.2. Whichever of the two does something, the other one knows."""

    def arrive(name: str, role: str = "user") -> str:
        return str(make_account(name, role, password_hash, now=datetime.now(UTC)))

    arrive("ada", "admin")
    ada = bearer(tokens_of(workers.connections[0], "ada")["access_token"])
    for number, at in enumerate(workers.connections):
        for way in (*ENDS, *SPARED):
            name = f"{way}{number}"
            user = arrive(name)
            check_ended(workers, way, at, (user, ada), *(tokens_of(at, name) for _ in range(2)))
        check_role(workers, at, ada, f"/v1/users/{arrive(f'olga{number}', 'admin')}/role", f"olga{number}")


def check_ended(
    workers: Workers, way: str, at: httpx.Client, by: tuple[str, dict[str, str]], other: Tokens, own: Tokens
) -> None:
    """Assert that what ends a session in one worker ends it in both, and leaves the other session as it should."""
    for tokens in (other, own):
        assert [response.status_code for response in workers.ask(tokens["access_token"])] == [200, 200]

    {**ENDS, **SPARED}[way](at, *by, bearer(own["access_token"]))

    gone, left = (other, own) if way in SPARED else (own, other)
    for refusal in workers.ask(gone["access_token"]):
        refused(refusal, 401, "SESSION_ENDED")
    for worker in workers.connections:
        renewal = worker.post("/v1/auth/refresh", json={"refresh_token": gone["refresh_token"]})
        refused(renewal, 401, "INVALID_REFRESH_TOKEN")
    rest = {response.status_code for response in workers.ask(left["access_token"])}
    assert rest == ({200} if way in {"logout", "revocation", *SPARED} else {401}), way


def check_role(workers: Workers, at: httpx.Client, ada: dict[str, str], path: str, name: str) -> None:
    """Assert that a role counts at once: its loss ends no session, and the token keeps nothing of what it allowed."""
    token = tokens_of(at, name)["access_token"]
    for role, status in (("user", 403), ("admin", 200), ("guest", 403)):
        data(at.put(path, headers=ada, json={"role": role}))

        assert {response.status_code for response in workers.ask(token, "/v1/users")} == {status}
        assert {response.status_code for response in workers.ask(token)} == {200}


def tokens_of(client: httpx.Client, name: str) -> dict[str, Any]:
    response = client.post(LOGIN, json={"email": f"{name}@example.com", "password": PASSWORD})
    found: dict[str, Any] = data(response)
    return found


def test_nobody_chooses_the_session_that_they_or_somebody_else_gets(
    service: Service, people: People, anonymous: httpx.Client
) -> None:
    """ASVS 7.2.4: a sign-in opens a session of its own, whatever is shown or asked for."""
    laid = people.mallory.sign_in()
    [(session,)] = run("SELECT id FROM sessions")
    body = {"email": people.alice.email, "password": PASSWORD}
    planted: list[dict[str, str]] = [
        bearer(laid["access_token"]),
        {"Cookie": f"session={session}; sid={session}; refresh_token={laid['refresh_token']}"},
        {"X-Session-Id": str(session), "X-Request-Id": str(session), "Idempotency-Key": str(session)},
    ]

    responses = [anonymous.post(LOGIN, json=body, headers=headers) for headers in planted * 2]

    assert all(data(response)["user"]["id"] == str(people.alice.id) for response in responses)
    assert not [response for response in responses if "set-cookie" in response.headers]
    assert run("SELECT user_id FROM sessions WHERE id = %s", (session,)) == [(people.mallory.id,)]
    assert live_sessions(people.alice.id) == len(responses)
    for name in ("session_id", "sid", "id", "refresh_token", "access_token", "user_id"):
        refused(anonymous.post(LOGIN, json={**body, name: str(session)}), 400, "VALIDATION_ERROR", name)
        refused(anonymous.post(f"{LOGIN}?{name}={session}", json=body), 400, "VALIDATION_ERROR", name)


def test_no_two_sign_ins_share_anything(people: People) -> None:
    """ASVS 7.2.2 and 7.2.3: each token is new, and what a refresh token hides has 256 bits."""
    found = [people.alice.sign_in() for _ in range(16)]

    for name in ("access_token", "refresh_token"):
        assert len({tokens[name] for tokens in found}) == len(found)
    # Key id, session and generation can be guessed; the last 43 characters are the secret.
    secrets = [tokens["refresh_token"][-43:] for tokens in found]
    assert max(sum(a == b for a, b in zip(secrets[0], other, strict=True)) for other in secrets[1:]) < 15


def test_a_session_reaches_its_own_account_only(service: Service, people: People) -> None:
    """ASVS 7.2.1, 7.4.3: not another's, by whatever is named in the body, the query or the path."""
    alice, mallory = people.alice.sign_in(), people.mallory
    [(session,)] = run("SELECT id FROM sessions")
    path, named = f"/v1/users/{people.alice.id}", {"user_id": str(people.alice.id), "session_id": str(session)}
    before = run("SELECT * FROM users WHERE id = %s", (people.alice.id,))

    for name, value in named.items():
        for body in ({"scope": "all"}, {"scope": "others"}):
            response = mallory.api.post(LOGOUT, json={**body, name: value})
            refused(response, 400, "VALIDATION_ERROR", name)
        refused(mallory.api.put("/v1/users/me/password", json={**CHANGE, name: value}), 400, "VALIDATION_ERROR", name)
        refused(mallory.api.patch(f"{ME}?{name}={value}", json={"bio": "x"}), 400, "VALIDATION_ERROR", name)
    refused(mallory.api.post(f"{path}/suspend"), 403, "FORBIDDEN")
    refused(mallory.api.delete(path), 403, "FORBIDDEN")
    assert mallory.api.post(LOGOUT, json={"scope": "all"}).status_code == 204

    with service.client(alice["access_token"]) as client:
        data(client.get(ME))
    assert run("SELECT * FROM users WHERE id = %s", (people.alice.id,)) == before


def test_an_ended_session_comes_back_by_nothing(service: Service, people: People, anonymous: httpx.Client) -> None:
    """ASVS 7.4.1: not by a new sign-in, a restored account, the old password, or a clock set back."""
    tokens = people.alice.sign_in()
    rotated = data(anonymous.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}))
    with service.client(rotated["access_token"]) as client:
        assert client.post(LOGOUT).status_code == 204
        refused(client.post(LOGOUT), 401, "SESSION_ENDED")

    people.alice.sign_in()
    for way in ("suspend", "restore"):
        data(people.ada.api.post(f"/v1/users/{people.alice.id}/{way}"))
    people.alice.sign_in()
    for current, new in ((PASSWORD, NEW), (NEW, PASSWORD)):
        body = {"current_password": current, "new_password": new}
        assert people.alice.api.put("/v1/users/me/password", json=body).status_code == 204

    for back in (0, 3):
        service.clock.advance(seconds=-back)
        for pair in (tokens, rotated):
            with service.client(pair["access_token"]) as client:
                refused(client.get(ME), 401, "SESSION_ENDED")
            response = anonymous.post("/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]})
            refused(response, 401, "INVALID_REFRESH_TOKEN")
