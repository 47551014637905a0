"""update_role: the name of a role, its description, and what it holds."""

from typing import Any

import httpx
import pytest

from tests.integration.operations.bounds import check_bodies
from tests.people import People, Person, make_role
from tests.rows import StoredRole, decision, event, eventless, stored_role
from tests.wire import data, refused

EVERYBODYS = ["account:read", "account:update", "sessions:end"]


@pytest.fixture
def clerk(clara: Person) -> StoredRole:
    """The role of a clerk as it is before anything happens."""
    found = stored_role("clerk")
    assert found is not None
    return found


def tag_of(people: People, role: str) -> str:
    return people.ada.api.get(f"/v1/roles/{role}").headers["etag"]


def update(actor: Person, role: str, *, if_match: str | None = None, **fields: Any) -> httpx.Response:
    headers = {"If-Match": if_match} if if_match is not None else {}
    return actor.api.patch(f"/v1/roles/{role}", json=fields, headers=headers)


@pytest.fixture
def clara(people: People) -> Person:
    """A clerk, who may list accounts."""
    make_role("clerk", "users:list")
    return people.make("clara", "clerk")


@pytest.fixture
def editor(people: People) -> Person:
    """Somebody who may change roles, and holds nothing else of note."""
    make_role("editor", "roles:write")
    return people.make("edie", "editor")


def test_what_a_role_holds_counts_at_the_very_next_request_of_everybody_who_has_it(
    people: People, clara: Person
) -> None:
    cora = people.make("cora", "clerk")
    for clerk in (clara, cora):
        data(clerk.api.get("/v1/users"))

    response = update(people.ada, "clerk", permissions=["profiles:read"])

    assert data(response)["permissions"] == sorted([*EVERYBODYS, "profiles:read"])
    for clerk in (clara, cora):
        refused(clerk.api.get("/v1/users"), 403, "FORBIDDEN")
        data(clerk.api.get(f"/v1/users/{people.ada.id}/profile"))
        data(clerk.api.get("/v1/users/me"))


def test_a_changed_role_is_shown_as_it_is_now(people: People, clara: Person) -> None:
    before = tag_of(people, "clerk")

    response = update(people.ada, "clerk", description="Other words.", permissions=["users:read", "users:list"])

    changed = data(response)
    assert (changed["name"], changed["description"]) == ("clerk", "Other words.")
    assert changed["permissions"] == [*EVERYBODYS, "users:list", "users:read"]
    assert changed["updated_at"] > changed["created_at"]
    again = people.ada.api.get("/v1/roles/clerk")
    assert (data(again), again.headers["etag"]) == (changed, response.headers["etag"])
    assert response.headers["etag"] != before


def test_what_it_loses_stays_with_every_other_role(people: People, clara: Person) -> None:
    make_role("registrar", "users:list", "users:read")
    before = stored_role("registrar")

    data(update(people.ada, "clerk", permissions=["profiles:read"]))

    assert stored_role("registrar") == before


def test_under_another_name_it_stays_the_role_of_its_accounts(people: People, clara: Person) -> None:
    data(clara.api.get("/v1/users"))

    assert data(update(people.ada, "clerk", name="registrar"))["name"] == "registrar"

    assert data(clara.api.get("/v1/users/me"))["role"] == "registrar"
    assert data(clara.api.get("/v1/users"))
    assert refused(people.ada.api.get("/v1/roles/clerk"), 404, "NOT_FOUND")
    assert data(people.ada.api.get("/v1/users?role=registrar"))[0]["id"] == str(clara.id)


def test_the_trail_names_the_role_and_what_changed(people: People, clara: Person) -> None:
    response = update(people.ada, "clerk", name="registrar", description="Words.", permissions=["users:read"])

    decision(response).check(
        by=people.ada,
        action="update_role",
        permission="roles:write",
        outcome="allowed",
        target="role:clerk",
        details=None,
    )
    kept = {"name": "registrar", "description": "Words.", "added": ["users:read"], "removed": ["users:list"]}
    event(response).check(by=people.ada, action="role.updated", outcome="succeeded", target="role:clerk", details=kept)


def test_what_everybody_holds_cannot_be_taken_away(people: People, clara: Person) -> None:
    assert data(update(people.ada, "clerk", permissions=[]))["permissions"] == EVERYBODYS
    assert data(clara.api.get("/v1/users/me"))
    assert data(update(people.ada, "clerk", permissions=EVERYBODYS))["permissions"] == EVERYBODYS


def test_what_changes_nothing_leaves_the_version(people: People, clerk: StoredRole) -> None:
    before = tag_of(people, "clerk")

    response = update(people.ada, "clerk", name="clerk", permissions=["users:list"], description="made by a test")

    assert (data(response)["name"], response.headers["etag"]) == ("clerk", before)
    assert stored_role("clerk") == clerk
    other = tag_of(people, "user")
    assert refused(update(people.ada, "clerk", name="clerk", if_match=other), 412, "PRECONDITION_FAILED")


def test_a_permission_that_the_document_does_not_know_goes_with_the_next_list(people: People) -> None:
    make_role("relic", "ships:launch", "users:list")

    assert "ships:launch" not in data(update(people.ada, "relic", description="Old."))["permissions"]
    assert data(update(people.ada, "relic", permissions=["users:read"]))["permissions"] == [*EVERYBODYS, "users:read"]

    kept = stored_role("relic")
    assert kept is not None
    assert kept[:2] == ("Old.", ["users:read"])


@pytest.mark.parametrize("name", ["admin", "user", "guest"])
def test_a_built_in_role_stays_as_it_is(people: People, name: str) -> None:
    before = stored_role(name)
    changes: list[dict[str, Any]] = [{"name": "other"}, {"description": "Mine."}, {"permissions": []}, {"name": name}]
    for fields in changes:
        response = update(people.ada, name, **fields)

        refused(response, 409, "ROLE_BUILT_IN")
        event(response).check(outcome="failed", reason="role_built_in", target=f"role:{name}")
    assert stored_role(name) == before


@pytest.mark.parametrize("name", ["second", "user"])
def test_a_name_belongs_to_one_role(people: People, clerk: StoredRole, name: str) -> None:
    make_role("second")

    response = update(people.ada, "clerk", name=name, permissions=[])

    refused(response, 409, "ROLE_TAKEN")
    event(response).check(outcome="failed", reason="role_taken", target="role:clerk")
    assert stored_role("clerk") == clerk


def test_who_holds_as_much_may_change_a_role_even_their_own(people: People, editor: Person) -> None:
    make_role("bare")

    assert data(update(editor, "bare", permissions=["roles:write"]))["permissions"] == [
        "account:read",
        "account:update",
        "roles:write",
        "sessions:end",
    ]
    assert data(update(editor, "editor", permissions=[]))["permissions"] == EVERYBODYS
    assert refused(update(editor, "bare", description="x"), 403, "FORBIDDEN")


@pytest.mark.parametrize("role", ["bare", "clerk", "editor", "admin", "user"])
def test_nobody_makes_a_role_hold_more_than_they_do_nor_touches_one_that_does(
    people: People, clara: Person, editor: Person, role: str
) -> None:
    make_role("bare")
    before = stored_role(role)
    changes: list[dict[str, Any]] = [{"permissions": ["users:list"]}]
    if role in ("clerk", "admin", "user"):
        changes += [{"permissions": []}, {"description": "x"}, {"name": "other"}]
    for fields in changes:
        response = update(editor, role, **fields)

        refused(response, 403, "FORBIDDEN")
        assert decision(response).outcome == "allowed"
        event(response).check(outcome="failed", reason="beyond_actor", target=f"role:{role}")
    assert stored_role(role) == before


@pytest.mark.parametrize("form", ["{}", "*", '"9", {}', "W/{}"])
def test_a_tag_that_fits_lets_the_change_through_once(people: People, clara: Person, form: str) -> None:
    tags = form.format(tag_of(people, "clerk"))

    response = update(people.ada, "clerk", if_match=tags, description="Other words.")

    assert data(response)["description"] == "Other words."
    if tags != "*":
        refused(update(people.ada, "clerk", if_match=tags, description="Mine."), 412, "PRECONDITION_FAILED")


@pytest.mark.parametrize(("form", "status", "code"), [
    ('"0"', 412, "PRECONDITION_FAILED"),
    ("{}x", 400, "VALIDATION_ERROR"),
])  # fmt: skip
def test_one_that_does_not_changes_nothing(
    people: People, clerk: StoredRole, form: str, status: int, code: str
) -> None:
    tags = form.format(tag_of(people, "clerk"))
    changes: list[dict[str, Any]] = [{"description": "Other words."}, {"permissions": []}, {"name": "user"}]
    for fields in changes:
        refused(update(people.ada, "clerk", if_match=tags, **fields), status, code)

    assert stored_role("clerk") == clerk


def test_every_permission_that_does_not_exist_is_named(people: People, clerk: StoredRole) -> None:
    response = update(people.ada, "clerk", permissions=["users:fly", "users:list", "x"])

    refused(response, 400, "VALIDATION_ERROR", "permissions.0", "permissions.2")
    assert stored_role("clerk") == clerk


BAD_FIELDS: list[tuple[dict[str, Any], list[str]]] = [
    ({"name": "Clerk"}, ["name"]),
    ({"name": None, "description": None, "permissions": None}, ["name", "description", "permissions"]),
    ({"description": "d" * 201}, ["description"]),
    ({"permissions": ["users:list", "users:list"]}, ["permissions"]),
    ({"built_in": True, "version": 2, "holds_all": True}, ["built_in", "version", "holds_all"]),
]


def test_a_bad_body_is_refused_with_every_field(people: People, clerk: StoredRole, subtests: pytest.Subtests) -> None:
    for fields, named in BAD_FIELDS:
        with subtests.test(str(fields)):
            refused(update(people.ada, "clerk", **fields), 400, "VALIDATION_ERROR", *named)

    assert refused(update(people.ada, "clerk"), 400, "VALIDATION_ERROR")[0]["field"] is None
    assert stored_role("clerk") == clerk


def test_a_role_that_is_not_there_is_a_404(people: People) -> None:
    response = update(people.ada, "no-such-role", description="x")

    refused(response, 404, "NOT_FOUND")
    event(response).check(outcome="failed", reason="not_found", target="role:no-such-role")


def test_others_change_no_role_and_do_not_get_to_know_whether_it_exists(
    people: People, clara: Person, clerk: StoredRole
) -> None:
    for name in ("clerk", "no-such-role"):
        response = update(clara, name, permissions=["users:delete"])

        refused(response, 403, "FORBIDDEN")
        decision(response).check_denied("roles:write", target=f"role:{name}")
        assert eventless(response)
    assert stored_role("clerk") == clerk


def test_a_body_that_is_no_json_object_is_refused(people: People) -> None:
    check_bodies(people.ada.api, "PATCH", "/v1/roles/clerk")

    assert stored_role("clerk") is None
