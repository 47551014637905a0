"""list_users: all accounts, page by page."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.database import run
from app.text import search_key
from tests.people import People, make_crowd, make_role
from tests.rows import decision, eventless
from tests.wire import data, refused

SORTS = ("created_at", "-created_at", "email", "-email", "updated_at", "-updated_at")


def rename(email: str, display_name: str) -> None:
    run(
        "UPDATE user_profiles SET display_name = %s WHERE user_id = (SELECT id FROM users WHERE email = %s)",
        (display_name, email),
    )
    # A trigger folds as the database does; the service folds alike on every one.
    run("UPDATE users SET name_key = %s WHERE email = %s", (search_key(display_name), email))


def page(response: httpx.Response) -> dict[str, Any]:
    data(response)
    pagination: dict[str, Any] = response.json()["meta"]["pagination"]
    assert set(pagination) == {"offset", "limit", "total", "total_is_exact", "next", "previous", "next_cursor"}
    return pagination


def emails(response: httpx.Response) -> list[str]:
    return [account["email"].removesuffix("@example.com") for account in data(response)]


def query_of(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


def test_accounts_come_newest_first_with_their_profiles(people: People) -> None:
    ada, alice, gus = people.ada, people.alice, people.gus

    response = ada.api.get("/v1/users")

    assert [account["id"] for account in data(response)] == [str(person.id) for person in (gus, alice, ada)]
    assert [account["profile"]["display_name"] for account in data(response)] == ["Gus", "Alice", "Ada"]
    assert page(response) == {
        "offset": 0, "limit": 20, "total": 3, "total_is_exact": True, "next": None, "previous": None,
        "next_cursor": None,
    }  # fmt: skip
    assert "link" not in response.headers
    assert "etag" not in response.headers
    assert response.headers["cache-control"] == "no-store"
    decision(response).check_allowed(ada, "list_users", "users:list")
    assert eventless(response)


def test_a_role_of_its_own_with_the_permission_may_list(people: People) -> None:
    make_role("clerk", "users:list")

    assert emails(people.make("clara", "clerk").api.get("/v1/users")) == ["clara"]


@pytest.mark.parametrize("name", ["alice", "gus"])
def test_others_may_not_list_even_a_list_of_themselves(people: People, name: str) -> None:
    response = getattr(people, name).api.get("/v1/users", params={"q": name})

    refused(response, 403, "FORBIDDEN")
    decision(response).check_denied("users:list", target=None)
    assert eventless(response)


def test_a_page_names_its_neighbours_by_relative_url(people: People) -> None:
    people.ada.sign_in()
    make_crowd(5)

    response = people.ada.api.get("/v1/users", params={"sort": "email", "offset": 2, "limit": 2})

    found = page(response)
    assert emails(response) == ["crowd2", "crowd3"]
    assert (found["offset"], found["limit"], found["total"]) == (2, 2, 6)
    assert found["next"].startswith("/v1/users?")
    assert query_of(found["next"]) == {"sort": ["email"], "offset": ["4"], "limit": ["2"]}
    assert query_of(found["previous"]) == {"sort": ["email"], "offset": ["0"], "limit": ["2"]}
    assert response.headers["link"] == f'<{found["next"]}>; rel="next", <{found["previous"]}>; rel="prev"'


def test_the_first_page_has_no_previous_and_the_last_no_next(people: People) -> None:
    people.ada.sign_in()
    make_crowd(3)

    first = people.ada.api.get("/v1/users", params={"limit": 2})
    last = people.ada.api.get(page(first)["next"])

    assert (page(first)["previous"], page(last)["next"]) == (None, None)
    assert first.headers["link"] == f'<{page(first)["next"]}>; rel="next"'
    assert last.headers["link"] == f'<{page(last)["previous"]}>; rel="prev"'
    assert data(people.ada.api.get(page(last)["previous"])) == data(first)
    assert query_of(page(people.ada.api.get("/v1/users?offset=1&limit=2"))["previous"])["offset"] == ["0"]


def test_beyond_the_end_is_an_empty_page(people: People) -> None:
    response = people.ada.api.get("/v1/users", params={"offset": 10_000})

    assert data(response) == []
    assert (page(response)["total"], page(response)["next"]) == (1, None)


def test_the_neighbours_keep_the_filters_however_they_are_spelt(people: People) -> None:
    people.ada.sign_in()
    make_crowd(2)
    rename("crowd1@example.com", "50% & ä +1")
    rename("crowd2@example.com", "50% & Ä +2")
    wanted = {"q": "50% & ä +", "role": "guest", "status": "active", "sort": "-email", "limit": "1"}

    first = people.ada.api.get("/v1/users", params=wanted)
    second = people.ada.api.get(page(first)["next"])

    assert emails(first) + emails(second) == ["crowd2", "crowd1"]
    assert query_of(page(first)["next"]) == {name: [value] for name, value in wanted.items()} | {"offset": ["1"]}


@pytest.mark.parametrize("sort", SORTS)
def test_walking_from_page_to_page_meets_each_account_once_though_times_are_equal(people: People, sort: str) -> None:
    people.ada.sign_in()
    make_crowd(6)
    column = sort.removeprefix("-")
    wanted = [str(row[0]) for row in run(f"SELECT id FROM users ORDER BY {column}, id")]

    met: list[str] = []
    url: str | None = f"/v1/users?limit=2&sort={sort}"
    while url:
        response = people.ada.api.get(url)
        met += [account["id"] for account in data(response)]
        url = page(response)["next"]

    assert met == (wanted[::-1] if sort.startswith("-") else wanted)


def test_times_sort_by_time(people: People) -> None:
    people.ada.sign_in()
    make_crowd(2, created="now() - n * interval '1 hour'", updated="now() + n * interval '1 hour'")

    orders = {sort: emails(people.ada.api.get("/v1/users", params={"sort": sort})) for sort in SORTS}

    assert orders["created_at"] == ["crowd2", "crowd1", "ada"] == orders["-created_at"][::-1]
    assert orders["updated_at"] == ["ada", "crowd1", "crowd2"] == orders["-updated_at"][::-1]
    assert orders["email"] == ["ada", "crowd1", "crowd2"] == orders["-email"][::-1]


def test_role_and_status_filter_and_add_up(people: People) -> None:
    made = (people.ada, people.alice, people.bob, people.gus)
    run("UPDATE users SET status = 'suspended' WHERE id IN %s", ((people.bob.id, people.gus.id),))

    def listed(**filters: str) -> list[str]:
        response = made[0].api.get("/v1/users", params={"sort": "email", **filters})
        assert page(response)["total"] == len(data(response))
        return emails(response)

    assert listed(role="user") == ["alice", "bob"]
    assert listed(status="suspended") == ["bob", "gus"]
    assert listed(status="active", role="user") == ["alice"]
    assert listed(status="suspended", role="guest", q="g") == ["gus"]
    assert listed(role="nobody-has-this") == []


PREFIXES = [
    ("crowd1", ["crowd1"]),
    ("CROWD1@EX", ["crowd1"]),
    ("ｃｒｏｗｄ1", ["crowd1"]),
    ("rowd1", []),
    ("Émile Z", ["crowd2"]),
    ("éMILE", ["crowd2"]),
    ("mile", []),
    ("%", []),
    ("c%1", []),
    ("_rowd", []),
    ("100%_", ["crowd3"]),
    ("100%x", []),
    ("back\\", ["crowd4"]),
    ("back\\s", ["crowd4"]),
    ("o'", ["crowd5"]),
    ("crowd", ["crowd1", "crowd2", "crowd3", "crowd4", "crowd5"]),
    ("q" * 100, []),
]


def test_q_is_a_prefix_of_address_or_name_in_whatever_case(people: People, subtests: pytest.Subtests) -> None:
    people.ada.sign_in()
    make_crowd(5)
    rename("crowd1@example.com", "Crowd One")  # found by both, and listed once
    rename("crowd2@example.com", "Émile Zola")
    rename("crowd3@example.com", "100%_sure")
    rename("crowd4@example.com", "Back\\slash")
    rename("crowd5@example.com", "O'Brien")
    for q, found in PREFIXES:
        with subtests.test(q):
            response = people.ada.api.get("/v1/users", params={"q": q, "sort": "email"})

            assert emails(response) == found
            assert page(response)["total"] == len(found)


def test_the_total_is_exact_up_to_ten_thousand_and_says_so_beyond(people: People) -> None:
    people.ada.sign_in()
    make_crowd(9_999)

    def total(**params: str | int) -> tuple[int, bool]:
        found = page(people.ada.api.get("/v1/users", params={"limit": 1, **params}))
        return found["total"], found["total_is_exact"]

    assert total() == (10_000, True)
    run("UPDATE users SET email = 'first@example.com' WHERE email = 'crowd1@example.com'")
    make_crowd(1)
    assert total() == (10_000, False)
    assert total(status="active") == (10_000, False)
    assert total(role="guest") == (10_000, True)
    assert total(q="crowd") == (9_999, True)
    run("UPDATE users SET email = 'crowd-' || email WHERE email !~ '^crowd'")
    assert total(q="crowd", sort="email") == (10_000, False)

    last = people.ada.api.get("/v1/users", params={"offset": 10_000, "limit": 100})
    assert len(data(last)) == 1
    assert page(last)["next"] is None
    assert query_of(page(people.ada.api.get("/v1/users?offset=9980"))["next"])["offset"] == ["10000"]
    assert page(people.ada.api.get("/v1/users?offset=9981"))["next"] is None


BAD_QUERIES = [
    ("limit=0", ["limit"]),
    ("limit=101", ["limit"]),
    ("limit=-1", ["limit"]),
    ("limit=1000000000", ["limit"]),
    ("limit=99999999999999999999999", ["limit"]),
    ("limit=1e1", ["limit"]),
    ("limit=", ["limit"]),
    ("limit=ten", ["limit"]),
    ("offset=-1", ["offset"]),
    ("offset=10001", ["offset"]),
    ("offset=1.0", ["offset"]),
    ("sort=name", ["sort"]),
    ("sort=-", ["sort"]),
    ("sort=", ["sort"]),
    ("q=", ["q"]),
    ("q=" + "q" * 101, ["q"]),
    ("q=%00", ["q"]),
    ("q=%ED%A0%80", ["q"]),
    ("q=%zz", ["q"]),
    ("status=deleted", ["status"]),
    ("role=No%20Role", ["role"]),
    ("page=2", ["page"]),
    ("Limit=2", ["Limit"]),
    ("limit=2&limit=2", ["limit"]),
    ("q=a&q=b", ["q"]),
    ("limit=0&offset=-1&sort=x&page=2", ["limit", "offset", "sort", "page"]),
]


def test_a_bad_query_is_refused_with_every_field(people: People, subtests: pytest.Subtests) -> None:
    for query, fields in BAD_QUERIES:
        with subtests.test(query):
            assert len(refused(people.ada.api.get(f"/v1/users?{query}"), 400, "VALIDATION_ERROR", *fields)) == len(
                fields
            )


def test_the_largest_page_is_a_hundred(people: People) -> None:
    people.ada.sign_in()
    make_crowd(120)

    assert len(data(people.ada.api.get("/v1/users", params={"limit": 100}))) == 100
