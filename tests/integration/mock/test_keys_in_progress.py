"""While a request with an idempotency key runs, another one with the same key is refused, as in the server."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from app.mock.configuration import MockOptions
from tests.integration.mock.mocked import MockService
from tests.people import PASSWORD
from tests.wire import data, refused

BODY = {"email": "new@example.com", "password": PASSWORD}


@pytest.fixture
def admin(mock: MockService) -> Iterator[httpx.Client]:
    with mock.client(mock.sign_in("admin@example.com")["access_token"]) as client:
        yield client


class Gate:
    """Takes the place of a delay: it begins when a request waits, and ends when the test says so."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def wait(self, _seconds: float) -> None:
        self.reached.set()
        assert self.opened.wait(20)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    made = Gate()
    monkeypatch.setattr("app.mock.steps.preference.time.sleep", made.wait)
    return made


def send(admin: httpx.Client, key: str | None, *, prefer: str = "", **body: Any) -> httpx.Response:
    headers = {**({"Idempotency-Key": key} if key else {}), **({"Prefer": prefer} if prefer else {})}
    return admin.post("/v1/users", json={**BODY, **body}, headers=headers)


def test_a_key_that_is_in_use_is_refused_until_its_request_is_done(admin: httpx.Client, gate: Gate) -> None:
    with ThreadPoolExecutor(1) as other:
        first = other.submit(send, admin, "k1", prefer="delay=5")
        assert gate.reached.wait(20)
        second = send(admin, "k1")
        refused(second, 409, "IDEMPOTENCY_IN_PROGRESS")
        assert second.headers["retry-after"] == "1"
        refused(send(admin, "k1", email="another@example.com"), 409, "IDEMPOTENCY_IN_PROGRESS")
        assert send(admin, "k2", email="third@example.com").status_code == 201
        assert send(admin, None, email="fourth@example.com").status_code == 201
        gate.opened.set()
        made = first.result(20)
    assert data(made, 201)["email"] == BODY["email"]
    again = send(admin, "k1")
    assert (again.content, again.headers["idempotency-replayed"]) == (made.content, "true")


def test_replays_do_not_keep_each_other_waiting(admin: httpx.Client, gate: Gate) -> None:
    assert send(admin, "k1").status_code == 201
    with ThreadPoolExecutor(1) as other:
        first = other.submit(send, admin, "k1", prefer="delay=5")
        assert gate.reached.wait(20)
        assert send(admin, "k1").headers["idempotency-replayed"] == "true"
        gate.opened.set()
        assert first.result(20).headers["idempotency-replayed"] == "true"


def test_a_refused_request_gives_its_key_back(admin: httpx.Client) -> None:
    refused(send(admin, "k1", email="admin@example.com"), 409, "EMAIL_TAKEN")
    assert send(admin, "k1").status_code == 201


def test_of_many_sessions_only_the_oldest_give_way() -> None:
    service = MockService(MockOptions(accounts=3, max_rows=4))
    try:
        tokens = [service.sign_in("user@example.com")["access_token"] for _ in range(5)]
        statuses = []
        for token in tokens:
            with service.client(token) as client:
                statuses.append(client.get("/v1/users/me").status_code)
        assert statuses == [401, 200, 200, 200, 200]
    finally:
        service.close()
