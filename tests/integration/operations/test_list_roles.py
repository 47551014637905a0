"""list_roles: the built-in roles and a team's own."""

import pytest

from app.database import run
from tests.people import People, make_role
from tests.rows import decision, eventless
from tests.wire import data, refused


def names(response) -> list[str]:
    return [role["name"] for role in data(response)]


def test_roles_come_by_name_with_all_that_they_hold(people: People) -> None:
    make_role("z-last", "users:list", "users:read")
    make_role("a_first")

    response = people.ada.api.get("/v1/roles")

    assert names(response) == ["a_first", "admin", "guest", "user", "z-last"]
    found = {role["name"]: role for role in data(response)}
    every = [permission["name"] for permission in data(people.ada.api.get("/v1/permissions"))]
    everybodys = ["account:read", "account:update", "sessions:end"]
    assert found["admin"]["permissions"] == every
    assert found["guest"]["permissions"] == found["a_first"]["permissions"] == everybodys
    assert found["user"]["permissions"] == sorted([*everybodys, "profiles:read"])
    assert found["z-last"]["permissions"] == [*everybodys, "users:list", "users:read"]
    assert [found[name]["built_in"] for name in names(response)] == [False, True, True, True, False]
    assert response.json()["meta"]["pagination"] == {
        "offset": 0, "limit": 20, "total": 5, "total_is_exact": True, "next": None, "previous": None,
    }  # fmt: skip
    decision(response).check_allowed(people.ada, "list_roles", "roles:read")
    assert eventless(response)


def test_pages_walk_through_all_of_them(people: People) -> None:
    make_role("clerk")

    met, url = [], "/v1/roles?limit=2"
    while url:
        response = people.ada.api.get(url)
        met += names(response)
        url = response.json()["meta"]["pagination"]["next"]

    assert met == ["admin", "clerk", "guest", "user"]
    assert names(people.ada.api.get("/v1/roles?offset=10000")) == []


def test_the_order_is_that_of_the_characters(people: People) -> None:
    for name in ("ab", "a-c", "a_b", "a1"):
        make_role(name)

    assert names(people.ada.api.get("/v1/roles?limit=4")) == ["a-c", "a1", "a_b", "ab"]


def test_the_total_is_exact_up_to_ten_thousand_and_says_so_beyond(people: People) -> None:
    def total() -> tuple[int, bool]:
        found = people.ada.api.get("/v1/roles?limit=1").json()["meta"]["pagination"]
        return found["total"], found["total_is_exact"]

    add = (
        "INSERT INTO roles (id, name, description)"
        " SELECT gen_random_uuid(), 'r' || n, '' FROM generate_series(%s, %s) n"
    )
    run(add, (1, 9_997))
    assert total() == (10_000, True)
    run(add, (9_998, 9_998))
    assert total() == (10_000, False)


@pytest.mark.parametrize("name", ["alice", "gus"])
def test_others_may_not_list(people: People, name: str) -> None:
    response = getattr(people, name).api.get("/v1/roles")

    refused(response, 403, "FORBIDDEN")
    decision(response).check_denied("roles:read", target=None)


def test_a_bad_query_is_refused_with_every_field(people: People) -> None:
    response = people.ada.api.get("/v1/roles?limit=101&offset=-1&sort=name&q=a")

    assert refused(response, 400, "VALIDATION_ERROR", "limit", "offset", "sort", "q")
