"""A rotation writes no index: what statistics look for in the sessions changes once in a day at most."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.database import run, transaction
from app.identifiers import new_id
from app.services import activity_statistics

BEGIN = datetime(2026, 3, 5, 12, tzinfo=UTC)
ACCOUNT = """
WITH made AS (
    INSERT INTO users (id, email, password_hash, role_id)
    SELECT %(id)s, 'a@example.com', 'x', id FROM roles WHERE name = 'user' RETURNING id
)
INSERT INTO sessions (id, user_id, generation, key_id, created_at, idle_expires_at, expires_at, ends_by, address,
                      network)
SELECT id, id, 1, 'k', %(begin)s, %(begin)s + interval '30 days', %(begin)s + interval '90 days',
       date_trunc('day', %(begin)s + interval '30 days', 'UTC') + interval '1 day', '::1', '::' FROM made
"""
ROTATE = "SELECT outcome FROM rotate_refresh_token(%s, %s, 'k', 'k', interval '15 s', interval '30 days', %s)"
UPDATES = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'sessions'"
END = "SELECT ends_by, least(idle_expires_at, expires_at) FROM sessions"


@pytest.fixture
def session(database: object) -> UUID:
    made = new_id()
    run(ACCOUNT, {"id": made, "begin": BEGIN})
    return made


@pytest.mark.parametrize(("later", "without_index"), [(timedelta(hours=2), 1), (timedelta(hours=13), 0)])
def test_only_the_first_rotation_of_a_day_writes_an_index(session: UUID, later: timedelta, without_index: int) -> None:
    with transaction():
        [(_, before)] = run(UPDATES)
        assert run(ROTATE, (session, 1, BEGIN + later)) == [("rotated",)]
        [(_, after)] = run(UPDATES)
        assert after - before == without_index


def test_the_column_is_the_midnight_after_the_session_ends(session: UUID) -> None:
    for generation, days in enumerate((1, 20, 45, 70, 89), start=1):
        assert run(ROTATE, (session, generation, BEGIN + timedelta(days=days))) == [("rotated",)]
        [(ends_by, over)] = run(END)
        assert timedelta(0) < ends_by - over <= timedelta(days=1)
        assert (ends_by.astimezone(UTC).hour, ends_by.astimezone(UTC).minute) == (0, 0)


def test_what_servers_of_an_earlier_release_rotate_is_found_where_it_ends(session: UUID) -> None:
    then = BEGIN + timedelta(days=20)
    run("SELECT outcome FROM rotate_session(%s, 1, 'k', 'k', %s, interval '15 s', interval '30 days')", (session, then))

    later = then + timedelta(days=40)
    activity_statistics.aggregate_hours(settle_seconds=0, now=later)
    points = activity_statistics.read_points(then, later, "day", now=later)
    assert [point.active_sessions for point in points] == [1] * 31 + [0] * 10
