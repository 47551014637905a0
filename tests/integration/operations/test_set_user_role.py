"""set_user_role: the role an account has, from its next request on."""

import httpx
import pytest

from app.identifiers import new_id
from tests.people import People, Person, make_role
from tests.rows import decision, event, eventless, stored
from tests.wire import data, refused


def assign(actor: Person, target: Person, role: str, if_match: str | None = None) -> httpx.Response:
    headers = {"If-Match": if_match} if if_match is not None else {}
    return actor.api.put(f"/v1/users/{target.id}/role", json={"role": role}, headers=headers)


def role_of(person: Person) -> str:
    account = stored(person.id)
    assert account is not None
    return account.role


@pytest.fixture
def assigner(people: People) -> Person:
    """Somebody who may give roles, and holds nothing else of note."""
    make_role("assigner", "roles:assign")
    return people.make("asta", "assigner")


def test_an_admin_makes_another_admin(people: People) -> None:
    response = assign(people.ada, people.alice, "admin")

    assert (data(response)["id"], data(response)["role"]) == (str(people.alice.id), "admin")
    assert response.headers["etag"] == '"2"'
    assert role_of(people.alice) == "admin"
    assert data(people.alice.api.get("/v1/users"))


def test_the_trail_names_the_account_and_both_roles(people: People) -> None:
    response = assign(people.ada, people.alice, "guest")

    target = f"user:{people.alice.id}"
    decision(response).check_allowed(people.ada, "set_user_role", "roles:assign", target=target)
    given = {"from": "user", "to": "guest"}
    event(response).check(by=people.ada, action="user.role_set", outcome="succeeded", target=target, details=given)


def test_verification_stays_as_it_is(people: People) -> None:
    assert data(assign(people.ada, people.gus, "user"))["email_verified"] is False
    assert data(assign(people.ada, people.alice, "guest"))["email_verified"] is True


def test_the_role_it_has_already_changes_nothing(people: People) -> None:
    before = data(people.ada.api.get(f"/v1/users/{people.alice.id}"))

    response = assign(people.ada, people.alice, "user")

    assert (data(response), response.headers["etag"]) == (before, '"1"')


def test_a_role_that_is_not_there_is_refused(people: People) -> None:
    response = assign(people.ada, people.alice, "no-such-role")

    refused(response, 400, "VALIDATION_ERROR", "role")
    assert role_of(people.alice) == "user"
    assert event(response).outcome == "failed"


BAD_BODIES = [
    ({}, ["role"]),
    ({"role": None}, ["role"]),
    ({"role": ""}, ["role"]),
    ({"role": "Admin"}, ["role"]),
    ({"role": "r" * 51}, ["role"]),
    ({"role": ["user"]}, ["role"]),
    ({"role": "user", "reason": "because"}, ["reason"]),
]


def test_a_bad_body_is_refused_with_every_field(people: People, subtests: pytest.Subtests) -> None:
    for body, named in BAD_BODIES:
        with subtests.test(str(body)):
            response = people.ada.api.put(f"/v1/users/{people.alice.id}/role", json=body)

            assert refused(response, 400, "VALIDATION_ERROR", *named)


def test_a_body_that_is_no_object_is_refused_as_a_whole(people: People) -> None:
    response = people.ada.api.put(f"/v1/users/{people.alice.id}/role", json="user")

    assert refused(response, 400, "VALIDATION_ERROR")[0]["field"] is None


@pytest.mark.parametrize("name", ["mallory", "alice"])
def test_nobody_else_sets_a_role_not_even_their_own(people: People, name: str) -> None:
    response = assign(getattr(people, name), people.alice, "guest")

    refused(response, 403, "FORBIDDEN")
    decision(response).check_denied("roles:assign", target=f"user:{people.alice.id}")
    assert eventless(response)
    assert role_of(people.alice) == "user"


def test_others_do_not_get_to_know_whether_an_account_exists(people: People) -> None:
    response = people.mallory.api.put(f"/v1/users/{new_id()}/role", json={"role": "user"})

    assert refused(response, 403, "FORBIDDEN")


def test_an_account_that_is_not_there_is_a_404_for_those_who_may_assign(people: People) -> None:
    for role in ("user", "no-such-role"):
        response = people.ada.api.put(f"/v1/users/{new_id()}/role", json={"role": role})

        refused(response, 404, "NOT_FOUND")
        event(response).check(outcome="failed", reason="not_found")


def test_an_id_must_be_a_uuid(people: People) -> None:
    response = people.ada.api.put("/v1/users/me/role", json={"role": "user"})

    assert refused(response, 400, "VALIDATION_ERROR", "user_id")


def test_a_role_can_be_given_by_who_holds_all_of_it(people: People, assigner: Person) -> None:
    assert data(assign(assigner, people.gus, "assigner"))["role"] == "assigner"
    assert data(assign(assigner, people.gus, "guest"))["role"] == "guest"


@pytest.mark.parametrize("role", ["user", "admin"])
def test_nobody_gives_a_role_that_holds_more_than_they_do(people: People, assigner: Person, role: str) -> None:
    for target in (people.gus, assigner):
        before = role_of(target)

        response = assign(assigner, target, role)

        refused(response, 403, "FORBIDDEN")
        assert decision(response).outcome == "allowed"
        attempt = {"from": before, "to": role}
        event(response).check(outcome="failed", reason="beyond_actor", target=f"user:{target.id}", details=attempt)
        assert role_of(target) == before


@pytest.mark.parametrize("name", ["alice", "ada"])
def test_nobody_takes_a_role_that_holds_more_than_they_do(people: People, assigner: Person, name: str) -> None:
    people.make("olga", "admin")
    target = getattr(people, name)
    before = role_of(target)

    response = assign(assigner, target, "guest")

    refused(response, 403, "FORBIDDEN")
    assert event(response).reason == "beyond_actor"
    assert role_of(target) == before


def test_a_permission_that_the_document_does_not_know_stands_in_nobody_s_way(people: People, assigner: Person) -> None:
    make_role("relic", "ships:launch")

    assert data(assign(assigner, people.gus, "relic"))["role"] == "relic"


def test_the_last_admin_cannot_be_demoted_not_even_by_themselves(people: People) -> None:
    response = assign(people.ada, people.ada, "user")

    refused(response, 409, "LAST_ADMIN")
    event(response).check(action="user.role_set", outcome="failed", reason="last_admin", target=f"user:{people.ada.id}")
    assert role_of(people.ada) == "admin"
    assert data(assign(people.ada, people.ada, "admin"))["role"] == "admin"


def test_a_suspended_admin_and_a_role_like_admin_are_no_other_admin(people: People) -> None:
    olga = people.make("olga", "admin")
    data(people.ada.api.post(f"/v1/users/{olga.id}/suspend"))
    make_role("second", "users:list", "roles:assign")
    data(assign(people.ada, people.alice, "second"))

    refused(assign(people.ada, people.ada, "user"), 409, "LAST_ADMIN")
    assert data(assign(people.ada, olga, "user"))["role"] == "user"


def test_an_admin_may_step_down_while_another_stays(people: People) -> None:
    data(assign(people.ada, people.alice, "admin"))

    assert data(assign(people.ada, people.ada, "user"))["role"] == "user"
    refused(assign(people.ada, people.alice, "user"), 403, "FORBIDDEN")
    assert refused(assign(people.alice, people.alice, "user"), 409, "LAST_ADMIN")


@pytest.mark.parametrize("tags", ['"1"', "*", '"5","1"'])
def test_a_tag_that_fits_lets_the_change_through(people: People, tags: str) -> None:
    assert data(assign(people.ada, people.alice, "guest", tags))["role"] == "guest"


@pytest.mark.parametrize("tags", ['"2"', 'W/"2"'])
def test_a_tag_that_does_not_fit_changes_nothing(people: People, tags: str) -> None:
    for role in ("guest", "user"):
        response = assign(people.ada, people.alice, role, tags)

        refused(response, 412, "PRECONDITION_FAILED")
        event(response).check(outcome="failed", reason="precondition_failed")
    assert role_of(people.alice) == "user"


def test_a_header_that_is_no_list_of_tags_is_refused(people: People) -> None:
    refused(assign(people.ada, people.alice, "guest", "1"), 400, "VALIDATION_ERROR", "If-Match")

    assert role_of(people.alice) == "user"
