"""invalidate_cache: what was made from the named things is read from the database again."""

from typing import Any

import pytest

from app.database import run
from app.identifiers import new_id
from tests.people import People, Person, make_role
from tests.rows import event
from tests.wire import data, refused

URL = "/v1/cache/invalidations"


@pytest.fixture
def keeper(people: People) -> Person:
    """Somebody who may drop what is cached, and nothing else of note."""
    make_role("keeper", "cache:invalidate")
    return people.make("kit", "keeper")


def shown_name(person: Person) -> Any:
    return data(person.api.get(f"/v1/users/{person.id}/profile"))["display_name"]


def rename_behind_the_api(person: Person, name: str) -> None:
    run("UPDATE user_profiles SET display_name = %s WHERE user_id = %s", (name, person.id))


def tag(person: Person) -> str:
    return f"user:{person.id}"


def test_a_dropped_tag_is_read_again_and_another_is_not(people: People, keeper: Person) -> None:
    for person in (people.alice, people.bob):
        shown_name(person)
        rename_behind_the_api(person, "Changed")

    response = keeper.api.post(URL, json={"tags": [tag(people.alice)]})

    assert response.status_code == 202
    assert response.json()["data"] == {"tags": 1}
    assert [shown_name(people.alice), shown_name(people.bob)] == ["Changed", "Bob"]


def test_everything_is_dropped_at_once_and_counts_as_one(people: People, keeper: Person) -> None:
    for person in (people.alice, people.bob):
        shown_name(person)
        rename_behind_the_api(person, "Changed")

    response = keeper.api.post(URL, json={"all": True})

    assert response.json()["data"] == {"tags": 1}
    assert [shown_name(people.alice), shown_name(people.bob)] == ["Changed", "Changed"]


def test_the_same_tag_spelt_twice_is_one(people: People, keeper: Person) -> None:
    shown_name(people.alice)
    rename_behind_the_api(people.alice, "Changed")

    response = keeper.api.post(URL, json={"tags": [tag(people.alice), f"user:{str(people.alice.id).upper()}"]})

    assert response.json()["data"] == {"tags": 1}
    assert shown_name(people.alice) == "Changed"


def test_the_trail_says_who_dropped_what(people: People, keeper: Person) -> None:
    row = event(keeper.api.post(URL, json={"tags": [tag(people.alice)]}))

    assert (row.action, row.outcome, row.actor) == ("cache.invalidated", "succeeded", keeper.id)
    assert row.details == {"tags": [tag(people.alice)]}


@pytest.mark.parametrize(
    "unknown",
    ["people", "user", "user:", "user:*", "*", "user:1", "user:a:b", "USER:x", "profile:1", "user:%zz", "a\nb"],
)
def test_a_tag_that_nothing_is_cached_under_is_refused_by_its_place(
    people: People, keeper: Person, unknown: str
) -> None:
    shown_name(people.alice)
    rename_behind_the_api(people.alice, "Changed")

    response = keeper.api.post(URL, json={"tags": [tag(people.alice), unknown]})

    refused(response, 400, "VALIDATION_ERROR", "tags.1")
    assert shown_name(people.alice) == "Alice"
    assert event(response).outcome == "failed"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"tags": []},
        {"all": False},
        {"all": True, "tags": ["x"]},
        {"tags": ["x"] * 101},
        {"tags": "x"},
        {"tags": [1]},
    ],
)
def test_a_body_that_asks_for_neither_or_both_is_refused(keeper: Person, body: dict[str, Any]) -> None:
    refused(keeper.api.post(URL, json=body), 400, "VALIDATION_ERROR")


def test_who_lacks_the_permission_drops_nothing(people: People) -> None:
    shown_name(people.alice)
    rename_behind_the_api(people.alice, "Changed")

    refused(people.bob.api.post(URL, json={"all": True}), 403, "FORBIDDEN")

    assert shown_name(people.alice) == "Alice"


def test_nothing_waits_in_the_table_once_it_is_dropped(keeper: Person) -> None:
    keeper.api.post(URL, json={"tags": [f"user:{new_id()}"]})

    assert run("SELECT count(*) FROM pending_invalidations") == [(0,)]
