"""The list of users: filters, order and the count."""

from itertools import product
from uuid import UUID

import pytest

from app.database import run, take_query_count, transaction
from app.results import Page, Position
from app.services import user_search
from models.user import STATUSES
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
    ("query", "statements"),
    [
        ({"sort": ""}, 1),
        ({"sort": "-created_at", "status": "active", "role": "user"}, 1),
        ({"sort": "", "role": "wizard"}, 1),
        ({}, 1),
        ({"status": "active"}, 1),
        ({"role": "user"}, 2),
        ({"q": "al"}, 2),
    ],
)
def test_a_page_takes_one_statement_and_one_more_for_a_search_or_a_role_in_another_order(
    world, people, query, statements
):
    take_query_count()
    search(limit=100, **query)
    assert take_query_count() == statements


@pytest.mark.parametrize("status", STATUSES)
def test_accounts_of_every_status_are_in_the_list(world, status):
    world.person("alice")
    run("UPDATE users SET status = %s", (status,))
    assert search(sort="") == search(sort="", status=status) == search(sort="", role="user") == (["alice"], 1, True)


def test_the_newest_are_read_from_an_index_as_far_as_the_page_reaches(world, people):
    make_crowd(5_000, created=ONE_A_SECOND)
    run("ANALYZE users, user_profiles, roles")
    later = Position("2026-06-01Z", UUID(int=2**128 - 1))
    pages = (Page(0, 20, ""), Page(100, 20, ""), Page(0, 20, "-created_at", later))
    filters = product(pages, (None, "user", "guest", "admin", "wizard"), (None, *STATUSES))
    for page, role, status in filters:
        user_search.search(page, role=role, status=status)
        with transaction():
            [before] = run(ROWS_READ)
            user_search.search(page, role=role, status=status)
            [after] = run(ROWS_READ)
        scanned, by_index = (now - then for now, then in zip(after, before, strict=True))
        # The accounts of the page, one more, and what it skips: in a range of each status, and once more by their ids.
        # PostgreSQL may look at some more, when it plans.
        assert scanned == 0, (page, role, status)
        assert by_index < 1_000, (page, role, status)


# Entries of the indexes, and rows of the table that no index led to.
ROWS_READ = """
SELECT pg_stat_get_xact_tuples_returned('users'::regclass),
    (SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid))::int FROM pg_index WHERE indrelid = 'users'::regclass)
"""


@pytest.mark.parametrize("query", [{}, {"status": "active"}, {"role": "user"}, {"q": "al"}])
def test_an_empty_page_has_the_total(world, people, query):
    found = search(**query)
    assert search(offset=10, **query) == ([], *found[1:])
