"""A list of users is always what sorting all of them gives."""

from random import Random
from typing import Any

import pytest

from app.database import run
from app.errors import ValidationError
from app.results import MAX_COUNTED, Page, Position
from app.services import user_search
from app.text import search_key
from tests.integration.services.conftest import World

# Few enough to be read in no time, and enough for every combination to be there, ties and missing names included.
WRITE = """
WITH chosen AS (
    SELECT n, (array['ann', 'anna', 'bob', 'an_', 'Ünal', 'zoe'])[1 + mod(n, 6)] AS name,
        (array['anna', 'ann.', 'b', 'zo', 'an+'])[1 + mod(n, 5)] || n || '@example.com' AS email,
        (array['user', 'guest', 'admin'])[1 + mod(n / 7, 3)] AS role,
        CASE WHEN mod(n, 11) = 0 THEN 'suspended' ELSE 'active' END AS status,
        timestamptz '2026-01-01Z' + n / 3 * interval '1 s' AS made, mod(n * 7919, 50) * interval '1 h' AS later
    FROM generate_series(1, 400) n
), made AS (
    INSERT INTO users (id, email, password_hash, role_id, status, created_at, updated_at)
    SELECT gen_random_uuid(), email, '', r.id, status, made, made + later
    FROM chosen JOIN roles r ON r.name = chosen.role RETURNING id, email
)
INSERT INTO user_profiles (id, user_id, display_name)
SELECT gen_random_uuid(), made.id, CASE WHEN mod(n, 13) > 0 THEN initcap(chosen.name) || ' ' || n END
FROM made JOIN chosen USING (email)
"""
READ = """
SELECT u.id, u.email, r.name, u.status, u.created_at, u.updated_at, p.display_name
FROM users u JOIN roles r ON r.id = u.role_id JOIN user_profiles p ON p.user_id = u.id
"""
SORTS = ("", "created_at", "-created_at", "email", "-email", "updated_at", "-updated_at")
SEARCHES = (None, "a", "an", "ANN", "anna1", "an_", "an%", "ünal", "zo", "zoe", "nobody")


def naive(rows: list[tuple], *, q: str | None, role: str | None, status: str | None, sort: str) -> list[Any]:
    wanted = [
        row
        for row in rows
        if (role in (None, row[2]) and status in (None, row[3]))
        and (q is None or row[1].startswith(search_key(q)) or search_key(row[6] or "").startswith(search_key(q)))
    ]
    column = {"email": 1, "created_at": 4, "updated_at": 5}[sort.removeprefix("-") or "created_at"]
    return sorted(wanted, key=lambda row: (row[column], row[0].int), reverse=sort.startswith("-") or not sort)


def position(row: tuple, sort: str) -> Position:
    value = row[{"email": 1, "created_at": 4, "updated_at": 5}[sort.removeprefix("-") or "created_at"]]
    return Position(value if isinstance(value, str) else value.isoformat(), row[0])


def _keys(rows: list[tuple]) -> tuple[list[Any], list[Any]]:
    """Return the ids of those that have a name, and what the services would search them by."""
    named = [row for row in rows if row[6] is not None]
    return [row[0] for row in named], [search_key(row[6]) for row in named]


@pytest.mark.parametrize("shrunk", [False, True], ids=["few match", "many match"])
def test_a_list_is_what_sorting_all_of_them_would_give(
    world: World, monkeypatch: pytest.MonkeyPatch, shrunk: bool
) -> None:
    run(WRITE)
    rows, random = run(READ), Random(1)
    run(
        "UPDATE users SET name_key = k FROM unnest(%s::uuid[], %s::text[]) AS n (id, k) WHERE n.id = users.id",
        _keys(rows),
    )
    if shrunk:
        for name, bound in (("MAX_COUNTED", 60), ("MAX_WALKED", 29), ("MAX_SORTED", 150)):
            monkeypatch.setattr(user_search, name, bound)
    for _ in range(400):
        # The list without a search, newest first, is read in a way of its own: it comes more often than others.
        filters = {
            "q": random.choice((None, random.choice(SEARCHES))),
            "role": random.choice((None, None, "user", "guest", "admin")),
            "status": random.choice((None, None, "active", "suspended")),
        }
        sort = random.choice(("", random.choice(SORTS)))
        offset, limit = random.choice((0, 0, 3, 29, 30, 60)), random.choice((1, 20))
        expected, most = naive(rows, sort=sort, **filters), 60 if shrunk else MAX_COUNTED
        begin = random.choice((None, random.randrange(len(expected)))) if expected else None
        after = None if begin is None else position(expected[begin], sort)
        if begin is not None:
            offset = 0
        case, page = (filters, sort, offset, limit, after), Page(offset, limit, sort, after)
        if shrunk and filters["q"] and len(expected) > 150 and ("email" in sort or offset > 29):
            with pytest.raises(ValidationError) as refused:
                user_search.search(page, **filters)
            assert refused.value.details[0].field == ("sort" if "email" in sort else "offset"), case
            continue
        listing = user_search.search(page, **filters)
        offset = offset if begin is None else begin + 1
        more = len(expected) > offset + limit
        assert listing.next == (position(expected[offset + limit - 1], sort) if more else None), case
        assert [user.id for user in listing.items] == [str(row[0]) for row in expected[offset : offset + limit]], case
        assert (listing.total, listing.total_is_exact) == (min(len(expected), most), len(expected) <= most), case


def test_a_name_is_searched_as_it_was_last_written(world: World) -> None:
    world.person("alice")

    def matches(q: str) -> int:
        return user_search.search(Page(0, 1, ""), q).total

    assert matches("alice") == 1
    run("UPDATE users SET email = 'x@example.com'", {"unused": 0})
    run("UPDATE user_profiles SET display_name = 'Zoë'", {"unused": 0})
    assert (matches("alice"), matches("ZOË")) == (0, 1)
    run("UPDATE user_profiles SET display_name = NULL", {"unused": 0})
    assert matches("ZOË") == 0
