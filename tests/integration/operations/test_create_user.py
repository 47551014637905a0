"""create_user: an account made for somebody else."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from app.database import run
from tests.people import People, Person, make_role
from tests.rows import StoredAccount, decision, event, eventless, number_of_accounts, stored
from tests.wire import data, refused

PASSWORD = "seven green bottles 9 falling"


def create(person: Person, **fields: Any) -> httpx.Response:
    return person.api.post("/v1/users", json={"email": "new@example.com", "password": PASSWORD, **fields})


@pytest.fixture
def clerk(people: People) -> Person:
    """Somebody who may make accounts, and holds nothing else of note."""
    make_role("clerk", "users:create")
    return people.make("clara", "clerk")


@pytest.fixture
def registrar(people: People) -> Person:
    """Somebody who may make accounts and name their role, and holds nothing else of note."""
    make_role("registrar", "users:create", "roles:assign")
    return people.make("rita", "registrar")


def test_the_least_makes_an_unverified_guest(people: People) -> None:
    response = create(people.ada)

    made = data(response, 201)
    assert (made["email"], made["role"], made["status"]) == ("new@example.com", "guest", "active")
    assert made["email_verified"] is False
    assert set(made["profile"].values()) == {None}
    assert made["id"][14] == "7"
    assert stored(made["id"]) == StoredAccount("new@example.com", "guest", "active", False, 1)


def test_location_leads_to_the_account(people: People) -> None:
    response = create(people.ada)

    assert response.headers["location"] == f"/v1/users/{data(response, 201)['id']}"
    assert data(people.ada.api.get(response.headers["location"])) == data(response, 201)


def test_the_trail_names_what_was_made_and_keeps_no_secret(people: People) -> None:
    response = create(people.ada)

    decision(response).check(
        by=people.ada, action="create_user", permission="users:create", outcome="allowed", target=None
    )
    row = event(response)
    assert (row.action, row.outcome, row.reason) == ("user.created", "succeeded", None)
    assert (row.actor, row.target) == (people.ada.id, None)
    assert row.details == {"user_id": data(response, 201)["id"], "role": "guest"}
    trail = run("SELECT string_agg(a::text, ' ') FROM audit_events a")[0][0]
    assert PASSWORD not in trail
    assert "new@example.com" not in trail


def test_the_password_opens_the_account_and_is_not_stored(people: People) -> None:
    create(people.ada)

    [(kept,)] = run("SELECT password_hash FROM users WHERE email = 'new@example.com'")
    assert PASSWORD not in kept
    with people.ada.service.client() as client:
        response = client.post("/v1/auth/login", json={"email": "new@example.com", "password": PASSWORD})
    assert data(response)["user"]["email"] == "new@example.com"


def test_the_profile_is_kept_and_what_is_left_out_is_null(people: People) -> None:
    made = data(create(people.ada, profile={"display_name": "Zoë", "bio": "", "locale": None}), 201)

    assert made["profile"] == {
        "display_name": "Zoë", "locale": None, "time_zone": None, "avatar_url": None, "bio": "",
    }  # fmt: skip


@pytest.mark.parametrize("role", [None, "guest"])
def test_a_verified_guest_is_a_user(people: People, role: str | None) -> None:
    named = {"role": role} if role else {}

    made = data(create(people.ada, email_verified=True, **named), 201)

    assert (made["role"], made["email_verified"]) == ("user", True)


@pytest.mark.parametrize("verified", [True, False])
def test_a_role_other_than_guest_is_as_named(people: People, verified: bool) -> None:
    made = data(create(people.ada, role="admin", email_verified=verified), 201)

    assert (made["role"], made["email_verified"]) == ("admin", verified)


def test_the_address_is_kept_in_canonical_form(people: People) -> None:
    assert data(create(people.ada, email="New.Person@EXAMPLE.com"), 201)["email"] == "new.person@example.com"


@pytest.mark.parametrize("email", ["alice@example.com", "Alice@Example.COM"])
def test_an_address_belongs_to_one_account_however_it_is_spelt(people: People, email: str) -> None:
    before = stored(people.alice.id)

    response = create(people.ada, email=email)

    refused(response, 409, "EMAIL_TAKEN")
    assert (stored(people.alice.id), number_of_accounts()) == (before, 2)
    assert decision(response).outcome == "allowed"
    event(response).check(action="user.created", outcome="failed", reason="email_taken", target=None)


def test_others_may_not_make_accounts_and_their_body_is_not_looked_at(people: People) -> None:
    for body in ({"email": "new@example.com", "password": PASSWORD}, {"nonsense": 1}):
        response = people.mallory.api.post("/v1/users", json=body)

        assert refused(response, 403, "FORBIDDEN")[0]["field"] is None
        decision(response).check(permission="users:create", outcome="denied", reason="permission_missing")
        assert eventless(response)
    assert number_of_accounts() == 1


def test_making_a_guest_needs_no_more_than_the_permission(clerk: Person) -> None:
    assert data(create(clerk), 201)["role"] == "guest"


@pytest.mark.parametrize("role", ["guest", "clerk", "admin", "no-such-role"])
def test_naming_a_role_needs_a_permission_of_its_own(clerk: Person, role: str) -> None:
    response = create(clerk, role=role)

    refused(response, 403, "FORBIDDEN", "role")
    assert decision(response).outcome == "allowed"
    event(response).check(action="user.created", outcome="failed", reason="property_permission_missing")
    assert number_of_accounts() == 1


@pytest.mark.parametrize("role", ["guest", "registrar"])
def test_a_role_can_be_given_by_who_holds_all_of_it(registrar: Person, role: str) -> None:
    assert data(create(registrar, role=role), 201)["role"] == role


@pytest.mark.parametrize("role", ["user", "admin"])
def test_nobody_makes_an_account_that_holds_more_than_they_do(registrar: Person, role: str) -> None:
    response = create(registrar, role=role)

    assert refused(response, 403, "FORBIDDEN")[0]["field"] is None
    event(response).check(action="user.created", outcome="failed", reason="beyond_actor")
    assert number_of_accounts() == 1


def test_nor_by_way_of_a_verified_address(clerk: Person) -> None:
    refused(create(clerk, email_verified=True), 403, "FORBIDDEN")

    assert number_of_accounts() == 1


def test_a_role_that_is_not_there_is_refused(people: People) -> None:
    response = create(people.ada, role="no-such-role")

    refused(response, 400, "VALIDATION_ERROR", "role")
    assert number_of_accounts() == 1
    assert event(response).outcome == "failed"


BAD_FIELDS = [
    ({"email": "no-address"}, ["email"]),
    ({"email": "a" * 250 + "@b.cd"}, ["email"]),
    ({"email": "㏂" * 60 + "@example.com"}, ["email"]),
    ({"email": None}, ["email"]),
    ({"email": ["new@example.com"]}, ["email"]),
    ({"password": "short 7"}, ["password"]),
    ({"password": "fourteen chars"}, ["password"]),
    ({"password": "p" * 257}, ["password"]),
    ({"password": "passwordpassword"}, ["password"]),
    ({"password": "someone.long@example.com", "email": "someone.long@example.com"}, ["password"]),
    ({"password": "Zoë of the mountains", "profile": {"display_name": "Zoë of the mountains"}}, ["password"]),
    ({"role": None}, ["role"]),
    ({"role": "No Role"}, ["role"]),
    ({"email_verified": "true"}, ["email_verified"]),
    ({"email_verified": None}, ["email_verified"]),
    ({"profile": None}, ["profile"]),
    ({"profile": {"display_name": "", "colour": "red"}}, ["profile.display_name", "profile.colour"]),
    ({"profile": {"time_zone": "Mars/Olympus", "locale": "e"}}, ["profile.time_zone", "profile.locale"]),
    ({"profile": {"avatar_url": "javascript:alert(1)"}}, ["profile.avatar_url"]),
    ({"id": "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d", "status": "active"}, ["id", "status"]),
]


def test_a_bad_body_is_refused_with_every_field(people: People, subtests: pytest.Subtests) -> None:
    for fields, named in BAD_FIELDS:
        with subtests.test(str(fields)):
            response = create(people.ada, **fields)

            errors = refused(response, 400, "VALIDATION_ERROR", *named)
            assert not any(PASSWORD in error["message"] for error in errors)
            assert number_of_accounts() == 1


def test_missing_properties_are_named_themselves(people: People) -> None:
    assert refused(people.ada.api.post("/v1/users", json={}), 400, "VALIDATION_ERROR", "email", "password")


NO_JSON = [b"", b"{", b'{"email": NaN}', b'{"email": "a@b.cd", "email": "c@d.ef"}']


def test_a_body_that_is_no_json_is_malformed(people: People, subtests: pytest.Subtests) -> None:
    for content in NO_JSON:
        with subtests.test(str(content)):
            response = people.ada.api.post("/v1/users", content=content, headers={"Content-Type": "application/json"})

            assert refused(response, 400, "MALFORMED_BODY")[0]["field"] is None


def test_a_body_of_another_media_type_is_refused(people: People) -> None:
    response = people.ada.api.post("/v1/users", data={"email": "new@example.com", "password": PASSWORD})

    refused(response, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert number_of_accounts() == 1


def test_a_repetition_under_its_key_makes_nobody_and_answers_as_at_first(people: People) -> None:
    keyed = {"Idempotency-Key": "make-new"}
    body = {"email": "new@example.com", "password": PASSWORD}
    first = people.ada.api.post("/v1/users", json=body, headers=keyed)
    again = people.ada.api.post("/v1/users", json=body, headers=keyed)

    assert first.status_code == 201
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert decision(again).outcome == "allowed"
    assert eventless(again)
    assert number_of_accounts() == 2
    other = people.ada.api.post("/v1/users", json={**body, "email_verified": True}, headers=keyed)
    refused(other, 422, "IDEMPOTENCY_KEY_REUSED")
    event(other).check(action="user.created", outcome="failed", reason="idempotency_key_reused")


def test_twins_at_once_make_one_account(people: People) -> None:
    start = threading.Barrier(8)
    body = {"email": "new@example.com", "password": PASSWORD}
    send = people.ada.api.post

    def one(_: int) -> httpx.Response:
        start.wait(10)
        return send("/v1/users", json=body, headers={"Idempotency-Key": "k"})

    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(one, range(8)))

    made = [response for response in responses if response.status_code == 201]
    assert {response.content for response in made} == {made[0].content}
    assert [response.json()["errors"][0]["code"] for response in responses if response not in made] == [
        "IDEMPOTENCY_IN_PROGRESS"
    ] * (8 - len(made))
    assert len([response for response in made if "idempotency-replayed" not in response.headers]) == 1
    assert number_of_accounts() == 2


def test_who_may_not_make_accounts_any_more_gets_no_replay(people: People, clerk: Person) -> None:
    keyed = {"Idempotency-Key": "k"}
    body = {"email": "new@example.com", "password": PASSWORD}
    assert clerk.api.post("/v1/users", json=body, headers=keyed).status_code == 201
    run("DELETE FROM role_permissions WHERE permission = 'users:create'")

    response = clerk.api.post("/v1/users", json=body, headers=keyed)

    refused(response, 403, "FORBIDDEN")
    assert decision(response).outcome == "denied"
    assert eventless(response)


def test_an_account_that_made_others_can_be_deleted_with_its_keys(people: People, clerk: Person) -> None:
    body = {"email": "new@example.com", "password": PASSWORD}
    assert clerk.api.post("/v1/users", json=body, headers={"Idempotency-Key": "k"}).status_code == 201

    assert people.ada.api.delete(f"/v1/users/{clerk.id}").status_code == 204
    assert run("SELECT count(*) FROM idempotency_keys") == [(0,)]
