"""Refresh tokens and a server that is killed: no response that was lost signs anybody out, no restart forgets a theft.

ASVS 5.0 V7.2 and V7.4; RFC 9700, 4.14.2. Real processes, killed with SIGKILL. What their clock cannot do is done to the
rows: the time of a rotation is moved back.
"""

import json
import signal
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from app.database import Database, run
from tests.command import Server
from tests.integration.hostile.crowd import holding
from tests.people import PASSWORD, make_account
from tests.service import REFRESH_KEYS, SECRET
from tests.waiting import until
from tests.wire import data, refused

NEW_KEY = "k2:5f4dcc3b5aa765d61d8327deb882cf99b1946ac9"
# Long enough for a slow machine to start a process in.
GRACE = 300
MOVE_BACK = f"UPDATE sessions SET rotated_at = rotated_at - interval '{GRACE + 1} s'"


class Process:
    """A `charter serve`, and how a client refreshes there."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.address = server.address()

    def sign_in(self) -> dict[str, Any]:
        body = {"email": "alice@example.com", "password": PASSWORD}
        found: dict[str, Any] = data(httpx.post(f"{self.address}/v1/auth/login", json=body))
        return found

    def refresh(self, token: str) -> httpx.Response:
        return httpx.post(f"{self.address}/v1/auth/refresh", json={"refresh_token": token})

    def me(self, token: str) -> httpx.Response:
        return httpx.get(f"{self.address}/v1/users/me", headers={"Authorization": f"Bearer {token}"})

    def ask_and_listen_no_more(self, token: str) -> socket.socket:
        """Send a refresh, and return the connection unread."""
        where = urlsplit(self.address)
        body = json.dumps({"refresh_token": token}).encode()
        connection = socket.create_connection((where.hostname or "", where.port or 80))
        head = ["POST /v1/auth/refresh HTTP/1.1", "Host: x", "Content-Type: application/json"]
        connection.sendall("\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body)
        return connection

    def kill(self) -> None:
        self._server.end(signal.SIGKILL)


Start = Callable[..., Process]


@pytest.fixture
def start(
    database_url: str, database: Database, valkey_url: str, password_hash: str, tmp_path: Path
) -> Iterator[Start]:
    """Start a server on the test's database, where Alice has an account, with a ring of refresh keys."""
    make_account("alice", "user", password_hash, now=datetime.now(UTC))
    started: list[Server] = []

    def begin(*, keys: str = REFRESH_KEYS) -> Process:
        server = Server(
            "serve",
            CHARTER_ENV="test",
            CHARTER_STATE=str(tmp_path),
            DATABASE_URL=database_url,
            REDIS_URL=valkey_url,
            JWT_SECRET=SECRET,
            REFRESH_KEYS=keys,
            REFRESH_GRACE_SECONDS=str(GRACE),
            BCRYPT_COST="4",
        )
        started.append(server)
        return Process(server)

    yield begin
    for server in started:
        if server.process.poll() is None:
            server.end(signal.SIGKILL)


def wait_for_generation(number: int) -> None:
    until(lambda: run("SELECT generation FROM sessions") == [(number,)])


def lose_an_answer(process: Process, token: str, generation: int) -> None:
    """Kill the process after the rotation, whose answer goes out to nobody."""
    connection = process.ask_and_listen_no_more(token)
    wait_for_generation(generation)
    process.kill()
    connection.close()


def kill_before_the_commit(process: Process, token: str, url: str) -> None:
    """Kill the process when it has rotated and not yet committed: its event row waits for the trail."""
    with holding(url, "LOCK TABLE audit_events IN SHARE ROW EXCLUSIVE MODE") as wait_until:
        connection = process.ask_and_listen_no_more(token)
        wait_until(1)
        process.kill()
        assert connection.recv(1) == b""
    connection.close()


def test_a_client_that_never_saw_the_answer_gets_the_same_token_after_a_restart(start: Start) -> None:
    process = start()
    token = process.sign_in()["refresh_token"]

    for generation in (2, 3):
        lose_an_answer(process, token, generation)
        process = start()
        responses = [data(process.refresh(token)) for _ in range(2)]
        assert len({response["refresh_token"] for response in responses}) == 1
        assert run("SELECT generation, ended_at FROM sessions") == [(generation, None)]
        assert process.me(responses[0]["access_token"]).status_code == 200
        assert responses[0]["refresh_token"] != token
        token = responses[0]["refresh_token"]


def test_a_server_killed_before_the_commit_has_used_nothing_up(start: Start, database_url: str) -> None:
    process = start()
    token = process.sign_in()["refresh_token"]
    kill_before_the_commit(process, token, database_url)
    assert run("SELECT generation, rotated_at FROM sessions") == [(1, None)]

    process = start()

    following = data(process.refresh(token))
    assert process.me(following["access_token"]).status_code == 200


def test_a_token_shown_again_after_a_restart_and_the_grace_is_reuse(start: Start) -> None:
    process = start()
    tokens = process.sign_in()
    lose_an_answer(process, tokens["refresh_token"], 2)
    run(MOVE_BACK)

    process = start()
    refused(process.refresh(tokens["refresh_token"]), 401, "INVALID_REFRESH_TOKEN")
    process.kill()

    assert run("SELECT generation, end_reason FROM sessions") == [(2, "reuse")]


def test_a_lost_answer_stays_the_same_under_a_new_key_and_a_removed_key_ends_nobody(start: Start) -> None:
    process = start()
    first = process.sign_in()["refresh_token"]
    lose_an_answer(process, first, 2)

    process = start(keys=f"{NEW_KEY},{REFRESH_KEYS}")
    second = data(process.refresh(first))["refresh_token"]
    assert data(process.refresh(first))["refresh_token"] == second
    third = data(process.refresh(second))["refresh_token"]
    assert (first[:3], second[:3], third[:3]) == ("k1.", "k1.", "k2.")
    process.kill()

    process = start(keys=NEW_KEY)
    run(MOVE_BACK)
    for removed in (first, second):
        refused(process.refresh(removed), 401, "INVALID_REFRESH_TOKEN")
    assert run("SELECT generation, key_id, ended_at FROM sessions") == [(3, "k2", None)]
    fourth = data(process.refresh(third))
    assert process.me(fourth["access_token"]).status_code == 200
