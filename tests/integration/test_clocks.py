"""Servers whose clocks are 20 s apart agree on everything that the database's clock decides.

One of them is ahead of the database, or behind it; the other one is right.
"""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.database import run
from tests.integration.conftest import Services
from tests.people import PASSWORD, People
from tests.rows import decision, event
from tests.service import Service
from tests.waiting import until
from tests.wire import data, refused

APART = 20
GRACE = 15
OFFSET = re.compile(r"^charter_clock_offset_seconds (\S+)$", re.MULTILINE)


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """The server whose clock is right; the other one has the other way in, so that both are tried."""
    return services["compiled"]


@pytest.fixture(params=[APART, -APART], ids=["ahead", "behind"])
def wrong(request: pytest.FixtureRequest, service: Service, services: Services) -> Iterator[Service]:
    """The server whose clock is wrong, on the same database."""
    other = services["connexion"]
    other.clock.wrong_by(seconds=request.param)
    yield other
    other.clock.reset()


def refresh(service: Service, token: str) -> httpx.Response:
    with service.client() as client:
        return client.post("/v1/auth/refresh", json={"refresh_token": token})


def sign_in(service: Service, people: People) -> dict[str, Any]:
    with service.client() as client:
        body = {"email": people.alice.email, "password": PASSWORD}
        found: dict[str, Any] = data(client.post("/v1/auth/login", json=body))
    return found


def me(service: Service, token: str) -> httpx.Response:
    with service.client(token) as client:
        return client.get("/v1/users/me")


@pytest.mark.parametrize("first", ["right", "wrong"])
def test_a_twin_refresh_at_the_other_server_is_no_theft(
    service: Service, wrong: Service, people: People, first: str
) -> None:
    token = sign_in(service, people)["refresh_token"]
    one, other = (service, wrong) if first == "right" else (wrong, service)

    rotated = data(refresh(one, token))
    again = data(refresh(other, token))

    assert again["refresh_token"] == rotated["refresh_token"]
    assert run("SELECT generation, ended_at FROM sessions") == [(2, None)]


def test_a_token_shown_after_the_grace_is_theft_at_both(service: Service, wrong: Service, people: People) -> None:
    for server in (service, wrong):
        for rotates in (service, wrong):
            token = sign_in(service, people)["refresh_token"]
            data(refresh(rotates, token))
            run(f"UPDATE sessions SET rotated_at = rotated_at - interval '{GRACE} s'")
            refused(refresh(server, token), 401, "INVALID_REFRESH_TOKEN")
    assert run("SELECT DISTINCT end_reason FROM sessions") == [("reuse",)]


@pytest.mark.parametrize("limit", ["idle_expires_at", "expires_at"])
def test_a_session_ends_at_the_same_moment_at_both(
    service: Service, wrong: Service, people: People, limit: str
) -> None:
    tokens = sign_in(service, people)

    run(f"UPDATE sessions SET {limit} = now() + interval '10 s'")
    for server in (service, wrong):
        data(me(server, tokens["access_token"]))
        with server.client(tokens["access_token"]) as client:
            assert len(data(client.get(f"/v1/users/{people.alice.id}/sessions"))) == 1
    run(f"UPDATE sessions SET {limit} = now() - interval '10 s'")

    for server in (service, wrong):
        refused(me(server, tokens["access_token"]), 401, "SESSION_ENDED")
        refused(refresh(server, tokens["refresh_token"]), 401, "INVALID_REFRESH_TOKEN")


def test_a_session_opened_or_carried_on_anywhere_has_its_whole_life(
    service: Service, wrong: Service, people: People
) -> None:
    tokens = sign_in(wrong, people)
    data(refresh(wrong, tokens["refresh_token"]))

    [(opened, rotated)] = run(
        "SELECT extract(epoch FROM clock_timestamp() - created_at), extract(epoch FROM clock_timestamp() - rotated_at)"
        " FROM sessions"
    )
    assert 0 <= rotated <= opened < APART / 2
    assert run(
        "SELECT expires_at - created_at = '90 days', idle_expires_at - rotated_at = '30 days' FROM sessions"
    ) == [(True, True)]


def test_an_access_token_of_either_is_taken_by_the_other(service: Service, wrong: Service, people: People) -> None:
    for issues in (service, wrong):
        for reads in (service, wrong):
            data(me(reads, sign_in(issues, people)["access_token"]))


def test_a_sign_in_is_as_recent_at_both(service: Service, wrong: Service, people: People) -> None:
    token = sign_in(service, people)["access_token"]
    path = f"/v1/users/{people.alice.id}"

    run("UPDATE sessions SET created_at = now() - interval '610 s'")
    for server in (service, wrong):
        with server.client(token) as client:
            refused(client.delete(path), 403, "STEP_UP_REQUIRED")
    run("UPDATE sessions SET created_at = now() - interval '590 s'")

    with wrong.client(token) as client:
        assert client.delete(path).status_code == 204


def test_a_throttled_account_waits_as_long_at_both(service: Service, wrong: Service, people: People) -> None:
    sign_in(service, people)
    guess = {"email": people.alice.email, "password": "not the password at all"}
    with wrong.client() as client:
        for _ in range(5):
            refused(client.post("/v1/auth/login", json=guess), 401, "INVALID_CREDENTIALS")

    for server in (service, wrong):
        run("UPDATE sign_in_attempts SET blocked_until = now() + interval '10 s' WHERE blocked_until IS NOT NULL")
        with server.client() as client:
            response = client.post("/v1/auth/login", json=guess)
        refused(response, 429, "RATE_LIMITED")
        assert 8 <= int(response.headers["retry-after"]) <= 10
    run("UPDATE sign_in_attempts SET blocked_until = now() - interval '10 s' WHERE blocked_until IS NOT NULL")

    sign_in(wrong, people)


def test_an_idempotency_key_lives_as_long_at_both(service: Service, wrong: Service, people: People) -> None:
    token = people.ada.sign_in()["access_token"]
    body, key = {"name": "clerk", "description": "", "permissions": []}, {"Idempotency-Key": "one"}
    with service.client(token) as right, wrong.client(token) as other:
        data(other.post("/v1/roles", json=body, headers=key), 201)
        run("UPDATE idempotency_keys SET expires_at = now() + interval '10 s'")
        for client in (right, other):
            assert client.post("/v1/roles", json=body, headers=key).headers["idempotency-replayed"] == "true"
        run("UPDATE idempotency_keys SET expires_at = now() - interval '10 s'")
        for client in (right, other):
            refused(client.post("/v1/roles", json=body, headers=key), 409, "ROLE_TAKEN")


def test_the_rows_of_a_request_tell_the_databases_time(service: Service, wrong: Service, people: People) -> None:
    token = sign_in(wrong, people)["access_token"]
    with wrong.client(token) as client:
        response = client.patch("/v1/users/me", json={"bio": "x"})

    assert (decision(response).outcome, event(response).outcome) == ("allowed", "succeeded")
    apart = run("SELECT DISTINCT abs(extract(epoch FROM clock_timestamp() - occurred_at)) < 10 FROM audit_events")
    assert apart == [(True,)]


def test_the_difference_is_a_metric(service: Service) -> None:
    """Measured at the start and then every minute; here it is that of one machine with itself."""
    line = re.compile(r"^charter_clock_offset_seconds (\S+)$", re.MULTILINE)
    with service.client() as client:
        found = until(lambda: line.search(client.get("/metrics").text))
    assert found
    assert abs(float(found[1])) < 5
