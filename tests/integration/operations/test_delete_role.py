"""delete_role: a role that no account has."""

import httpx
import pytest

from app.database import run
from tests.people import People, Person, make_role
from tests.rows import decision, event, eventless, stored_role
from tests.wire import data, refused

EVERYBODYS = ["account:read", "account:update", "sessions:end"]


def delete(actor: Person, role: str) -> httpx.Response:
    return actor.api.delete(f"/v1/roles/{role}")


def test_a_deleted_role_is_gone_with_what_it_held(people: People) -> None:
    make_role("clerk", "users:list")

    response = delete(people.ada, "clerk")

    assert (response.status_code, response.content) == (204, b"")
    assert refused(people.ada.api.get("/v1/roles/clerk"), 404, "NOT_FOUND")
    assert run("SELECT count(*) FROM role_permissions WHERE permission = 'users:list'") == [(0,)]
    given = people.ada.api.put(f"/v1/users/{people.bob.id}/role", json={"role": "clerk"})
    assert refused(given, 400, "VALIDATION_ERROR", "role")
    assert refused(delete(people.ada, "clerk"), 404, "NOT_FOUND")


def test_its_name_is_free_again_and_its_tag_is_not(people: People) -> None:
    api, url, role = people.ada.api, "/v1/roles/clerk", {"name": "clerk", "description": "", "permissions": []}
    tags = []
    for _ in range(2):
        assert data(api.post("/v1/roles", json=role), 201)["permissions"] == EVERYBODYS
        tags.append(api.get(url).headers["etag"])
        tags.append(api.patch(url, json={"description": "Words."}).headers["etag"])
        assert delete(people.ada, "clerk").status_code == 204
    make_role("registrar")
    data(api.patch("/v1/roles/registrar", json=role))

    assert len(set(tags)) == 4
    for tag in tags:
        assert data(api.get(url, headers={"If-None-Match": tag}))
        refused(api.patch(url, json={"description": "x"}, headers={"If-Match": tag}), 412, "PRECONDITION_FAILED")


def test_the_trail_names_the_role_and_what_it_held(people: People) -> None:
    make_role("clerk", "users:list")

    response = delete(people.ada, "clerk")

    decision(response).check(
        by=people.ada,
        action="delete_role",
        permission="roles:write",
        outcome="allowed",
        target="role:clerk",
        details=None,
    )
    held = {"permissions": [*EVERYBODYS, "users:list"]}
    event(response).check(by=people.ada, action="role.deleted", outcome="succeeded", target="role:clerk", details=held)


def test_a_role_that_accounts_have_stays_until_they_have_another(people: People) -> None:
    make_role("clerk", "users:list")
    clara = people.make("clara", "clerk")

    response = delete(people.ada, "clerk")

    refused(response, 409, "ROLE_IN_USE")
    event(response).check(outcome="failed", reason="role_in_use", target="role:clerk")
    assert data(clara.api.get("/v1/users"))
    data(people.ada.api.put(f"/v1/users/{clara.id}/role", json={"role": "user"}))
    assert delete(people.ada, "clerk").status_code == 204


@pytest.mark.parametrize("name", ["admin", "user", "guest"])
def test_a_built_in_role_stays(people: People, name: str) -> None:
    response = delete(people.ada, name)

    refused(response, 409, "ROLE_BUILT_IN")
    event(response).check(outcome="failed", reason="role_built_in", target=f"role:{name}")
    assert stored_role(name)


@pytest.mark.parametrize("role", ["clerk", "admin", "user"])
def test_nobody_deletes_a_role_that_holds_more_than_they_do(people: People, role: str) -> None:
    make_role("editor", "roles:write")
    make_role("clerk", "users:list")
    edie = people.make("edie", "editor")

    response = delete(edie, role)

    refused(response, 403, "FORBIDDEN")
    assert decision(response).outcome == "allowed"
    event(response).check(outcome="failed", reason="beyond_actor", target=f"role:{role}")
    assert stored_role(role)


def test_who_holds_as_much_may_delete_it(people: People) -> None:
    make_role("editor", "roles:write")
    make_role("bare")

    assert delete(people.make("edie", "editor"), "bare").status_code == 204


def test_a_permission_that_the_document_does_not_know_stands_in_nobody_s_way(people: People) -> None:
    make_role("editor", "roles:write")
    make_role("relic", "ships:launch")

    assert delete(people.make("edie", "editor"), "relic").status_code == 204


def test_a_role_that_is_not_there_is_a_404(people: People) -> None:
    response = delete(people.ada, "no-such-role")

    refused(response, 404, "NOT_FOUND")
    event(response).check(outcome="failed", reason="not_found", target="role:no-such-role")


def test_others_delete_no_role_and_do_not_get_to_know_whether_it_exists(people: People) -> None:
    make_role("clerk")
    for name in ("clerk", "no-such-role"):
        response = delete(people.alice, name)

        refused(response, 403, "FORBIDDEN")
        decision(response).check_denied("roles:write", target=f"role:{name}")
        assert eventless(response)
    assert stored_role("clerk")


def test_a_name_that_no_role_can_have_is_refused(people: People) -> None:
    assert refused(people.ada.api.delete("/v1/roles/Admin?force=1"), 400, "VALIDATION_ERROR", "role_name", "force")
