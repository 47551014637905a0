"""The list of users: filters, order and the count."""

import pytest

from app.database import run, take_query_count
from app.results import Page
from app.services import user_search
from tests.people import make_crowd

ONE_A_SECOND = "timestamptz '2026-01-01' + n * interval '1 s'"


def search(*, sort="email", offset=0, limit=20, **filters):
    listing = user_search.search(Page(offset, limit, sort), **filters)
    return [user.email.partition("@")[0] for user in listing.items], listing.total, listing.total_is_exact


@pytest.fixture
def people(world):
    world.person("root", "admin")
    for name in ("alice", "alan", "bob", "mallory"):
        world.person(name)
        world.wait(seconds=1)
    run("UPDATE users SET status = 'suspended' WHERE email LIKE 'mallory%'")
    run("UPDATE user_profiles SET display_name = 'ALbert 100%_\\' WHERE display_name = 'Bob'")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["alan", "alice", "bob", "mallory", "root"]),
        ({"sort": "-email"}, ["root", "mallory", "bob", "alice", "alan"]),
        ({"sort": "created_at"}, ["root", "alice", "alan", "bob", "mallory"]),
        ({"sort": ""}, ["mallory", "bob", "alan", "alice", "root"]),
        ({"q": "AL"}, ["alan", "alice", "bob"]),
        ({"q": "albert 100%_\\"}, ["bob"]),
        ({"q": "al%"}, []),
        ({"q": "lice"}, []),
        ({"q": "a_"}, []),
        ({"q": "%"}, []),
        ({"role": "admin"}, ["root"]),
        ({"role": "wizard"}, []),
        ({"status": "suspended"}, ["mallory"]),
        ({"q": "mal", "status": "active"}, []),
        ({"q": "mal", "status": "suspended", "role": "user"}, ["mallory"]),
    ],
)
def test_filters_add_up_and_the_order_is_as_asked(world, people, query, names):
    assert search(**query) == (names, len(names), True)


def test_ties_are_ordered_by_id_and_pages_do_not_overlap(world):
    for number in range(6):
        world.person(f"p{number}")
    pages = [search(sort="-created_at", offset=offset, limit=2) for offset in (0, 2, 4, 6)]
    assert [page[0] for page in pages] == [["p5", "p4"], ["p3", "p2"], ["p1", "p0"], []]
    assert {page[1] for page in pages} == {6}


def test_the_total_is_exact_up_to_ten_thousand(world, people):
    make_crowd(10_000 - 5, created=ONE_A_SECOND)
    assert search(limit=1)[1:] == (10_000, True)
    run("UPDATE users SET email = 'x' || email WHERE email LIKE 'crowd%%'", {"unused": 0})
    make_crowd(1, created=ONE_A_SECOND)
    assert search(limit=1) == (["alan"], 10_000, False)


def test_a_prefix_that_many_have_is_found_in_the_order_asked_for(world, people):
    make_crowd(10_002, created=ONE_A_SECOND)
    assert search(q="crowd", sort="-created_at", limit=2) == (["crowd10002", "crowd10001"], 10_000, False)
    assert search(q="crowd", sort="created_at", offset=10_000, limit=5)[0] == ["crowd10001", "crowd10002"]
    assert search(q="crowd100", sort="created_at", limit=1) == (["crowd100"], 14, True)


@pytest.mark.parametrize(
    ("query", "statements"), [({}, 1), ({"status": "active"}, 1), ({"role": "user"}, 2), ({"q": "al"}, 2)]
)
def test_a_page_takes_one_statement_and_one_more_for_a_role_or_a_search(world, people, query, statements):
    take_query_count()
    search(limit=100, **query)
    assert take_query_count() == statements


@pytest.mark.parametrize("query", [{}, {"status": "active"}, {"role": "user"}, {"q": "al"}])
def test_an_empty_page_has_the_total(world, people, query):
    found = search(**query)
    assert search(offset=10, **query) == ([], *found[1:])
