"""What takes time or several requests happens in the mock as it happens in the server."""

from typing import Any

import httpx

from tests.integration.mock.mocked import MockPeople
from tests.people import PASSWORD, People
from tests.wire import data, refused

NEW = "another lantern 8 quarry"
PROFILE = {"display_name": "A", "locale": None, "time_zone": None, "avatar_url": None, "bio": None}


def _refresh(people: People | MockPeople, token: str) -> httpx.Response:
    with people.ada.service.client() as client:
        return client.post("/v1/auth/refresh", json={"refresh_token": token})


def test_a_refresh_token_is_exchanged_once_and_its_reuse_ends_the_session(people: Any) -> None:
    first = people.alice.sign_in()["refresh_token"]
    second = data(_refresh(people, first))["refresh_token"]
    assert data(_refresh(people, first))["refresh_token"] == second
    people.ada.service.clock.advance(seconds=16)
    assert people.alice.api.get("/v1/users/me").status_code == 200
    refused(_refresh(people, first), 401, "INVALID_REFRESH_TOKEN")
    refused(_refresh(people, second), 401, "INVALID_REFRESH_TOKEN")
    refused(people.alice.api.get("/v1/users/me"), 401, "SESSION_ENDED")
    events = data(people.ada.api.get("/v1/audit-events?action=session.refreshed&limit=2"))
    assert [event["reason"] for event in events] == ["ended", "reuse"]


def test_tokens_and_sessions_expire(people: Any) -> None:
    tokens = people.alice.sign_in()
    people.ada.service.clock.advance(minutes=16)
    refused(people.alice.api.get("/v1/users/me"), 401, "INVALID_TOKEN")
    renewed = data(_refresh(people, tokens["refresh_token"]))
    with people.ada.service.client(renewed["access_token"]) as client:
        assert data(client.get("/v1/users/me"))["email"] == people.alice.email
    people.ada.service.clock.advance(days=31)
    refused(_refresh(people, renewed["refresh_token"]), 401, "INVALID_REFRESH_TOKEN")


def test_a_key_replays_the_response_for_a_day(people: Any) -> None:
    body, headers = {"email": "new@example.com", "password": PASSWORD}, {"Idempotency-Key": "k1"}
    first = people.ada.api.post("/v1/users", json=body, headers=headers)
    again = people.ada.api.post("/v1/users", json=body, headers=headers)
    assert (first.status_code, first.content) == (201, again.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    other = people.ada.api.post("/v1/users", json={**body, "email": "other@example.com"}, headers=headers)
    refused(other, 422, "IDEMPOTENCY_KEY_REUSED")
    people.ada.service.clock.advance(minutes=14)
    taken = people.ada.api.post("/v1/users", json=body, headers={"Idempotency-Key": "k2"})
    refused(taken, 409, "EMAIL_TAKEN")
    assert people.ada.api.post("/v1/users", json=body, headers={"Idempotency-Key": "k2"}).status_code == 409


def test_a_deletion_of_oneself_needs_a_recent_sign_in(people: Any) -> None:
    path = f"/v1/users/{people.alice.id}"
    assert people.alice.api.get(path).status_code == 200
    people.ada.service.clock.advance(minutes=11)
    refused(people.alice.api.delete(path), 403, "STEP_UP_REQUIRED")
    with people.ada.service.client(people.alice.sign_in()["access_token"]) as client:
        assert client.delete(path).status_code == 204
        refused(client.get("/v1/users/me"), 401, "SESSION_ENDED")
    refused(people.ada.api.get(path), 404, "NOT_FOUND")


def test_a_profile_is_replaced_in_the_version_that_was_read(people: Any) -> None:
    path = f"/v1/users/{people.alice.id}/profile"
    read = people.alice.api.get(path)
    assert people.alice.api.get(path, headers={"If-None-Match": read.headers["etag"]}).status_code == 304
    refused(people.alice.api.put(path, json=PROFILE), 428, "PRECONDITION_REQUIRED", "If-Match")
    tag = {"If-Match": read.headers["etag"]}
    assert data(people.alice.api.put(path, json=PROFILE, headers=tag))["display_name"] == "A"
    refused(people.alice.api.put(path, json=PROFILE, headers=tag), 412, "PRECONDITION_FAILED")


def test_a_change_of_password_ends_the_other_sessions(people: Any) -> None:
    other = people.alice.sign_in()["access_token"]
    people.alice.sign_in()
    listed = data(people.alice.api.get(f"/v1/users/{people.alice.id}/sessions"))
    assert [session["current"] for session in listed] == [True, False]
    change = {"current_password": PASSWORD, "new_password": NEW}
    assert people.alice.api.put("/v1/users/me/password", json=change).status_code == 204
    with people.ada.service.client(other) as client:
        refused(client.get("/v1/users/me"), 401, "SESSION_ENDED")
        credentials = {"email": people.alice.email, "password": PASSWORD}
        refused(client.post("/v1/auth/login", json=credentials), 401, "INVALID_CREDENTIALS")
        assert client.post("/v1/auth/login", json={**credentials, "password": NEW}).status_code == 200


def test_pages_go_on_to_the_end(people: Any) -> None:
    assert len({people.alice.id, people.bob.id, people.mallory.id, people.gus.id, people.ada.id}) == 5
    seen, path = [], "/v1/users?limit=2&sort=email"
    while path:
        page = people.ada.api.get(path)
        seen += [user["email"] for user in data(page)]
        path = page.json()["meta"]["pagination"]["next"]
    assert seen == sorted(seen)
    assert len(seen) == 5
    entries, cursor = [], ""
    while cursor is not None:
        page = people.ada.api.get(f"/v1/audit-events?limit=2&action=list_users{cursor}")
        entries += [entry["id"] for entry in data(page)]
        following = page.json()["meta"]["pagination"]["next_cursor"]
        cursor = following and f"&cursor={following}"
    assert len(set(entries)) == len(entries) == 3
    assert entries == sorted(entries, reverse=True)


def test_a_setting_takes_effect_on_the_next_request(people: Any) -> None:
    assert people.ada.api.put("/v1/settings/registration.open", json={"value": False}).status_code == 200
    with people.ada.service.client() as client:
        body = {"email": "new@example.com", "password": PASSWORD}
        refused(client.post("/v1/auth/register", json=body), 403, "FORBIDDEN")
        assert people.ada.api.delete("/v1/settings/registration.open").status_code == 204
        assert client.post("/v1/auth/register", json=body).status_code == 202
        assert people.ada.api.put("/v1/settings/sign_in.unverified", json={"value": False}).status_code == 200
        refused(client.post("/v1/auth/login", json=body), 401, "INVALID_CREDENTIALS")


def test_the_last_admin_stays(people: Any) -> None:
    path = f"/v1/users/{people.ada.id}"
    refused(people.ada.api.put(f"{path}/role", json={"role": "user"}), 409, "LAST_ADMIN")
    refused(people.ada.api.post(f"{path}/suspend"), 409, "LAST_ADMIN")
    refused(people.ada.api.delete(path), 409, "LAST_ADMIN")


def test_a_suspended_account_is_signed_out_until_it_is_restored(people: Any) -> None:
    path = f"/v1/users/{people.alice.id}"
    tokens = people.alice.sign_in()
    assert data(people.ada.api.post(f"{path}/suspend"))["status"] == "suspended"
    refused(people.alice.api.get("/v1/users/me"), 401, "SESSION_ENDED")
    refused(_refresh(people, tokens["refresh_token"]), 401, "INVALID_REFRESH_TOKEN")
    assert data(people.ada.api.post(f"{path}/restore"))["status"] == "active"
    assert people.alice.sign_in()["user"]["role"] == "user"


def test_a_session_is_ended_only_by_way_of_its_own_account(people: Any) -> None:
    people.alice.sign_in()
    [mine] = data(people.alice.api.get(f"/v1/users/{people.alice.id}/sessions"))
    for caller, owner in ((people.bob, people.bob), (people.ada, people.bob)):
        refused(caller.api.delete(f"/v1/users/{owner.id}/sessions/{mine['id']}"), 404, "NOT_FOUND")
    assert people.alice.api.get("/v1/users/me").status_code == 200


def test_a_suspended_admin_is_not_another_admin(people: Any) -> None:
    bob = f"/v1/users/{people.bob.id}"
    assert people.ada.api.put(f"{bob}/role", json={"role": "admin"}).status_code == 200
    assert people.ada.api.post(f"{bob}/suspend").status_code == 200
    refused(people.ada.api.delete(f"/v1/users/{people.ada.id}"), 409, "LAST_ADMIN")
    assert people.ada.api.post(f"{bob}/restore").status_code == 200
    assert people.ada.api.delete(f"/v1/users/{people.ada.id}").status_code == 204


def test_a_deletion_of_somebody_else_needs_no_recent_sign_in(people: Any) -> None:
    path = f"/v1/users/{people.alice.id}"
    assert people.ada.api.get(path).status_code == 200
    people.ada.service.clock.advance(minutes=11)
    assert people.ada.api.delete(path).status_code == 204


def test_a_key_is_forgotten_after_a_day(people: Any) -> None:
    body, headers = {"email": "new@example.com", "password": PASSWORD}, {"Idempotency-Key": "k1"}
    assert people.ada.api.post("/v1/users", json=body, headers=headers).status_code == 201
    people.ada.service.clock.advance(hours=25)
    with people.ada.service.client(people.ada.sign_in()["access_token"]) as client:
        refused(client.post("/v1/users", json=body, headers=headers), 409, "EMAIL_TAKEN")
