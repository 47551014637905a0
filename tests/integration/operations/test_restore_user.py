"""restore_user: a suspended account that may sign in again."""

import httpx
import pytest

from app.identifiers import new_id
from tests.people import People, Person, make_role
from tests.rows import decision, event, eventless, live_sessions, stored
from tests.service import Service
from tests.wire import data, refused


def restore(actor: Person, target: Person, if_match: str | None = None) -> httpx.Response:
    headers = {"If-Match": if_match} if if_match is not None else {}
    return actor.api.post(f"/v1/users/{target.id}/restore", headers=headers)


def suspended(people: People, target: Person) -> Person:
    data(people.ada.api.post(f"/v1/users/{target.id}/suspend"))
    return target


def status_of(person: Person) -> str:
    account = stored(person.id)
    assert account is not None
    return account.status


def test_the_account_is_active_and_signs_in_again(people: People) -> None:
    suspended(people, people.alice)

    response = restore(people.ada, people.alice)

    assert (data(response)["id"], data(response)["status"]) == (str(people.alice.id), "active")
    assert response.headers["etag"] == '"3"'
    assert people.alice.sign_in()["user"]["status"] == "active"


def test_no_old_session_comes_back_to_life(service: Service, people: People) -> None:
    tokens = people.alice.sign_in()
    suspended(people, people.alice)

    data(restore(people.ada, people.alice))

    refused(people.alice.api.get("/v1/users/me"), 401, "SESSION_ENDED")
    with service.client() as client:
        renewed = client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    refused(renewed, 401, "INVALID_REFRESH_TOKEN")
    assert live_sessions(people.alice.id) == 0


def test_the_trail_names_the_account(people: People) -> None:
    suspended(people, people.alice)

    response = restore(people.ada, people.alice)

    target = f"user:{people.alice.id}"
    decision(response).check_allowed(people.ada, "restore_user", "users:suspend", target=target)
    event(response).check(by=people.ada, action="user.restored", outcome="succeeded", target=target, details=None)


def test_an_active_account_stays_as_it_is(people: People) -> None:
    people.alice.sign_in()

    response = restore(people.ada, people.alice)

    assert (data(response)["status"], response.headers["etag"]) == ("active", '"1"')
    assert data(people.alice.api.get("/v1/users/me"))["status"] == "active"


def test_role_and_verification_are_as_they_were(people: People) -> None:
    suspended(people, people.gus)

    found = data(restore(people.ada, people.gus))

    assert (found["role"], found["email_verified"]) == ("guest", False)


def test_others_do_not_get_to_know_whether_an_account_exists(people: People) -> None:
    suspended(people, people.alice)
    for target in (people.alice.id, new_id()):
        response = people.mallory.api.post(f"/v1/users/{target}/restore")

        refused(response, 403, "FORBIDDEN")
        decision(response).check_denied("users:suspend", target=f"user:{target}")
        assert eventless(response)
    assert status_of(people.alice) == "suspended"


def test_an_account_that_is_not_there_is_a_404_for_those_who_may_restore(people: People) -> None:
    response = people.ada.api.post(f"/v1/users/{new_id()}/restore")

    refused(response, 404, "NOT_FOUND")
    event(response).check(action="user.restored", outcome="failed", reason="not_found")


def test_an_id_must_be_a_uuid(people: People) -> None:
    assert refused(people.ada.api.post("/v1/users/alice/restore"), 400, "VALIDATION_ERROR", "user_id")


def test_nobody_gets_in_without_a_token_or_with_that_of_a_suspended_account(service: Service, people: People) -> None:
    people.alice.sign_in()
    suspended(people, people.alice)

    with service.client() as client:
        refused(client.post(f"/v1/users/{people.alice.id}/restore"), 401, "UNAUTHENTICATED")
    refused(restore(people.alice, people.alice), 401, "SESSION_ENDED")
    assert status_of(people.alice) == "suspended"


def test_who_holds_as_much_may_restore_an_account(people: People) -> None:
    make_role("warden", "users:suspend")
    suspended(people, people.gus)

    assert data(restore(people.make("wanda", "warden"), people.gus))["status"] == "active"


@pytest.mark.parametrize("role", ["user", "admin"])
def test_nobody_restores_an_account_that_holds_more_than_they_do(people: People, role: str) -> None:
    make_role("warden", "users:suspend")
    target = suspended(people, people.make("olga", role))

    response = restore(people.make("wanda", "warden"), target)

    refused(response, 403, "FORBIDDEN")
    event(response).check(outcome="failed", reason="beyond_actor", target=f"user:{target.id}")
    assert status_of(target) == "suspended"


@pytest.mark.parametrize("tags", ['"2"', "*", 'W/"2"'])
def test_a_tag_that_fits_lets_the_change_through(people: People, tags: str) -> None:
    suspended(people, people.alice)

    assert data(restore(people.ada, people.alice, tags))["status"] == "active"


@pytest.mark.parametrize(("tags", "status", "code"), [
    ('"1"', 412, "PRECONDITION_FAILED"),
    ('W/"1"', 412, "PRECONDITION_FAILED"),
    ("two", 400, "VALIDATION_ERROR"),
])  # fmt: skip
def test_one_that_does_not_changes_nothing(people: People, tags: str, status: int, code: str) -> None:
    suspended(people, people.alice)

    refused(restore(people.ada, people.alice, tags), status, code)

    assert status_of(people.alice) == "suspended"
