"""change_password: a new password for anybody who knows the current one; one's other sessions end."""

from typing import Any

import httpx
import pytest

from app.database import run
from tests.integration.operations.bounds import check_bodies, check_limited, check_unavailable
from tests.integration.operations.conftest import Away, Variant
from tests.people import PASSWORD, People
from tests.rows import decision, event, eventless, live_sessions
from tests.service import Service
from tests.wire import data, decisions, refused

PATH = "/v1/users/me/password"
NEW = "velvet anchor 3 turnip"
WRONG = "not the password at all"


def change(client: httpx.Client, current: str = PASSWORD, new: str = NEW) -> httpx.Response:
    return client.put(PATH, json={"current_password": current, "new_password": new})


def signs_in(client: httpx.Client, email: str, password: str) -> bool:
    response = client.post("/v1/auth/login", json={"email": email, "password": password})
    assert response.status_code in {200, 401}
    return response.status_code == 200


def hashes() -> list[tuple[Any, ...]]:
    return run("SELECT id, password_hash FROM users ORDER BY id")


def test_the_new_password_opens_sessions_and_the_old_one_no_more(people: People, anonymous: httpx.Client) -> None:
    tag = people.alice.api.get("/v1/users/me").headers["etag"]

    response = change(people.alice.api)

    assert (response.status_code, response.content) == (204, b"")
    assert people.alice.api.get("/v1/users/me").headers["etag"] != tag
    assert response.headers["ratelimit-policy"].startswith('"write";')
    assert not signs_in(anonymous, people.alice.email, PASSWORD)
    assert signs_in(anonymous, people.alice.email, NEW)


def test_other_sessions_end_at_once_and_this_one_goes_on(service: Service, people: People) -> None:
    there, here = people.alice.sign_in(), people.alice.sign_in()
    people.bob.sign_in()

    assert change(people.alice.api).status_code == 204

    with service.client(there["access_token"]) as client:
        refused(client.get("/v1/users/me"), 401, "SESSION_ENDED")
        refused(client.post("/v1/auth/refresh", json=only_refresh(there)), 401, "INVALID_REFRESH_TOKEN")
        data(client.post("/v1/auth/refresh", json=only_refresh(here)))
    data(people.alice.api.get("/v1/users/me"))
    assert live_sessions(people.bob.id) == 1
    assert run("SELECT end_reason FROM sessions WHERE ended_at IS NOT NULL") == [("password_changed",)]


def only_refresh(tokens: dict[str, Any]) -> dict[str, Any]:
    return {"refresh_token": tokens["refresh_token"]}


def test_it_leaves_a_decision_and_an_event(people: People) -> None:
    response = change(people.alice.api)

    decision(response).check(by=people.alice, action="change_password", permission="account:update", outcome="allowed")
    event(response).check(by=people.alice, action="password.changed", outcome="succeeded")


def test_nobody_elses_password_changes(people: People) -> None:
    before = (people.bob.id, hashes()[0][1])

    assert change(people.alice.api).status_code == 204

    assert before in hashes()


def test_a_wrong_current_password_is_refused_with_its_field_and_changes_nothing(people: People) -> None:
    people.alice.sign_in()
    client, before = people.alice.api, hashes()
    people.alice.sign_in()

    response = change(client, current=WRONG)

    refused(response, 400, "VALIDATION_ERROR", "current_password")
    assert hashes() == before
    assert live_sessions(people.alice.id) == 2
    assert decision(response).outcome == "allowed"
    event(response).check(by=people.alice, action="password.changed", outcome="failed", reason="wrong_password")


def test_guesses_at_the_current_password_count_as_failed_sign_ins(
    service: Service, people: People, anonymous: httpx.Client
) -> None:
    client = people.alice.api
    service.clock.stop()
    for _ in range(5):
        refused(change(client, current=WRONG), 400, "VALIDATION_ERROR", "current_password")

    throttled = change(client)

    refused(throttled, 429, "RATE_LIMITED")
    assert throttled.headers["retry-after"] == "1"
    assert (event(throttled).outcome, event(throttled).reason) == ("failed", "account_throttled")
    login = anonymous.post("/v1/auth/login", json={"email": people.alice.email, "password": PASSWORD})
    refused(login, 429, "RATE_LIMITED")
    service.clock.advance(seconds=1)
    assert change(client).status_code == 204


def test_a_new_password_that_is_too_short_is_no_valid_body(people: People) -> None:
    client, before = people.alice.api, hashes()

    response = change(client, new="only 14 chars.")

    [error] = refused(response, 400, "VALIDATION_ERROR", "new_password")
    assert error["message"] == "Must have at least 15 characters."
    assert hashes() == before


@pytest.mark.parametrize("new", ["passwordpassword", "alice@example.com", "abcabcabcabcabcabc", PASSWORD])
def test_a_new_password_that_is_not_acceptable_is_refused_with_its_field(people: People, new: str) -> None:
    client, before = people.alice.api, hashes()

    response = change(client, new=new)

    refused(response, 400, "VALIDATION_ERROR", "new_password")
    assert new not in response.text
    assert hashes() == before
    assert (event(response).outcome, event(response).reason) == ("failed", "validation_error")


def test_the_display_name_is_no_password(people: People) -> None:
    name = "Alice of the Marshes"
    data(people.alice.api.patch("/v1/users/me", json={"display_name": name}))

    refused(change(people.alice.api, new=name.lower()), 400, "VALIDATION_ERROR", "new_password")


def test_a_refused_new_password_is_no_guess(people: People) -> None:
    for _ in range(7):
        refused(change(people.alice.api, new="passwordpassword"), 400, "VALIDATION_ERROR", "new_password")

    assert change(people.alice.api).status_code == 204


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"current_password", "new_password"}),
        (
            {"current_password": "", "new_password": "short", "scope": "x"},
            {"current_password", "new_password", "scope"},
        ),
        ({"current_password": None, "new_password": "x" * 257}, {"current_password", "new_password"}),
    ],
)
def test_every_violation_is_listed_with_its_field(people: People, body: dict[str, Any], fields: set[str]) -> None:
    response = people.alice.api.put(PATH, json=body)

    refused(response, 400, "VALIDATION_ERROR", *fields)
    assert decision(response).outcome == "allowed"
    assert eventless(response)


def test_a_body_that_is_none_is_refused(people: People) -> None:
    check_bodies(people.alice.api, "PUT", PATH)


def test_a_query_parameter_is_refused_before_anything_is_decided(people: People) -> None:
    response = people.alice.api.put(f"{PATH}?notify=1", json={"current_password": PASSWORD, "new_password": NEW})

    refused(response, 400, "VALIDATION_ERROR", "notify")
    assert decisions(response.headers["x-request-id"]) == []


def test_other_methods_are_refused_with_what_is_allowed(people: People) -> None:
    response = people.alice.api.post(PATH)

    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "OPTIONS, PUT"


def test_a_session_that_has_ended_changes_nothing(people: People) -> None:
    client, before = people.alice.api, hashes()
    run("UPDATE sessions SET ended_at = now()")

    refused(change(client), 401, "SESSION_ENDED")

    assert hashes() == before


def test_a_caller_over_the_limit_waits_and_changes_nothing(variant: Variant, people: People) -> None:
    token = people.alice.sign_in()["access_token"]
    with variant(LIMIT_WRITE="1/60") as strict, strict.client(token) as client:
        assert change(client).status_code == 204
        before = hashes()
        check_limited(change(client, current=NEW, new=PASSWORD), "write")

    assert hashes() == before


def test_without_the_database_it_says_so_and_changes_nothing(people: People, database_away: Away) -> None:
    client, before = people.alice.api, hashes()
    with database_away():
        check_unavailable(change(client))

    assert hashes() == before
