"""logout: ends this session, the account's others, or all, from the next request on."""

from typing import Any

import pytest

from app.database import run
from tests.integration.operations.bounds import check_bodies, check_limited, check_unavailable
from tests.integration.operations.conftest import Away, Variant
from tests.people import People
from tests.rows import decision, event, eventless, live_sessions
from tests.service import Service
from tests.wire import data, refused

PATH = "/v1/auth/logout"


@pytest.mark.parametrize(
    ("body", "ended"),
    [
        (None, {"here"}),
        ({}, {"here"}),
        ({"scope": "this"}, {"here"}),
        ({"scope": "others"}, {"there"}),
        ({"scope": "all"}, {"here", "there"}),
    ],
)
def test_it_ends_the_sessions_of_its_scope_and_nobody_elses(
    service: Service, people: People, body: dict[str, Any] | None, ended: set[str]
) -> None:
    there, here = people.alice.sign_in(), people.alice.sign_in()
    people.bob.sign_in()

    response = people.alice.api.post(PATH, json=body)

    assert (response.status_code, response.content) == (204, b"")
    assert "content-type" not in response.headers
    for name, tokens in (("here", here), ("there", there)):
        with service.client(tokens["access_token"]) as client:
            seen = client.get("/v1/users/me")
            refreshed = client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        if name in ended:
            refused(seen, 401, "SESSION_ENDED")
            refused(refreshed, 401, "INVALID_REFRESH_TOKEN")
        else:
            data(seen)
            data(refreshed)
    data(people.bob.api.get("/v1/users/me"))
    reasons = run("SELECT end_reason FROM sessions WHERE ended_at IS NOT NULL")
    assert reasons == [("logout",)] * len(ended)


def test_every_role_may(people: People) -> None:
    for person in (people.gus, people.alice, people.ada):
        assert person.api.post(PATH).status_code == 204
        assert live_sessions(person.id) == 0


def test_it_leaves_a_decision_and_an_event(people: People) -> None:
    response = people.alice.api.post(PATH, json={"scope": "all"})

    decision(response).check(by=people.alice, action="logout", permission="sessions:end", outcome="allowed")
    event(response).check(by=people.alice, action="session.ended", outcome="succeeded")


def test_who_has_signed_out_cannot_sign_out_again(people: People) -> None:
    assert people.alice.api.post(PATH).status_code == 204

    again = people.alice.api.post(PATH)

    refused(again, 401, "SESSION_ENDED")
    assert again.headers["www-authenticate"] == 'Bearer realm="charter", error="invalid_token"'
    assert (decision(again).outcome, decision(again).reason) == ("denied", "session_ended")
    assert eventless(again)


def test_a_session_that_has_ended_keeps_its_moment_and_its_reason(service: Service, people: People) -> None:
    people.alice.sign_in()
    people.alice.sign_in()
    people.alice.api.post(PATH, json={"scope": "others"})
    before = run("SELECT id, ended_at, end_reason FROM sessions WHERE ended_at IS NOT NULL")
    service.clock.advance(minutes=1)

    people.alice.api.post(PATH, json={"scope": "all"})

    assert len(before) == 1
    assert before[0] in run("SELECT id, ended_at, end_reason FROM sessions")


@pytest.mark.parametrize(
    ("body", "field"),
    [({"scope": "everywhere"}, "scope"), ({"scope": None}, "scope"), ({"session_id": "x"}, "session_id")],
)
def test_a_wrong_body_is_refused_and_ends_nothing(people: People, body: dict[str, Any], field: str) -> None:
    response = people.alice.api.post(PATH, json=body)

    refused(response, 400, "VALIDATION_ERROR", field)
    assert live_sessions(people.alice.id) == 1
    assert decision(response).outcome == "allowed"
    assert eventless(response)


def test_a_query_parameter_is_refused(people: People) -> None:
    refused(people.alice.api.post(f"{PATH}?scope=all"), 400, "VALIDATION_ERROR", "scope")

    assert live_sessions(people.alice.id) == 1


def test_a_body_that_is_none_is_refused(people: People) -> None:
    check_bodies(people.alice.api, "POST", PATH, required=False)

    assert live_sessions(people.alice.id) == 1


def test_the_limit_is_counted_for_each_account(variant: Variant, people: People) -> None:
    alice, bob = (person.sign_in()["access_token"] for person in (people.alice, people.bob))
    with variant(LIMIT_WRITE="1/60") as strict, strict.client() as client:
        responses = [
            client.post(PATH, json={"scope": "others"}, headers={"Authorization": f"Bearer {token}"})
            for token in (alice, alice, bob)
        ]

    assert [response.status_code for response in responses] == [204, 429, 204]
    assert responses[0].headers["ratelimit"] == '"write";r=0;t=60'
    check_limited(responses[1], "write")


def test_without_the_database_it_says_so_and_ends_nothing(people: People, database_away: Away) -> None:
    client = people.alice.api
    with database_away():
        check_unavailable(client.post(PATH))

    data(client.get("/v1/users/me"))
