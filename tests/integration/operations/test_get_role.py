"""get_role: one role and all that it holds."""

import pytest

from app.database import run
from tests.people import People, make_role
from tests.rows import decision, eventless
from tests.wire import data, refused


def test_a_role_is_shown_with_all_that_it_holds(people: People) -> None:
    make_role("clerk", "users:list")

    response = people.ada.api.get("/v1/roles/clerk")

    shown = data(response)
    assert set(shown) == {"name", "description", "permissions", "built_in", "created_at", "updated_at"}
    assert (shown["name"], shown["description"], shown["built_in"]) == ("clerk", "made by a test", False)
    assert shown["permissions"] == ["account:read", "account:update", "sessions:end", "users:list"]
    assert response.headers["etag"].strip('"')


def test_what_everybody_holds_is_shown_though_no_row_says_so(people: People) -> None:
    run("INSERT INTO roles (id, name, description) VALUES (gen_random_uuid(), 'bare', '')")

    assert data(people.ada.api.get("/v1/roles/bare"))["permissions"] == [
        "account:read",
        "account:update",
        "sessions:end",
    ]


def test_a_permission_that_the_document_does_not_know_is_not_shown(people: People) -> None:
    make_role("relic", "ships:launch", "users:list")

    assert "ships:launch" not in data(people.ada.api.get("/v1/roles/relic"))["permissions"]


def test_the_trail_names_the_role(people: People) -> None:
    response = people.ada.api.get("/v1/roles/user")

    decision(response).check_allowed(people.ada, "get_role", "roles:read", target="role:user")
    assert eventless(response)


def test_a_copy_that_is_current_is_not_sent_again(people: People) -> None:
    make_role("clerk")
    read = people.ada.api.get

    copy = {"If-None-Match": read("/v1/roles/clerk").headers["etag"]}
    assert read("/v1/roles/clerk", headers=copy).status_code == 304
    data(people.ada.api.patch("/v1/roles/clerk", json={"description": "Other words."}))
    response = read("/v1/roles/clerk", headers=copy)
    assert data(response)["description"] == "Other words."
    assert response.headers["etag"] != copy["If-None-Match"]


def test_a_role_of_its_own_with_the_permission_may_read(people: People) -> None:
    make_role("reader", "roles:read")

    assert data(people.make("rita", "reader").api.get("/v1/roles/admin"))["built_in"] is True


def test_others_may_not_and_do_not_get_to_know_whether_a_role_exists(people: People) -> None:
    for name in ("user", "no-such-role"):
        response = people.alice.api.get(f"/v1/roles/{name}")

        refused(response, 403, "FORBIDDEN")
        decision(response).check_denied("roles:read", target=f"role:{name}")


def test_a_role_that_is_not_there_is_a_404(people: People) -> None:
    assert refused(people.ada.api.get("/v1/roles/no-such-role"), 404, "NOT_FOUND")


@pytest.mark.parametrize("name", ["Admin", "1st", "a%20b", "r" * 51, "us%C3%A9r", "user%0A"])
def test_a_name_that_no_role_can_have_is_refused(people: People, name: str) -> None:
    assert refused(people.ada.api.get(f"/v1/roles/{name}"), 400, "VALIDATION_ERROR", "role_name")
