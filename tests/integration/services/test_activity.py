"""Activity statistics: equal to a plain count whenever hours are settled, by whomever, and whatever comes late."""

import random
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg2
import pytest

from app.database import connection, run, time_limit
from app.errors import Unavailable
from app.services import activity_statistics
from app.services.activity_statistics import ActivityPoint, Interval
from tests.integration.services.conftest import WAITING, World
from tests.integration.services.plain_counts import (
    KINDS,
    open_session,
    plain_count,
    remember_removed_sessions,
    remove_session,
    some_moment,
    write_event,
)
from tests.waiting import until

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SETTLE = timedelta(minutes=15)
# Long before the present: the removal of a session is dated by the database's own clock.
BEGIN = datetime(2026, 3, 5, tzinfo=UTC)
SIGN_IN = ("session.created", "succeeded", None)
LIFE = {"idle": 30 * DAY, "absolute": 90 * DAY}

_RAW_EVENT = """
INSERT INTO audit_events (id, kind, occurred_at, request_id, action, outcome)
VALUES (gen_random_uuid(), 'event', %s, 'late', 'session.created', 'succeeded')
"""


def settle(now: datetime) -> None:
    activity_statistics.aggregate_hours(settle_seconds=int(SETTLE.total_seconds()), now=now)


def settled_until() -> datetime | None:
    moments: list[tuple[datetime | None]] = run("SELECT settled_until FROM activity_watermarks")
    return moments[0][0]


def sign_ins(since: datetime, until: datetime) -> list[int]:
    return [
        point.sign_ins
        for point in activity_statistics.read_points(since=since, until=until, interval="hour", now=until)
    ]


def wrong(
    since: datetime, until: datetime, interval: Interval, now: datetime
) -> list[tuple[ActivityPoint, ActivityPoint]]:
    """Return the points that differ from those counted one by one, with these."""
    found = activity_statistics.read_points(since=since, until=until, interval=interval, now=now)
    return [pair for pair in zip(found, plain_count(since, until, interval), strict=True) if pair[0] != pair[1]]


def check(since: datetime, until: datetime, now: datetime) -> None:
    """Check hours and days against a plain count."""
    assert wrong(since, until, "hour", now) == []
    first = since.replace(hour=0)
    last = first + -((first - until) // DAY) * DAY
    assert wrong(first, last, "day", max(now, last)) == []


@pytest.fixture
def owner(world: World) -> UUID:
    remember_removed_sessions()
    return world.person("owner").user_id


@pytest.mark.parametrize("seed", range(3))
def test_hours_and_days_equal_a_plain_count_whenever_hours_are_settled(owner, seed) -> None:
    luck = random.Random(seed)
    now, live = BEGIN + luck.random() * DAY, []
    for _ in range(12):
        then, now = now, now + luck.choice((HOUR / 4, HOUR, 5 * HOUR, 40 * HOUR)) * (0.5 + luck.random())
        for _ in range(luck.randrange(12)):
            write_event(some_moment(luck, then, now), luck.choice(KINDS))
            life = {"idle": luck.choice((HOUR / 2, 3 * HOUR, 3 * DAY)), "absolute": 2 * DAY}
            live.append(open_session(owner, some_moment(luck, then, now), **life))
        luck.shuffle(live)
        for session_id in [live.pop() for _ in range(len(live) // 3)]:
            end = some_moment(luck, then, now)
            run("UPDATE sessions SET ended_at = %s WHERE id = %s", (end, session_id))
        if live and luck.random() < 0.5:
            remove_session(live.pop())
        if luck.random() < 0.6:
            settle(now)
        turn = BEGIN + (now - BEGIN) // HOUR * HOUR + HOUR
        since = BEGIN + luck.randrange((turn - BEGIN) // HOUR) * HOUR
        check(since, turn, now)
        check(max(since - 3 * DAY, turn - 400 * HOUR), max(since + HOUR, turn - 3 * HOUR), now)
    assert settled_until() is not None


def test_an_hour_is_settled_when_it_is_over_for_long_enough_and_not_before(owner) -> None:
    write_event(BEGIN, SIGN_IN)
    settle(BEGIN + HOUR + SETTLE - timedelta(microseconds=1))
    assert settled_until() is None

    settle(BEGIN + HOUR + SETTLE)

    assert settled_until() == BEGIN + HOUR
    assert run("SELECT start, sign_ins FROM activity_hours") == [(BEGIN, 1)]


def test_where_nothing_ever_happened_nothing_is_settled(world) -> None:
    settle(BEGIN)

    assert settled_until() is None
    assert sign_ins(BEGIN - 2 * HOUR, BEGIN) == [0, 0]


@contextmanager
def transaction_apart(url: str) -> Iterator[psycopg2.extensions.cursor]:
    """Give a cursor in a transaction that ends with the block, after whatever the block does."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        yield cursor
        connection.commit()


def test_what_is_committed_long_after_it_occurred_is_counted_all_the_same(owner, database_url) -> None:
    write_event(BEGIN, SIGN_IN)
    with transaction_apart(database_url) as late:
        late.execute(_RAW_EVENT, (BEGIN + HOUR - timedelta(microseconds=1),))
        settle(BEGIN + 5 * HOUR)
        assert sign_ins(BEGIN, BEGIN + HOUR) == [1]

    settle(BEGIN + 5 * HOUR + SETTLE)

    assert sign_ins(BEGIN, BEGIN + HOUR) == [2]


def test_what_is_committed_before_its_hour_is_settled_is_counted_at_once(owner, database_url) -> None:
    write_event(BEGIN, SIGN_IN)
    with transaction_apart(database_url) as late:
        late.execute(_RAW_EVENT, (BEGIN + 2 * HOUR - timedelta(microseconds=1),))
        settle(BEGIN + 2 * HOUR + SETTLE / 2)
    assert settled_until() == BEGIN + HOUR
    assert sign_ins(BEGIN, BEGIN + 3 * HOUR) == [1, 1, 0]

    settle(BEGIN + 2 * HOUR + SETTLE)

    assert settled_until() == BEGIN + 2 * HOUR
    assert sign_ins(BEGIN, BEGIN + 3 * HOUR) == [1, 1, 0]


@contextmanager
def held_up(url: str, work) -> Iterator[threading.Thread]:
    """Give a thread at work that has counted and waits to write what it settles, until the block ends."""
    thread = threading.Thread(target=work)
    with closing(psycopg2.connect(url)) as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLE activity_hours IN SHARE MODE")
        thread.start()
        until(lambda: run(WAITING) == [(1,)])
        yield thread
    thread.join()


def test_two_that_settle_at_once_settle_once(owner, database_url) -> None:
    now = BEGIN + 3 * DAY
    for hours in (0, 1, 30, 30, 71):
        write_event(BEGIN + hours * HOUR, SIGN_IN)
        open_session(owner, BEGIN + hours * HOUR, **LIFE)

    with held_up(database_url, lambda: settle(now)):
        with time_limit(5):
            settle(now)
        assert settled_until() is None
        check(BEGIN, now, now)

    assert settled_until() == now - HOUR
    assert run("SELECT count(*), count(DISTINCT start) FROM activity_hours") == [(71, 71)]
    check(BEGIN, now, now)


def test_any_number_at_once_settle_a_long_past_chunk_by_chunk(world, owner) -> None:
    now = BEGIN + 30 * DAY
    for days in (0, 3, 8, 8, 15, 29):
        write_event(BEGIN + days * DAY, SIGN_IN)
        open_session(owner, BEGIN + days * DAY, idle=4 * DAY, absolute=90 * DAY)

    outcomes = world.together(*[lambda: settle(now)] * 4)

    assert outcomes == [None] * 4
    settle(now)
    assert settled_until() == now - HOUR
    check(BEGIN + 14 * DAY, now, now)
    assert wrong(BEGIN, now, "day", now) == []


def test_settling_that_is_cut_short_leaves_all_as_it_was(owner, database_url) -> None:
    write_event(BEGIN, SIGN_IN)
    settle(BEGIN + HOUR + SETTLE)
    write_event(BEGIN + 2 * HOUR, SIGN_IN)
    before = run("SELECT * FROM activity_hours, activity_watermarks")
    met: list[Unavailable] = []

    def cut_short() -> None:
        try:
            settle(BEGIN + DAY)
        except Unavailable as error:
            met.append(error)

    with held_up(database_url, cut_short) as thread:
        run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        thread.join()

    assert [error.reason for error in met] == ["database"]
    assert run("SELECT * FROM activity_hours, activity_watermarks") == before
    assert sign_ins(BEGIN, BEGIN + 3 * HOUR) == [1, 0, 1]
    settle(BEGIN + DAY)
    assert sign_ins(BEGIN, BEGIN + 3 * HOUR) == [1, 0, 1]


def test_settled_hours_keep_what_is_removed_later(world, owner) -> None:
    write_event(BEGIN, SIGN_IN)
    open_session(owner, BEGIN, idle=2 * HOUR, absolute=DAY)
    settle(BEGIN + 5 * DAY)

    run("DELETE FROM users WHERE id = %s", (owner,))
    settle(BEGIN + 6 * DAY)

    found = activity_statistics.read_points(since=BEGIN, until=BEGIN + 4 * HOUR, interval="hour", now=BEGIN + 6 * DAY)
    assert [point.active_sessions for point in found] == [1, 1, 0, 0]
    assert run("SELECT count(*) FROM removed_sessions") == [(0,)]


@pytest.mark.parametrize("removal", ["DELETE FROM users", "TRUNCATE users CASCADE", "TRUNCATE sessions"])
def test_a_session_removed_with_its_account_lived_until_then(world, removal: str) -> None:
    owner = world.person("owner").user_id
    now = world.now.replace(minute=30)
    this_hour = now.replace(minute=0, second=0)
    open_session(owner, this_hour - 3 * HOUR, **LIFE)
    settle(this_hour - HOUR)
    run(removal)
    later = this_hour + 4 * HOUR

    def alive() -> list[int]:
        found = activity_statistics.read_points(since=this_hour - 4 * HOUR, until=later, interval="hour", now=later)
        # The removal may have come after the turn of the hour.
        return [point.active_sessions for point in found[:4] + found[6:]]

    assert alive() == [0, 1, 1, 1, 0, 0]
    settle(now)
    assert alive() == [0, 1, 1, 1, 0, 0]
    settle(later)
    assert alive() == [0, 1, 1, 1, 0, 0]


def test_the_roll_up_can_be_made_again_from_the_rows(owner) -> None:
    for hours in range(0, 60, 7):
        write_event(BEGIN + hours * HOUR, SIGN_IN)
        open_session(owner, BEGIN + hours * HOUR, idle=20 * HOUR, absolute=DAY)
    now = BEGIN + 4 * DAY
    settle(now)
    run("UPDATE activity_hours SET sign_ins = sign_ins + 1, alive = alive + 1")

    run("UPDATE activity_watermarks SET settled_since = NULL, settled_until = NULL, final_until = NULL")
    run("DELETE FROM activity_hours")
    check(BEGIN, now, now)
    settle(now)

    check(BEGIN, now, now)


def test_a_server_whose_clocks_are_put_back_counts_the_days_of_utc_all_the_same(owner) -> None:
    begin = datetime(2026, 10, 23, tzinfo=UTC)
    for hours in range(72):
        write_event(begin + hours * HOUR, SIGN_IN)
        open_session(owner, begin + hours * HOUR, idle=HOUR / 2, absolute=DAY)
    with connection():
        run("SET TIME ZONE 'Europe/Berlin'")
        check(begin, begin + 3 * DAY, begin + 3 * DAY)
        settle(begin + 2 * DAY)
        check(begin, begin + 3 * DAY, begin + 3 * DAY)
        run("RESET TIME ZONE")


def test_history_that_is_brought_in_later_is_counted_as_it_stands(owner) -> None:
    write_event(BEGIN, SIGN_IN)
    settle(BEGIN + DAY)
    for hours in (1, 1, 30):
        write_event(BEGIN - hours * HOUR, SIGN_IN)

    check(BEGIN - 2 * DAY, BEGIN + DAY, BEGIN + DAY)
    check(BEGIN - 2 * DAY, BEGIN - DAY, BEGIN + DAY)
