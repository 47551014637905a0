"""update_me: the five profile fields of one's own account, and nothing else of it."""

from typing import Any

import pytest

from app.database import run
from tests.integration.operations.bounds import check_bodies, check_limited, check_unavailable
from tests.integration.operations.conftest import Away, Variant
from tests.people import People
from tests.rows import decision, event, eventless, stored
from tests.service import Service
from tests.wire import data, decisions, refused

PATH = "/v1/users/me"
WHOLE = {
    "display_name": "Alice Ægir 🜁",
    "locale": "en-GB",
    "time_zone": "Europe/London",
    "avatar_url": "https://pictures.example.com/alice.png",
    "bio": "Owns what is\nlooked at.",
}


def test_it_changes_what_is_sent_and_answers_with_the_account(service: Service, people: People) -> None:
    before = data(people.alice.api.get(PATH))
    service.clock.advance(minutes=1)

    response = people.alice.api.patch(PATH, json=WHOLE)

    found = data(response)
    assert found["profile"] == WHOLE
    assert found["updated_at"] > before["updated_at"]
    assert {**found, "profile": None, "updated_at": None} == {**before, "profile": None, "updated_at": None}
    assert data(people.alice.api.get(PATH)) == found
    assert response.headers["ratelimit-policy"].startswith('"write";')
    assert "location" not in response.headers


def test_what_is_left_out_stays_and_null_clears(people: People) -> None:
    data(people.alice.api.patch(PATH, json=WHOLE))

    found = data(people.alice.api.patch(PATH, json={"bio": None, "locale": "de"}))

    assert found["profile"] == {**WHOLE, "bio": None, "locale": "de"}


def test_the_version_rises_and_with_it_the_tag(people: People) -> None:
    response = people.alice.api.patch(PATH, json={"bio": "x"})

    assert response.headers["etag"] == '"2"'
    assert people.alice.api.get(PATH).headers["etag"] == '"2"'
    assert people.ada.api.get(f"/v1/users/{people.alice.id}/profile").headers["etag"] == '"2"'


def test_nobody_elses_account_changes(people: People) -> None:
    assert people.bob.id
    data(people.alice.api.patch(PATH, json={"bio": "x"}))

    assert run("SELECT bio FROM user_profiles WHERE user_id = %s", (people.bob.id,)) == [(None,)]


def test_it_leaves_a_decision_and_an_event(people: People) -> None:
    response = people.alice.api.patch(PATH, json={"bio": "x"})

    decision(response).check(by=people.alice, action="update_me", permission="account:update", outcome="allowed")
    event(response).check(by=people.alice, action="account.updated", outcome="succeeded")


def test_a_guest_may(people: People) -> None:
    assert data(people.gus.api.patch(PATH, json={"display_name": "Gustav"}))["role"] == "guest"


@pytest.mark.parametrize("tags", ['"1"', '"7", "1"', "*", 'W/"1"', '"2", W/"1"', '"1;gzip"'])
def test_a_change_that_names_the_current_version_is_made(people: People, tags: str) -> None:
    assert data(people.alice.api.patch(PATH, json={"bio": "x"}, headers={"If-Match": tags}))


@pytest.mark.parametrize("tags", ['"2"', 'W/"2"', '"nobody"', '"01"', '"1-user"', '"1-GZIP"'])
def test_a_change_that_names_another_version_is_refused(people: People, tags: str) -> None:
    response = people.alice.api.patch(PATH, json={"bio": "x"}, headers={"If-Match": tags})

    refused(response, 412, "PRECONDITION_FAILED")
    assert stored(people.alice.id).version == 1  # type: ignore[union-attr]
    assert run("SELECT bio FROM user_profiles") == [(None,)]
    assert decision(response).outcome == "allowed"
    assert (event(response).outcome, event(response).reason) == ("failed", "precondition_failed")


def test_of_two_changes_of_one_version_the_second_is_refused(people: People) -> None:
    tag = people.alice.api.get(PATH).headers["etag"]

    first = people.alice.api.patch(PATH, json={"bio": "first"}, headers={"If-Match": tag})
    second = people.alice.api.patch(PATH, json={"bio": "second"}, headers={"If-Match": tag})

    assert data(first)["profile"]["bio"] == "first"
    refused(second, 412, "PRECONDITION_FAILED")


@pytest.mark.parametrize("tags", ["1", '"1', "", "x" * 1025])
def test_a_header_that_is_no_list_of_tags_is_refused(people: People, tags: str) -> None:
    refused(
        people.alice.api.patch(PATH, json={"bio": "x"}, headers={"If-Match": tags}), 400, "VALIDATION_ERROR", "If-Match"
    )


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"email": "x@example.com", "role": "admin", "status": "active", "id": "1"}, {"email", "role", "status", "id"}),
        ({"profile": {"bio": "x"}}, {"profile"}),
        (
            {
                "display_name": "",
                "locale": "english!",
                "time_zone": "Mars/Olympus",
                "avatar_url": "ftp://x/y",
                "bio": 7,
            },
            {"display_name", "locale", "time_zone", "avatar_url", "bio"},
        ),
        ({"display_name": "x" * 101, "bio": "x" * 1001, "avatar_url": "https://x.y/" + "x" * 2048}, None),
        ({"avatar_url": "javascript:alert(1)"}, {"avatar_url"}),
        ({"time_zone": "../../etc/passwd"}, {"time_zone"}),
    ],
)
def test_every_violation_is_listed_with_its_field_and_nothing_changes(
    people: People, body: dict[str, Any], fields: set[str] | None
) -> None:
    response = people.alice.api.patch(PATH, json={**body})

    refused(response, 400, "VALIDATION_ERROR", *(fields or set(body)))
    assert stored(people.alice.id).version == 1  # type: ignore[union-attr]
    assert decision(response).outcome == "allowed"
    assert eventless(response)


def test_a_change_of_nothing_is_refused(people: People) -> None:
    refused(people.alice.api.patch(PATH, json={}), 400, "VALIDATION_ERROR")


def test_a_body_that_is_none_is_refused(people: People) -> None:
    check_bodies(people.alice.api, "PATCH", PATH)

    assert stored(people.alice.id).version == 1  # type: ignore[union-attr]


def test_an_unknown_parameter_is_refused_before_anything_is_decided(people: People) -> None:
    response = people.alice.api.patch(f"{PATH}?bio=x", json={"bio": "x"})

    refused(response, 400, "VALIDATION_ERROR", "bio")
    assert decisions(response.headers["x-request-id"]) == []


def test_a_session_that_has_ended_changes_nothing(people: People) -> None:
    client = people.alice.api
    run("UPDATE sessions SET ended_at = now()")

    refused(client.patch(PATH, json={"bio": "x"}), 401, "SESSION_ENDED")

    assert stored(people.alice.id).version == 1  # type: ignore[union-attr]


def test_a_caller_over_the_limit_waits_and_changes_nothing(variant: Variant, people: People) -> None:
    token = people.alice.sign_in()["access_token"]
    with variant(LIMIT_WRITE="1/60") as strict, strict.client(token) as client:
        data(client.patch(PATH, json={"bio": "first"}))
        check_limited(client.patch(PATH, json={"bio": "second"}), "write")

    assert run("SELECT bio FROM user_profiles") == [("first",)]


def test_without_the_database_it_says_so_and_changes_nothing(people: People, database_away: Away) -> None:
    client = people.alice.api
    with database_away():
        check_unavailable(client.patch(PATH, json={"bio": "x"}))

    assert stored(people.alice.id).version == 1  # type: ignore[union-attr]


def test_an_answer_that_does_not_fit_the_document_rolls_the_change_back(people: People) -> None:
    client = people.alice.api
    run("UPDATE user_profiles SET locale = 'no locale at all'")

    response = client.patch(PATH, json={"bio": "x"})

    refused(response, 500, "INTERNAL_ERROR")
    assert run("SELECT bio FROM user_profiles") == [(None,)]
    assert stored(people.alice.id).version == 1  # type: ignore[union-attr]
    assert decision(response).outcome == "allowed"
    assert (event(response).outcome, event(response).reason) == ("failed", "response_mismatch")
