"""delete_user: an account with its profile and its sessions, gone."""

import httpx
import pytest

from app.database import run
from app.identifiers import new_id
from tests.people import PASSWORD, People, Person, make_role
from tests.rows import audit_rows, decision, event, eventless, stored
from tests.service import Service
from tests.wire import data, refused


def delete(actor: Person, target: Person) -> httpx.Response:
    return actor.api.delete(f"/v1/users/{target.id}")


@pytest.fixture
def remover(people: People) -> Person:
    """Somebody who may delete accounts, and holds nothing else of note."""
    make_role("remover", "users:delete")
    return people.make("remo", "remover")


def test_the_account_goes_with_its_profile_and_its_sessions(people: People) -> None:
    people.alice.sign_in()

    response = delete(people.ada, people.alice)

    assert (response.status_code, response.content) == (204, b"")
    assert "content-type" not in response.headers
    assert stored(people.alice.id) is None
    assert run("SELECT * FROM user_profiles WHERE user_id = %s", (people.alice.id,)) == []
    assert run("SELECT * FROM sessions WHERE user_id = %s", (people.alice.id,)) == []
    refused(people.ada.api.get(f"/v1/users/{people.alice.id}"), 404, "NOT_FOUND")


def test_the_trail_stays(people: People) -> None:
    before = people.alice.api.get("/v1/users/me")

    response = delete(people.ada, people.alice)

    target = f"user:{people.alice.id}"
    decision(response).check_allowed(people.ada, "delete_user", "users:delete", target=target)
    event(response).check(by=people.ada, action="user.deleted", outcome="succeeded", target=target, details=None)
    assert decision(before).actor == people.alice.id


def test_the_tokens_of_the_account_open_nothing_any_more(service: Service, people: People) -> None:
    tokens = people.alice.sign_in()
    delete(people.ada, people.alice)

    response = people.alice.api.get("/v1/users/me")

    refused(response, 401, "SESSION_ENDED")
    decision(response).check(
        actor=people.alice.id,
        role=None,
        action="get_me",
        permission="account:read",
        outcome="denied",
        reason="session_unknown",
    )
    with service.client() as client:
        renewed = client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        login = client.post("/v1/auth/login", json={"email": "alice@example.com", "password": PASSWORD})
    refused(renewed, 401, "INVALID_REFRESH_TOKEN")
    refused(login, 401, "INVALID_CREDENTIALS")


def test_the_address_is_free_again(people: People) -> None:
    delete(people.ada, people.alice)

    response = people.ada.api.post("/v1/users", json={"email": "alice@example.com", "password": PASSWORD})

    assert data(response, 201)["id"] != str(people.alice.id)


def test_deleting_twice_is_a_404(people: People) -> None:
    delete(people.ada, people.alice)

    response = delete(people.ada, people.alice)

    refused(response, 404, "NOT_FOUND")
    event(response).check(outcome="failed", reason="not_found", target=f"user:{people.alice.id}")


def test_the_owner_deletes_their_own_account_soon_after_signing_in(people: People) -> None:
    response = delete(people.gus, people.gus)

    assert response.status_code == 204
    assert stored(people.gus.id) is None
    assert (decision(response).outcome, event(response).outcome) == ("allowed", "succeeded")
    event(response).check(by=people.gus)


def test_later_the_owner_must_sign_in_again(service: Service, people: People) -> None:
    people.alice.sign_in()
    service.clock.advance(seconds=601)

    response = delete(people.alice, people.alice)

    refused(response, 403, "STEP_UP_REQUIRED")
    decision(response).check(outcome="denied", reason="step_up_required")
    assert eventless(response)
    assert stored(people.alice.id) is not None
    with service.client(people.alice.sign_in()["access_token"]) as client:
        assert client.delete(f"/v1/users/{people.alice.id}").status_code == 204


def test_ten_minutes_are_soon_enough(service: Service, people: People) -> None:
    people.alice.sign_in()
    service.clock.advance(seconds=590)

    assert delete(people.alice, people.alice).status_code == 204


def test_a_refresh_is_no_sign_in(service: Service, people: People) -> None:
    tokens = people.alice.sign_in()
    service.clock.advance(seconds=601)
    with service.client() as client:
        renewed = data(client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}))

    with service.client(renewed["access_token"]) as client:
        assert refused(client.delete(f"/v1/users/{people.alice.id}"), 403, "STEP_UP_REQUIRED")


def test_an_owner_with_the_permission_is_asked_too_and_others_are_not(service: Service, people: People) -> None:
    olga = people.make("olga", "admin")
    olga.sign_in()
    service.clock.advance(seconds=601)

    refused(delete(olga, olga), 403, "STEP_UP_REQUIRED")
    assert delete(olga, people.alice).status_code == 204


def test_others_do_not_get_to_know_whether_an_account_exists(people: People) -> None:
    for target in (people.alice.id, new_id()):
        response = people.mallory.api.delete(f"/v1/users/{target}")

        refused(response, 403, "FORBIDDEN")
        decision(response).check_denied("users:delete", target=f"user:{target}")
        assert eventless(response)
    assert stored(people.alice.id) is not None


def test_an_id_must_be_a_uuid_and_me_is_none(people: People) -> None:
    refused(people.ada.api.delete("/v1/users/alice"), 400, "VALIDATION_ERROR", "user_id")

    response = people.ada.api.delete("/v1/users/me")
    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert "DELETE" not in response.headers["allow"]
    assert audit_rows(response, "decision") == []


def test_who_holds_as_much_may_delete_an_account(people: People, remover: Person) -> None:
    assert delete(remover, people.gus).status_code == 204


@pytest.mark.parametrize("name", ["alice", "ada"])
def test_nobody_deletes_an_account_that_holds_more_than_they_do(people: People, remover: Person, name: str) -> None:
    people.make("olga", "admin")
    target = getattr(people, name)

    response = delete(remover, target)

    refused(response, 403, "FORBIDDEN")
    assert decision(response).outcome == "allowed"
    event(response).check(outcome="failed", reason="beyond_actor", target=f"user:{target.id}")
    assert stored(target.id) is not None


def test_the_last_admin_cannot_be_deleted_not_even_by_themselves(people: People) -> None:
    response = delete(people.ada, people.ada)

    refused(response, 409, "LAST_ADMIN")
    event(response).check(action="user.deleted", outcome="failed", reason="last_admin", target=f"user:{people.ada.id}")
    assert data(people.ada.api.get("/v1/users/me"))["role"] == "admin"


def test_a_suspended_admin_is_no_other_admin(people: People) -> None:
    olga = people.make("olga", "admin")
    data(people.ada.api.post(f"/v1/users/{olga.id}/suspend"))

    refused(delete(people.ada, people.ada), 409, "LAST_ADMIN")
    assert delete(people.ada, olga).status_code == 204


def test_an_admin_may_go_while_another_stays(people: People) -> None:
    olga = people.make("olga", "admin")

    assert delete(people.ada, people.ada).status_code == 204
    refused(delete(olga, olga), 409, "LAST_ADMIN")
    assert stored(olga.id) is not None
