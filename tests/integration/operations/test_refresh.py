"""refresh: a session carried on by its latest refresh token, and ended by one that was used before."""

from typing import Any

import httpx
import pytest

from app.database import run
from app.identifiers import new_id
from app.security.refresh_tokens import RefreshTokens
from tests.integration.operations.bounds import check_bodies, check_limited, check_unavailable
from tests.integration.operations.conftest import Away, Variant
from tests.people import People
from tests.rows import decision, event, eventless
from tests.service import REFRESH_KEYS, Service
from tests.wire import data, decisions, refused

PATH = "/v1/auth/refresh"
FOREIGN_KEY = "5f4dcc3b5aa765d61d8327deb882cf99b1946ac9"


def refresh(client: httpx.Client, token: str) -> httpx.Response:
    return client.post(PATH, json={"refresh_token": token})


def next_of(client: httpx.Client, token: str) -> str:
    return str(data(refresh(client, token))["refresh_token"])


def reason_of(client: httpx.Client, token: str) -> str | None:
    """Return the reason in the audit trail for a refused refresh."""
    response = refresh(client, token)
    refused(response, 401, "INVALID_REFRESH_TOKEN")
    assert (event(response).action, event(response).outcome) == ("session.refreshed", "failed")
    return event(response).reason


def me(client: httpx.Client, access_token: str) -> httpx.Response:
    return client.get("/v1/users/me", headers={"Authorization": f"Bearer {access_token}"})


@pytest.fixture
def token(service: Service, people: People) -> str:
    """Alice's first refresh token; from now on the clock moves only when told."""
    service.clock.stop()
    return str(people.alice.sign_in()["refresh_token"])


def test_it_answers_with_the_next_tokens(anonymous: httpx.Client, people: People, token: str) -> None:
    response = refresh(anonymous, token)

    found = data(response)
    assert set(found) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (found["token_type"], found["expires_in"]) == ("Bearer", 900)
    assert found["refresh_token"] != token
    assert data(me(anonymous, found["access_token"]))["id"] == str(people.alice.id)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["ratelimit-policy"].startswith('"refresh";')


def test_it_leaves_an_event_with_its_actor_and_no_decision(anonymous: httpx.Client, people: People, token: str) -> None:
    response = refresh(anonymous, token)

    row = event(response)
    row.check(by=people.alice, action="session.refreshed")
    assert (row.outcome, row.reason) == ("succeeded", None)
    assert decisions(response.headers["x-request-id"]) == []


def test_the_access_token_from_before_goes_on(anonymous: httpx.Client, people: People, token: str) -> None:
    next_of(anonymous, token)

    data(people.alice.api.get("/v1/users/me"))


def test_within_the_grace_the_previous_token_gets_the_same_bytes_and_a_fresh_access_token(
    service: Service, anonymous: httpx.Client, token: str
) -> None:
    first = data(refresh(anonymous, token))
    service.clock.advance(seconds=14.9)

    again = refresh(anonymous, token)

    assert data(again)["refresh_token"] == first["refresh_token"]
    assert data(again)["access_token"] != first["access_token"]
    assert (event(again).outcome, (event(again).details or {})["kind"]) == ("succeeded", "grace")


def test_the_window_of_grace_does_not_slide(service: Service, anonymous: httpx.Client, token: str) -> None:
    next_of(anonymous, token)
    service.clock.advance(seconds=10)
    next_of(anonymous, token)
    service.clock.advance(seconds=5)

    assert reason_of(anonymous, token) == "reuse"


def test_a_reused_refresh_token_ends_its_session_and_its_access_tokens(
    service: Service, anonymous: httpx.Client, people: People, token: str
) -> None:
    current = data(refresh(anonymous, token))
    service.clock.advance(seconds=16)

    reused = refresh(anonymous, token)

    refused(reused, 401, "INVALID_REFRESH_TOKEN")
    event(reused).check(by=people.alice, action="session.refreshed", outcome="failed", reason="reuse")
    for access_token in (current["access_token"], people.alice.tokens["access_token"]):  # type: ignore[index]
        ended = me(anonymous, access_token)
        refused(ended, 401, "SESSION_ENDED")
        assert (decision(ended).outcome, decision(ended).reason) == ("denied", "session_ended")
    assert reason_of(anonymous, current["refresh_token"]) == "ended"


def test_reuse_ends_no_other_session(service: Service, anonymous: httpx.Client, people: People, token: str) -> None:
    other = people.alice.sign_in()
    next_of(anonymous, token)
    service.clock.advance(seconds=16)
    assert reason_of(anonymous, token) == "reuse"

    data(me(anonymous, other["access_token"]))
    next_of(anonymous, other["refresh_token"])


def test_a_token_two_generations_old_is_reuse_also_within_the_grace(anonymous: httpx.Client, token: str) -> None:
    next_of(anonymous, next_of(anonymous, token))

    assert reason_of(anonymous, token) == "reuse"


def test_a_token_that_was_never_issued_ends_nobodys_session(
    service: Service, anonymous: httpx.Client, people: People, token: str
) -> None:
    [(session_id,)] = run("SELECT id FROM sessions")
    foreign, own = RefreshTokens([("k1", FOREIGN_KEY)]), RefreshTokens(service.config.refresh_keys)
    access_token = people.alice.tokens["access_token"]  # type: ignore[index]
    never = {
        "never_issued": foreign.derive(session_id, 1, "k1"),
        "session_unknown": own.derive(new_id(), 1, "k1"),
        "malformed_token": access_token,
        "unknown_key": RefreshTokens([("k9", FOREIGN_KEY)]).derive(session_id, 1, "k9"),
    }
    for reason, text in never.items():
        assert reason_of(anonymous, text) == reason
    for damaged in (token[:-1], token + "A", token.swapcase(), "x", "k1." + "A" * 70):
        refused(refresh(anonymous, damaged), 401, "INVALID_REFRESH_TOKEN")

    data(me(anonymous, access_token))
    next_of(anonymous, token)


def test_a_rotation_restarts_the_idle_limit(service: Service, anonymous: httpx.Client, token: str) -> None:
    for _ in range(2):
        service.clock.advance(days=29, hours=23)
        token = next_of(anonymous, token)
    service.clock.advance(days=30)

    assert reason_of(anonymous, token) == "expired"


def test_grace_and_requests_do_not_restart_it(
    service: Service, anonymous: httpx.Client, people: People, token: str
) -> None:
    before = run("SELECT * FROM sessions")
    data(people.alice.api.get("/v1/users/me"))
    assert run("SELECT * FROM sessions") == before
    current = next_of(anonymous, token)
    service.clock.advance(seconds=10)
    next_of(anonymous, token)
    service.clock.advance(days=29, hours=23, minutes=59, seconds=51)

    assert reason_of(anonymous, current) == "expired"


def test_the_absolute_limit_never_moves_and_ends_access_too(
    service: Service, anonymous: httpx.Client, token: str
) -> None:
    for _ in range(3):
        service.clock.advance(days=29, hours=23, minutes=58)
        token = next_of(anonymous, token)
    last = data(refresh(anonymous, token))
    service.clock.advance(minutes=6)

    ended = me(anonymous, last["access_token"])
    refused(ended, 401, "SESSION_ENDED")
    assert (decision(ended).outcome, decision(ended).reason) == ("denied", "session_ended")
    assert reason_of(anonymous, last["refresh_token"]) == "expired"


def test_a_suspended_account_is_refused(anonymous: httpx.Client, people: People, token: str) -> None:
    data(people.ada.api.post(f"/v1/users/{people.alice.id}/suspend"))
    assert reason_of(anonymous, token) == "ended"

    data(people.ada.api.post(f"/v1/users/{people.alice.id}/restore"))
    assert reason_of(anonymous, token) == "ended"


def test_every_refusal_has_the_same_answer(
    service: Service, anonymous: httpx.Client, people: People, token: str
) -> None:
    idle = people.bob.sign_in()["refresh_token"]
    next_of(anonymous, token)
    service.clock.advance(seconds=16)
    reused, ended = (refresh(anonymous, token) for _ in range(2))
    service.clock.advance(days=30)
    responses = [reused, ended, refresh(anonymous, idle), refresh(anonymous, "x"), refresh(anonymous, idle.swapcase())]

    for response in responses:
        refused(response, 401, "INVALID_REFRESH_TOKEN")
        assert response.headers["www-authenticate"].startswith("Bearer")
    assert len({str(response.json()["errors"]) for response in responses}) == 1
    assert len({str(list(response.headers)) for response in responses}) == 1


def test_a_new_key_signs_from_the_next_rotation_and_the_old_one_is_still_read(variant: Variant, token: str) -> None:
    with variant(REFRESH_KEYS=f"k2:{FOREIGN_KEY},{REFRESH_KEYS}") as rolled, rolled.client() as client:
        following = next_of(client, token)
        assert next_of(client, token) == following
        assert next_of(client, following).startswith("k2.")

    assert (token[:3], following[:3]) == ("k1.", "k2.")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"refresh_token"}),
        ({"refresh_token": ""}, {"refresh_token"}),
        ({"refresh_token": "x" * 1025}, {"refresh_token"}),
        ({"refresh_token": 7, "scope": "all"}, {"refresh_token", "scope"}),
    ],
)
def test_every_violation_is_listed_with_its_field(
    anonymous: httpx.Client, body: dict[str, Any], fields: set[str]
) -> None:
    refused(anonymous.post(PATH, json=body), 400, "VALIDATION_ERROR", *fields)


def test_a_query_parameter_is_refused_and_uses_nothing_up(anonymous: httpx.Client, token: str) -> None:
    response = anonymous.post(f"{PATH}?refresh_token={token}", json={"refresh_token": token})

    refused(response, 400, "VALIDATION_ERROR", "refresh_token")
    assert run("SELECT generation FROM sessions") == [(1,)]


def test_a_body_that_is_none_is_refused(anonymous: httpx.Client) -> None:
    check_bodies(anonymous, "POST", PATH)


def test_a_refresh_over_the_limit_uses_nothing_up(variant: Variant, anonymous: httpx.Client, token: str) -> None:
    with variant(LIMIT_REFRESH="1/60") as strict, strict.client() as client:
        current = next_of(client, token)
        response = refresh(client, current)

    check_limited(response, "refresh")
    assert eventless(response)
    next_of(anonymous, current)


def test_without_the_database_nothing_is_used_up(anonymous: httpx.Client, database_away: Away, token: str) -> None:
    with database_away():
        check_unavailable(refresh(anonymous, token))

    assert run("SELECT generation FROM sessions") == [(1,)]
    next_of(anonymous, token)
