"""list_users by cursor: from page to page, whatever happens to the accounts meanwhile."""

from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest

from app.database import run
from app.services import user_search
from tests.people import People, make_crowd
from tests.wire import data, refused

URL = "/v1/users"
SORTS = ("created_at", "-created_at", "email", "-email", "updated_at", "-updated_at")
CREATED = "timestamptz '2026-01-01Z' + n / 3 * interval '1 s'"
CHANGED = "timestamptz '2026-02-01Z' - n / 2 * interval '1 s'"


def pagination(response: httpx.Response) -> dict[str, Any]:
    data(response)
    found: dict[str, Any] = response.json()["meta"]["pagination"]
    return found


def pages(api: httpx.Client, meanwhile: Callable[[], object] = lambda: None, **query: Any) -> Iterator[httpx.Response]:
    """Yield each page of a walk, and do something between any two."""
    response = api.get(URL, params=query)
    yield response
    while cursor := pagination(response)["next_cursor"]:
        meanwhile()
        response = api.get(URL, params={**query, "cursor": cursor})
        yield response


def walk(api: httpx.Client, meanwhile: Callable[[], object] = lambda: None, **query: Any) -> list[str]:
    return [account["email"] for page in pages(api, meanwhile, **query) for account in data(page)]


def in_order(sort: str, condition: str = "true") -> list[str]:
    column, direction = sort.removeprefix("-"), "DESC" if sort.startswith("-") else "ASC"
    order = f"{column} {direction}, id {direction}"
    return [row[0] for row in run(f"SELECT email FROM users WHERE {condition} ORDER BY {order}")]


@pytest.fixture
def crowd(people: People) -> People:
    """Ada, and twenty-three accounts of which some share their times, and some are suspended."""
    people.ada.sign_in()
    make_crowd(23, created=CREATED, updated=CHANGED)
    run("UPDATE users SET status = 'suspended' WHERE email LIKE 'crowd_1@%%'", {"unused": 0})
    return people


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    ("filters", "condition"),
    [
        ({}, "true"),
        ({"q": "crowd1", "role": "guest", "status": "active"}, "email LIKE 'crowd1%' AND status = 'active'"),
    ],
)
def test_a_walk_meets_each_account_once_in_the_order_of_the_list(
    crowd: People, sort: str, filters: dict[str, str], condition: str
) -> None:
    assert walk(crowd.ada.api, sort=sort, limit=4, **filters) == in_order(sort, condition)


def test_every_page_has_the_total_of_the_whole_list_and_leads_to_the_next_one(crowd: People) -> None:
    first, *others = pages(crowd.ada.api, limit=10, q="crowd")

    assert [len(data(page)) for page in (first, *others)] == [10, 10, 3]
    assert pagination(first)["next"] == "/v1/users?q=crowd&sort=-created_at&offset=10&limit=10"
    for page, following in pairwise(others):
        found = pagination(page)
        assert found["next"] == f"/v1/users?q=crowd&sort=-created_at&cursor={found['next_cursor']}&limit=10"
        assert page.headers["link"] == f'<{found["next"]}>; rel="next"'
        assert data(crowd.ada.api.get(found["next"])) == data(following)
    last = others[-1]
    assert pagination(last) == {
        "offset": 0, "limit": 10, "total": 23, "total_is_exact": True, "next": None, "previous": None,
        "next_cursor": None,
    }  # fmt: skip
    assert "link" not in last.headers


def test_a_walk_can_begin_at_any_offset(crowd: People) -> None:
    api = crowd.ada.api
    page = api.get(URL, params={"sort": "email", "offset": 7, "limit": 3})

    following = api.get(URL, params={"sort": "email", "limit": 50, "cursor": pagination(page)["next_cursor"]})

    assert [account["email"] for account in data(page) + data(following)] == in_order("email")[7:]


@pytest.mark.parametrize("sort", SORTS)
def test_accounts_that_are_created_during_a_walk_hide_and_repeat_nobody(crowd: People, sort: str) -> None:
    before = in_order(sort)
    numbers = iter(range(1_000))

    def create() -> None:
        number = next(numbers)
        if number < 12:  # before and behind every position there is
            for prefix in "abzz":
                day = "2026-01-01" if prefix < "b" else "2026-06-01"
                times = f"timestamptz '{day}Z' + {number} * interval '1 s'"
                run(
                    f"""
                    WITH made AS (
                        INSERT INTO users (id, email, password_hash, role_id, created_at, updated_at)
                        SELECT gen_random_uuid(), '{prefix}' || gen_random_uuid() || '@example.org', '', id, {times},
                            {times}
                        FROM roles WHERE name = 'guest' RETURNING id
                    )
                    INSERT INTO user_profiles (id, user_id) SELECT gen_random_uuid(), id FROM made
                    """
                )

    met = walk(crowd.ada.api, create, sort=sort, limit=3)

    assert len(met) == len(set(met))
    assert [email for email in met if email in before] == before
    assert len(met) > len(before)


@pytest.mark.parametrize("sort", SORTS)
def test_the_account_that_a_page_ended_with_may_be_deleted(crowd: People, sort: str) -> None:
    everybody = in_order(sort)
    [*_, last] = data(page := crowd.ada.api.get(URL, params={"sort": sort, "limit": 5}))
    run("DELETE FROM users WHERE id = %s", (last["id"],))

    following = crowd.ada.api.get(URL, params={"sort": sort, "cursor": pagination(page)["next_cursor"], "limit": 50})

    assert [account["email"] for account in data(following)] == everybody[5:]


def test_a_cursor_behind_which_nobody_is_left_opens_an_empty_last_page(crowd: People) -> None:
    page = crowd.ada.api.get(URL, params={"q": "crowd", "limit": 22})
    run("DELETE FROM users WHERE email LIKE 'crowd%%'", {"unused": 0})

    response = crowd.ada.api.get(URL, params={"q": "crowd", "cursor": pagination(page)["next_cursor"]})

    assert data(response) == []
    assert (pagination(response)["total"], pagination(response)["next_cursor"]) == (0, None)


def test_in_the_order_of_changes_an_account_that_changes_moves(crowd: People) -> None:
    first = crowd.ada.api.get(URL, params={"sort": "updated_at", "limit": 5, "q": "crowd"})
    shown = data(first)[0]["email"]
    run("UPDATE users SET updated_at = now() WHERE email = %s", (shown,))
    rest = {"sort": "updated_at", "limit": 50, "q": "crowd", "cursor": pagination(first)["next_cursor"]}

    assert data(crowd.ada.api.get(URL, params=rest))[-1]["email"] == shown


@pytest.mark.parametrize("offset", ["0", "5", ""])
def test_an_offset_beside_a_cursor_is_refused(crowd: People, offset: str) -> None:
    cursor = pagination(crowd.ada.api.get(URL, params={"limit": 5}))["next_cursor"]

    for query in (f"cursor={cursor}&offset={offset}", f"%6Fffset={offset}&cursor={cursor}"):
        refused(crowd.ada.api.get(f"{URL}?{query}"), 400, "VALIDATION_ERROR", "offset")


@pytest.mark.parametrize(
    "other",
    [
        {"q": "crowd"},
        {"role": "guest"},
        {"status": "active"},
        {"sort": "email"},
        {"sort": "-email", "q": "crowd1"},
        {"sort": "-email", "q": "crowd", "status": "active"},
    ],
)
def test_a_cursor_is_for_the_same_order_and_filters_only(crowd: People, other: dict[str, str]) -> None:
    query = {"sort": "-email", "q": "crowd"} if "sort" in other and "q" in other else {}
    cursor = pagination(crowd.ada.api.get(URL, params={**query, "limit": 5}))["next_cursor"]

    assert data(crowd.ada.api.get(URL, params={**query, "cursor": cursor, "limit": 7}))
    refused(crowd.ada.api.get(URL, params={**other, "cursor": cursor}), 400, "VALIDATION_ERROR", "cursor")


def test_a_cursor_is_for_its_caller_and_its_list_only(crowd: People) -> None:
    other = crowd.make("root", "admin")
    cursor = pagination(crowd.ada.api.get(URL, params={"limit": 5}))["next_cursor"]
    of_trail = crowd.ada.api.get("/v1/audit-events?limit=1").json()["meta"]["pagination"]["next_cursor"]

    refused(other.api.get(URL, params={"cursor": cursor}), 400, "VALIDATION_ERROR", "cursor")
    refused(crowd.ada.api.get(URL, params={"cursor": of_trail}), 400, "VALIDATION_ERROR", "cursor")
    refused(crowd.ada.api.get("/v1/audit-events", params={"cursor": cursor}), 400, "VALIDATION_ERROR", "cursor")


def test_a_cursor_cannot_be_forged(crowd: People, subtests: pytest.Subtests) -> None:
    cursor = pagination(crowd.ada.api.get(URL, params={"limit": 5, "sort": "email"}))["next_cursor"]
    swapped = {"A": "B"}
    altered = [cursor[:at] + swapped.get(cursor[at], "A") + cursor[at + 1 :] for at in range(0, len(cursor), 7)]
    forged = (*altered, cursor[:-1], cursor + "A", cursor + "=", *("A" * length for length in (64, 65, 1024, 1025)))

    for text in (*forged, "", "ä"):
        with subtests.test(text):
            response = crowd.ada.api.get(URL, params={"cursor": text, "sort": "email"})
            refused(response, 400, "VALIDATION_ERROR", "cursor")


def test_a_cursor_does_not_show_the_address_it_is_made_of(crowd: People) -> None:
    page = crowd.ada.api.get(URL, params={"limit": 5, "sort": "email"})
    cursor, last = pagination(page)["next_cursor"], data(page)[-1]

    sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))

    assert last["email"].encode() not in sealed
    assert b"example" not in sealed


def test_a_walk_goes_beyond_the_largest_offset(people: People) -> None:
    people.ada.sign_in()
    make_crowd(10_150)

    end = people.ada.api.get(URL, params={"offset": 10_000, "limit": 100})
    rest = people.ada.api.get(URL, params={"limit": 100, "cursor": pagination(end)["next_cursor"]})

    assert pagination(end)["next"] is None
    assert len(data(rest)) == 51
    assert pagination(rest)["total"] == 10_000
    assert pagination(rest)["next_cursor"] is None


def test_a_search_that_very_many_match_says_what_is_quick_for_them(
    crowd: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, bound in (("MAX_COUNTED", 10), ("MAX_SORTED", 20), ("MAX_WALKED", 5)):
        monkeypatch.setattr(user_search, name, bound)
    api = crowd.ada.api

    for query, field, way in (
        ({"sort": "email"}, "sort", "Sort by created_at or updated_at"),
        ({"sort": "-email"}, "sort", "Sort by created_at or updated_at"),
        ({"offset": 6}, "offset", "Use cursor, or an offset up to 5"),
    ):
        [error] = refused(api.get(URL, params={"q": "crowd", **query}), 400, "VALIDATION_ERROR", field)
        assert error["message"].startswith(f"More than 20 accounts match q. {way}")
    assert walk(api, q="crowd", limit=4) == in_order("-created_at", "email LIKE 'crowd%'")
    assert len(data(api.get(URL, params={"q": "crowd", "offset": 5}))) == 18
    assert len(data(api.get(URL, params={"q": "crowd1", "sort": "email", "offset": 6}))) == 5
    assert len(data(api.get(URL, params={"sort": "email", "offset": 6}))) == 18
