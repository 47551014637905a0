"""suspend_user: an account that cannot sign in, and whose sessions have ended."""

import json
from typing import Any

import httpx
import pytest

from app.database import run
from app.identifiers import new_id
from tests.people import PASSWORD, People, Person, make_role
from tests.rows import decision, event, eventless, live_sessions, stored
from tests.service import Service
from tests.wire import data, refused


def suspend(actor: Person, target: Person, if_match: str | None = None, **body: Any) -> httpx.Response:
    headers = {"If-Match": if_match} if if_match is not None else {}
    return actor.api.post(f"/v1/users/{target.id}/suspend", json=body or None, headers=headers)


def status_of(person: Person) -> str:
    account = stored(person.id)
    assert account is not None
    return account.status


@pytest.fixture
def warden(people: People) -> Person:
    """Somebody who may suspend and restore, and holds nothing else of note."""
    make_role("warden", "users:suspend")
    return people.make("wanda", "warden")


def test_the_account_is_suspended_and_shown(people: People) -> None:
    response = suspend(people.ada, people.alice)

    assert (data(response)["id"], data(response)["status"]) == (str(people.alice.id), "suspended")
    assert response.headers["etag"] == '"2"'
    assert data(people.ada.api.get(f"/v1/users/{people.alice.id}")) == data(response)


def test_the_trail_names_the_account_and_keeps_the_reason(people: People) -> None:
    response = suspend(people.ada, people.alice, reason="Reported for spam.")

    target = f"user:{people.alice.id}"
    decision(response).check_allowed(people.ada, "suspend_user", "users:suspend", target=target)
    kept = {"reason": "Reported for spam."}
    event(response).check(by=people.ada, action="user.suspended", outcome="succeeded", target=target, details=kept)
    assert "spam" not in response.text


def test_all_its_sessions_end_at_the_very_next_request(service: Service, people: People) -> None:
    tokens = people.alice.sign_in()
    people.alice.sign_in()
    data(people.alice.api.get("/v1/users/me"))

    data(suspend(people.ada, people.alice))

    response = people.alice.api.get("/v1/users/me")
    refused(response, 401, "SESSION_ENDED")
    assert response.headers["www-authenticate"].startswith("Bearer")
    decision(response).check(by=people.alice, action="get_me", permission="account:read", outcome="denied")
    assert eventless(response)
    assert live_sessions(people.alice.id) == 0
    assert {row[0] for row in run("SELECT end_reason FROM sessions WHERE ended_at IS NOT NULL")} == {"suspended"}
    with service.client() as client:
        renewed = client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    refused(renewed, 401, "INVALID_REFRESH_TOKEN")


def test_the_sessions_of_others_go_on(people: People) -> None:
    people.bob.sign_in()

    suspend(people.ada, people.alice)

    assert data(people.bob.api.get("/v1/users/me"))["status"] == "active"


def test_it_cannot_sign_in_and_is_not_told_why(service: Service, people: People) -> None:
    suspend(people.ada, people.alice)

    with service.client() as client:
        right = client.post("/v1/auth/login", json={"email": "alice@example.com", "password": PASSWORD})
        wrong = client.post("/v1/auth/login", json={"email": "alice@example.com", "password": PASSWORD + "x"})
    assert refused(right, 401, "INVALID_CREDENTIALS") == refused(wrong, 401, "INVALID_CREDENTIALS")
    assert live_sessions(people.alice.id) == 0


def test_suspending_twice_changes_nothing_more(people: People) -> None:
    first = suspend(people.ada, people.alice)

    second = suspend(people.ada, people.alice)

    assert (data(second), second.headers["etag"]) == (data(first), '"2"')


def test_the_body_may_be_empty_and_need_not_be_there(people: People) -> None:
    assert data(people.ada.api.post(f"/v1/users/{people.alice.id}/suspend", json={}))["status"] == "suspended"
    assert data(people.ada.api.post(f"/v1/users/{people.bob.id}/suspend"))["status"] == "suspended"


BAD_BODIES = [
    ({"reason": ""}, "reason"),
    ({"reason": None}, "reason"),
    ({"reason": "r" * 501}, "reason"),
    ({"reason": 7}, "reason"),
    ({"until": "tomorrow"}, "until"),
    ([], None),
    ("spam", None),
    (None, None),
]


def test_a_bad_body_is_refused_with_its_field(people: People, subtests: pytest.Subtests) -> None:
    for body, named in BAD_BODIES:
        with subtests.test(str(body)):
            response = people.ada.api.post(
                f"/v1/users/{people.alice.id}/suspend",
                content=json.dumps(body),
                headers={"Content-Type": "application/json"},
            )

            assert refused(response, 400, "VALIDATION_ERROR")[0]["field"] == named
            assert status_of(people.alice) == "active"


def test_a_body_of_another_media_type_is_refused(people: People) -> None:
    response = people.ada.api.post(f"/v1/users/{people.alice.id}/suspend", data={"reason": "spam"})

    refused(response, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert status_of(people.alice) == "active"


def test_others_do_not_get_to_know_whether_an_account_exists(people: People) -> None:
    for target in (people.alice.id, people.mallory.id, new_id()):
        response = people.mallory.api.post(f"/v1/users/{target}/suspend")

        refused(response, 403, "FORBIDDEN")
        decision(response).check_denied("users:suspend", target=f"user:{target}")
        assert eventless(response)
    assert status_of(people.alice) == status_of(people.mallory) == "active"


def test_an_account_that_is_not_there_is_a_404_for_those_who_may_suspend(people: People) -> None:
    response = people.ada.api.post(f"/v1/users/{new_id()}/suspend", json={"reason": "spam"})

    refused(response, 404, "NOT_FOUND")
    event(response).check(outcome="failed", reason="not_found")


def test_an_id_must_be_a_uuid(people: People) -> None:
    assert refused(people.ada.api.post("/v1/users/alice/suspend"), 400, "VALIDATION_ERROR", "user_id")


def test_who_holds_as_much_may_suspend_an_account(people: People, warden: Person) -> None:
    assert data(suspend(warden, people.gus))["status"] == "suspended"


@pytest.mark.parametrize("name", ["alice", "ada"])
def test_nobody_suspends_an_account_that_holds_more_than_they_do(people: People, warden: Person, name: str) -> None:
    people.make("olga", "admin")
    target = getattr(people, name)
    target.sign_in()

    response = suspend(warden, target)

    refused(response, 403, "FORBIDDEN")
    assert decision(response).outcome == "allowed"
    event(response).check(outcome="failed", reason="beyond_actor", target=f"user:{target.id}")
    assert status_of(target) == "active"
    assert live_sessions(target.id) == 1


def test_the_last_admin_cannot_be_suspended_not_even_by_themselves(people: People) -> None:
    response = suspend(people.ada, people.ada)

    refused(response, 409, "LAST_ADMIN")
    event(response).check(
        action="user.suspended", outcome="failed", reason="last_admin", target=f"user:{people.ada.id}"
    )
    assert data(people.ada.api.get("/v1/users/me"))["status"] == "active"


def test_an_admin_may_suspend_themselves_while_another_stays(people: People) -> None:
    olga = people.make("olga", "admin")

    assert data(suspend(people.ada, people.ada))["status"] == "suspended"
    refused(people.ada.api.get("/v1/users/me"), 401, "SESSION_ENDED")
    assert refused(suspend(olga, olga), 409, "LAST_ADMIN")


@pytest.mark.parametrize("tags", ['"1"', "*", 'W/"1"'])
def test_a_tag_that_fits_lets_the_change_through(people: People, tags: str) -> None:
    assert data(suspend(people.ada, people.alice, tags))["status"] == "suspended"


@pytest.mark.parametrize(("tags", "status", "code"), [
    ('"2"', 412, "PRECONDITION_FAILED"),
    ('W/"2"', 412, "PRECONDITION_FAILED"),
    ("one", 400, "VALIDATION_ERROR"),
])  # fmt: skip
def test_one_that_does_not_ends_no_session(people: People, tags: str, status: int, code: str) -> None:
    people.alice.sign_in()

    refused(suspend(people.ada, people.alice, tags), status, code)

    assert (status_of(people.alice), live_sessions(people.alice.id)) == ("active", 1)
