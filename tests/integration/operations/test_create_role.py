"""create_role: a role of a team's own."""

from typing import Any

import httpx
import pytest

from app.database import run
from tests.integration.operations.bounds import check_bodies
from tests.people import People, Person, make_role
from tests.rows import decision, event, eventless, stored_role
from tests.wire import data, refused

CLERK = {"name": "clerk", "description": "Finds people.", "permissions": ["users:list", "users:read"]}
EVERYBODYS = ["account:read", "account:update", "sessions:end"]


def create(actor: Person, **changes: Any) -> httpx.Response:
    body = {name: value for name, value in {**CLERK, **changes}.items() if value is not ...}
    return actor.api.post("/v1/roles", json=body)


@pytest.fixture
def founder(people: People) -> Person:
    """Somebody who may make roles, and holds nothing else of note."""
    make_role("founder", "roles:write")
    return people.make("fay", "founder")


def test_a_role_is_made_and_can_be_given(people: People) -> None:
    response = create(people.ada)

    made = data(response, 201)
    assert (made["name"], made["description"], made["built_in"]) == ("clerk", "Finds people.", False)
    assert made["permissions"] == [*EVERYBODYS, "users:list", "users:read"]
    assert made["created_at"] == made["updated_at"]
    assert response.headers["location"] == "/v1/roles/clerk"
    assert data(people.ada.api.get(response.headers["location"])) == made
    assert people.bob.api.get("/v1/users").status_code == 403
    data(people.ada.api.put(f"/v1/users/{people.bob.id}/role", json={"role": "clerk"}))
    assert data(people.bob.api.get("/v1/users"))
    assert people.bob.api.get(f"/v1/users/{people.ada.id}/profile").status_code == 403


def test_the_trail_names_the_role_and_what_it_holds(people: People) -> None:
    response = create(people.ada)

    decision(response).check_allowed(people.ada, "create_role", "roles:write")
    kept = {"role": "clerk", "permissions": [*EVERYBODYS, "users:list", "users:read"]}
    event(response).check(by=people.ada, action="role.created", outcome="succeeded", target=None, details=kept)


def test_the_least_role_holds_what_everybody_holds(people: People, founder: Person) -> None:
    response = create(founder, permissions=[], description="")

    assert data(response, 201)["permissions"] == EVERYBODYS
    kept = stored_role("clerk")
    assert kept is not None
    assert kept[:2] == ("", [])


def test_naming_what_everybody_holds_does_no_harm(people: People) -> None:
    assert data(create(people.ada, permissions=EVERYBODYS[::-1]), 201)["permissions"] == EVERYBODYS


@pytest.mark.parametrize("name", ["clerk", "admin", "guest"])
def test_a_name_belongs_to_one_role(people: People, name: str) -> None:
    make_role("clerk", "users:delete")
    before = stored_role(name)

    response = create(people.ada, name=name)

    refused(response, 409, "ROLE_TAKEN")
    event(response).check(action="role.created", outcome="failed", reason="role_taken")
    assert stored_role(name) == before


def test_a_role_can_be_made_with_what_the_maker_holds(people: People) -> None:
    make_role("lead", "roles:write", "users:list")

    assert data(create(people.make("lea", "lead"), permissions=["users:list", "roles:write"]), 201)


@pytest.mark.parametrize("permissions", [["users:list"], ["roles:write", "users:delete"]])
def test_nobody_makes_a_role_that_holds_more_than_they_do(founder: Person, permissions: list[str]) -> None:
    response = create(founder, permissions=permissions)

    refused(response, 403, "FORBIDDEN")
    assert decision(response).outcome == "allowed"
    event(response).check(outcome="failed", reason="beyond_actor")
    assert stored_role("clerk") is None


def test_every_permission_that_does_not_exist_is_named(people: People) -> None:
    wanted = ["users:fly", "users:list", "Users:List", "", "*", "users:read "]

    response = create(people.ada, permissions=[name for name in wanted if name])

    errors = refused(response, 400, "VALIDATION_ERROR")
    assert [error["field"] for error in errors] == [f"permissions.{number}" for number in (0, 2, 3, 4)]
    assert stored_role("clerk") is None


BAD_BODIES: list[tuple[dict[str, Any], list[str]]] = [
    ({"name": ..., "description": ..., "permissions": ...}, ["name", "description", "permissions"]),
    ({"name": "Clerk"}, ["name"]),
    ({"name": ""}, ["name"]),
    ({"name": "1st"}, ["name"]),
    ({"name": "clerk\n"}, ["name"]),
    ({"name": "r" * 51}, ["name"]),
    ({"name": None, "description": 7}, ["name", "description"]),
    ({"description": "d" * 201}, ["description"]),
    ({"permissions": "users:list"}, ["permissions"]),
    ({"permissions": None}, ["permissions"]),
    ({"permissions": {"users:list": True}}, ["permissions"]),
    ({"permissions": ["users:list", "users:list"]}, ["permissions"]),
    ({"permissions": ["users:list", 7, None, ""]}, ["permissions.1", "permissions.2", "permissions.3"]),
    ({"permissions": [f"a:b{number}" for number in range(101)]}, ["permissions"]),
    ({"built_in": True, "holds_all": True, "version": 7, "id": 1}, ["built_in", "holds_all", "version", "id"]),
]


def test_a_bad_body_is_refused_with_every_field(people: People, subtests: pytest.Subtests) -> None:
    for changes, named in BAD_BODIES:
        with subtests.test(str(changes)[:60]):
            refused(create(people.ada, **changes), 400, "VALIDATION_ERROR", *named)

    assert run("SELECT count(*) FROM roles") == [(3,)]


@pytest.mark.parametrize("name", ["alice", "gus"])
def test_others_make_no_role(people: People, name: str) -> None:
    response = create(getattr(people, name), permissions=[])

    refused(response, 403, "FORBIDDEN")
    decision(response).check_denied("roles:write", target=None)
    assert eventless(response)
    assert stored_role("clerk") is None


def test_a_body_that_is_no_json_object_is_refused(people: People) -> None:
    check_bodies(people.ada.api, "POST", "/v1/roles")

    assert stored_role("clerk") is None


def test_a_repetition_under_its_key_makes_nothing_and_answers_as_at_first(people: People) -> None:
    keyed = {"Idempotency-Key": "make-clerk"}
    first = people.ada.api.post("/v1/roles", json=CLERK, headers=keyed)
    data(people.ada.api.patch("/v1/roles/clerk", json={"name": "other"}))
    again = people.ada.api.post("/v1/roles", json=dict(reversed(CLERK.items())), headers=keyed)

    assert data(first, 201)["name"] == "clerk"
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == "/v1/roles/clerk"
    assert eventless(again)
    assert run("SELECT count(*) FROM roles") == [(4,)]


def test_a_refused_role_leaves_its_key_free(people: People) -> None:
    keyed = {"Idempotency-Key": "k"}
    refused(people.ada.api.post("/v1/roles", json={**CLERK, "name": "admin"}, headers=keyed), 409, "ROLE_TAKEN")

    assert data(people.ada.api.post("/v1/roles", json=CLERK, headers=keyed), 201)["name"] == "clerk"
