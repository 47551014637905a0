"""update_user: the address of an account, and whether it is verified."""

from typing import Any

import httpx
import pytest

from app.database import run
from app.identifiers import new_id
from tests.people import PASSWORD, People, Person, make_role
from tests.rows import StoredAccount, decision, event, eventless, stored
from tests.service import Service
from tests.wire import data, refused


def update(actor: Person, target: Person, *, if_match: str | None = None, **fields: Any) -> httpx.Response:
    headers = {"If-Match": if_match} if if_match is not None else {}
    return actor.api.patch(f"/v1/users/{target.id}", json=fields, headers=headers)


@pytest.fixture
def registrar(people: People) -> Person:
    """Somebody who may change accounts, and holds nothing else of note."""
    make_role("registrar", "users:update")
    return people.make("rita", "registrar")


def test_another_address_takes_effect_and_is_not_verified(people: People) -> None:
    response = update(people.ada, people.alice, email="Alice.B@Example.com")

    changed = data(response)
    assert (changed["email"], changed["email_verified"], changed["role"]) == ("alice.b@example.com", False, "user")
    assert changed["updated_at"] > changed["created_at"]
    assert stored(people.alice.id) == StoredAccount("alice.b@example.com", "user", "active", False, 2)
    assert response.headers["etag"] == '"2"'
    again = people.ada.api.get(f"/v1/users/{people.alice.id}")
    assert (data(again), again.headers["etag"]) == (changed, '"2"')


def test_the_trail_names_the_account_and_not_its_address(people: People) -> None:
    response = update(people.ada, people.alice, email="moved@example.com")

    target = f"user:{people.alice.id}"
    decision(response).check_allowed(people.ada, "update_user", "users:update", target=target)
    changed = {"changed": ["email", "email_verified"]}
    event(response).check(by=people.ada, action="user.updated", outcome="succeeded", target=target, details=changed)
    assert "moved" not in run("SELECT string_agg(a::text, ' ') FROM audit_events a")[0][0]


def test_from_then_on_only_the_new_address_signs_in(service: Service, people: People) -> None:
    update(people.ada, people.alice, email="moved@example.com")

    with service.client() as client:
        old = client.post("/v1/auth/login", json={"email": "alice@example.com", "password": PASSWORD})
        new = client.post("/v1/auth/login", json={"email": "moved@example.com", "password": PASSWORD})
    refused(old, 401, "INVALID_CREDENTIALS")
    assert data(new)["user"]["id"] == str(people.alice.id)


def test_another_address_can_be_declared_verified_with_it(people: People) -> None:
    changed = data(update(people.ada, people.alice, email="moved@example.com", email_verified=True))

    assert (changed["email"], changed["email_verified"]) == ("moved@example.com", True)


@pytest.mark.parametrize("fields", [{"email": "ALICE@example.com"}, {"email_verified": True}])
def test_what_is_so_already_changes_nothing_and_the_tag_stays_good(people: People, fields: dict[str, Any]) -> None:
    before = data(people.ada.api.get(f"/v1/users/{people.alice.id}"))

    response = update(people.ada, people.alice, **fields)

    assert (data(response), response.headers["etag"]) == (before, '"1"')
    assert (event(response).outcome, event(response).details) == ("succeeded", {"changed": []})


def test_a_verified_address_turns_a_guest_into_a_user(people: People) -> None:
    response = update(people.ada, people.gus, email_verified=True)

    assert (data(response)["role"], data(response)["email_verified"]) == ("user", True)
    assert event(response).details == {"changed": ["email_verified", "role"]}


def test_so_it_does_for_a_guest_whose_address_was_verified_before(people: People) -> None:
    people.ada.api.put(f"/v1/users/{people.alice.id}/role", json={"role": "guest"})

    assert data(update(people.ada, people.alice, email_verified=True))["role"] == "user"


def test_nothing_else_changes_a_role(people: People) -> None:
    make_role("reader", "users:read")
    rita, other = people.make("rita", "reader"), people.make("olga", "admin")

    assert data(update(people.ada, people.alice, email_verified=False))["role"] == "user"
    assert data(update(people.ada, people.alice, email_verified=True))["role"] == "user"
    assert data(update(people.ada, people.gus, email="gus2@example.com"))["role"] == "guest"
    assert data(update(people.ada, rita, email_verified=False))["role"] == "reader"
    assert data(update(people.ada, rita, email_verified=True))["role"] == "reader"
    assert data(update(people.ada, other, email_verified=False))["role"] == "admin"


@pytest.mark.parametrize("email", ["bob@example.com", "BOB@Example.com"])
def test_an_address_belongs_to_one_account_however_it_is_spelt(people: People, email: str) -> None:
    before = stored(people.alice.id), stored(people.bob.id)

    response = update(people.ada, people.alice, email=email)

    refused(response, 409, "EMAIL_TAKEN")
    assert (stored(people.alice.id), stored(people.bob.id)) == before
    event(response).check(
        action="user.updated", outcome="failed", reason="email_taken", target=f"user:{people.alice.id}"
    )


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"email": "new@example.com"}, ["email"]),
        ({"email_verified": True}, ["email_verified"]),
        ({"email": "new@example.com", "email_verified": True}, ["email", "email_verified"]),
    ],
)
def test_the_owner_is_let_in_and_may_set_nothing(people: People, fields: dict[str, Any], named: list[str]) -> None:
    before = stored(people.gus.id)

    response = update(people.gus, people.gus, **fields)

    refused(response, 403, "FORBIDDEN", *named)
    assert decision(response).outcome == "allowed"
    event(response).check(outcome="failed", reason="property_permission_missing", target=f"user:{people.gus.id}")
    assert stored(people.gus.id) == before


def test_others_do_not_get_to_know_whether_an_account_exists(people: People) -> None:
    for target in (people.alice.id, new_id()):
        response = people.mallory.api.patch(f"/v1/users/{target}", json={"email_verified": True})

        assert refused(response, 403, "FORBIDDEN")[0]["field"] is None
        decision(response).check_denied("users:update", target=f"user:{target}")
        assert eventless(response)


def test_an_account_that_is_not_there_is_a_404_for_those_who_may_change_it(people: People) -> None:
    missing = new_id()

    response = people.ada.api.patch(f"/v1/users/{missing}", json={"email_verified": True}, headers={"If-Match": '"1"'})

    refused(response, 404, "NOT_FOUND")
    event(response).check(outcome="failed", reason="not_found", target=f"user:{missing}")


def test_an_id_must_be_a_uuid(people: People) -> None:
    response = people.ada.api.patch("/v1/users/alice", json={"email_verified": True})

    assert refused(response, 400, "VALIDATION_ERROR", "user_id")


def test_who_holds_as_much_may_change_an_account(people: People, registrar: Person) -> None:
    assert data(update(registrar, people.gus, email="gus2@example.com"))["email"] == "gus2@example.com"
    assert data(update(registrar, registrar, email="rita2@example.com"))["email"] == "rita2@example.com"


@pytest.mark.parametrize("name", ["alice", "ada"])
def test_nobody_touches_an_account_that_holds_more_than_they_do(people: People, registrar: Person, name: str) -> None:
    target = getattr(people, name)
    before = stored(target.id)

    response = update(registrar, target, email="mine@example.com")

    assert refused(response, 403, "FORBIDDEN")[0]["field"] is None
    assert decision(response).outcome == "allowed"
    event(response).check(outcome="failed", reason="beyond_actor", target=f"user:{target.id}")
    assert stored(target.id) == before


def test_nor_makes_it_hold_more_by_verifying_its_address(people: People, registrar: Person) -> None:
    refused(update(registrar, people.gus, email_verified=True), 403, "FORBIDDEN")

    assert stored(people.gus.id) == StoredAccount("gus@example.com", "guest", "active", False, 1)


@pytest.mark.parametrize("tags", ['"1"', "*", '"9", "1"', 'W/"1"', '"1-gzip"'])
def test_a_tag_that_fits_lets_the_change_through(people: People, tags: str) -> None:
    response = update(people.ada, people.alice, if_match=tags, email="moved@example.com")

    assert (data(response)["email"], response.headers["etag"]) == ("moved@example.com", '"2"')


def test_a_tag_from_before_the_role_was_called_otherwise_does_not_fit(people: People) -> None:
    make_role("clerk")
    clara = people.make("clara", "clerk")
    url = f"/v1/users/{clara.id}"
    seen, of_the_profile = (people.ada.api.get(path).headers["etag"] for path in (url, f"{url}/profile"))
    data(people.ada.api.patch("/v1/roles/clerk", json={"name": "registrar"}))

    refused(update(people.ada, clara, if_match=seen, email="moved@example.com"), 412, "PRECONDITION_FAILED")

    fresh = people.ada.api.get(url).headers["etag"]
    response = update(people.ada, clara, if_match=fresh, email="moved@example.com")
    assert response.headers["etag"] == people.ada.api.get(url).headers["etag"]
    for of_another in (of_the_profile, people.ada.api.get(f"{url}/profile").headers["etag"]):
        refused(update(people.ada, clara, if_match=of_another, email_verified=True), 412, "PRECONDITION_FAILED")


OTHER_TAGS = ['"2"', 'W/"2"', '"1-gzip-gzip"', '"0", "2"', '"one"', '"01"', '"99999999999999999999"', '""']


def test_a_tag_that_does_not_fit_changes_nothing(people: People, subtests: pytest.Subtests) -> None:
    for tags in OTHER_TAGS:
        with subtests.test(tags):
            for fields in ({"email": "moved@example.com"}, {"email_verified": True}):
                response = update(people.ada, people.alice, if_match=tags, **fields)

                refused(response, 412, "PRECONDITION_FAILED")
                assert stored(people.alice.id) == StoredAccount("alice@example.com", "user", "active", True, 1)
                event(response).check(outcome="failed", reason="precondition_failed")


NO_TAGS = ["1", "'1'", '"1', '"1" "2"', "", '"1", *', 'w/"1"']


def test_a_header_that_is_no_list_of_tags_is_refused(people: People, subtests: pytest.Subtests) -> None:
    for tags in NO_TAGS:
        with subtests.test(tags):
            response = update(people.ada, people.alice, if_match=tags, email="moved@example.com")

            refused(response, 400, "VALIDATION_ERROR", "If-Match")
            assert stored(people.alice.id) == StoredAccount("alice@example.com", "user", "active", True, 1)


BAD_FIELDS = [
    ({"email": "no address"}, ["email"]),
    ({"email": None}, ["email"]),
    ({"email_verified": 1}, ["email_verified"]),
    ({"role": "admin", "status": "active", "version": 2}, ["role", "status", "version"]),
    ({"profile": {"bio": "Mine."}}, ["profile"]),
    ({"password": "another marmalade 8"}, ["password"]),
]


def test_a_bad_body_is_refused_with_every_field(people: People, subtests: pytest.Subtests) -> None:
    for fields, named in BAD_FIELDS:
        with subtests.test(str(fields)):
            refused(update(people.ada, people.alice, **fields), 400, "VALIDATION_ERROR", *named)

            assert stored(people.alice.id) == StoredAccount("alice@example.com", "user", "active", True, 1)


def test_a_body_that_changes_nothing_is_refused_as_a_whole(people: People) -> None:
    assert refused(update(people.ada, people.alice), 400, "VALIDATION_ERROR")[0]["field"] is None


def test_a_body_that_is_no_json_is_malformed_or_of_another_type(people: People) -> None:
    url = f"/v1/users/{people.alice.id}"

    json_type, text_type = {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}
    assert refused(people.ada.api.patch(url, content=b"{", headers=json_type), 400, "MALFORMED_BODY")
    assert refused(people.ada.api.patch(url, content=b"{}", headers=text_type), 415, "UNSUPPORTED_MEDIA_TYPE")
