"""Which hours and days are listed: whole ones in UTC, of the past, and not too many."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from app.database import run
from app.errors import ValidationError
from app.services import activity_statistics
from tests.integration.services.plain_counts import open_session

NOW = datetime(2026, 3, 29, 10, 20, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AHEAD, BEHIND = timezone(14 * HOUR), timezone(-12 * HOUR)


def starts(since=None, until=None, interval="hour", now=NOW):
    found = activity_statistics.read_points(since=since, until=until, interval=interval, now=now)
    assert all(point[1:] == (0, 0, 0, 0) for point in found)
    return [point.start for point in found]


def at(hour: int, minute: int = 0, *, day: int = 29) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_left_out_they_are_the_last_24_hours_or_30_days_up_to_now(world) -> None:
    hours, days = starts(), starts(interval="day")

    assert (len(hours), hours[0], hours[-1]) == (24, at(11, day=28), at(10))
    assert (len(days), days[0], days[-1]) == (30, datetime(2026, 2, 28, tzinfo=UTC), at(0))
    assert [later - earlier for earlier, later in pairwise(hours)] == [HOUR] * 23


@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [
        pytest.param(at(8), at(10), at(8), at(9), id="until at a turn: the one before is the last"),
        pytest.param(at(8, 59), at(9, 1), at(8), at(9), id="both within an hour: the whole hours"),
        pytest.param(at(9, 1), at(9, 2), at(9), at(9), id="within one hour: that hour"),
        pytest.param(at(8), at(23, day=31), at(8), at(10), id="in the future: as far as now"),
        pytest.param(at(8), datetime.max.replace(tzinfo=UTC), at(8), at(10), id="9999"),
        pytest.param(at(8), None, at(8), at(10), id="until left out: now"),
        pytest.param(None, at(3), at(3, day=28), at(2), id="since left out: 24 hours"),
        pytest.param(at(8).astimezone(AHEAD), at(10).astimezone(BEHIND), at(8), at(9), id="other offsets"),
    ],
)
def test_the_first_and_the_last_hold_since_and_what_is_before_until(world, since, until, first, last) -> None:
    found = starts(since, until)

    assert (found[0], found[-1], len(found)) == (first, last, 1 + (last - first) // HOUR)


def test_days_are_those_of_utc_where_clocks_are_put_forward(world) -> None:
    berlin = timezone(2 * HOUR)
    found = starts(datetime(2026, 3, 28, 0, 30, tzinfo=berlin), datetime(2026, 3, 30, 0, 0, tzinfo=berlin), "day")

    assert found == [at(0, day=27), at(0, day=28), at(0, day=29)]


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 17, tzinfo=UTC)),
        (datetime(1969, 12, 31, 5, 30, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC)),
        (datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 2, tzinfo=UTC)),
    ],
)
def test_long_ago_is_told_of_too(world, since, until) -> None:
    found = starts(since, until)

    assert found[-1] == until - HOUR
    assert found[0] == since.replace(minute=0)


def test_before_the_first_year_and_after_now_there_are_none(world) -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

    assert starts(None, first + HOUR) == [first]
    assert starts(None, first) == []
    assert starts(NOW, NOW + DAY) == [at(10)]
    assert starts(at(11), NOW + DAY) == []
    assert starts(last - HOUR, last) == []
    # At the turn of an hour the one that begins has not come to anything yet.
    assert starts(at(8), None, now=at(10)) == [at(8), at(9)]


@pytest.mark.parametrize("interval", ["hour", "day"])
def test_400_are_told_of_and_one_more_is_refused(world, interval) -> None:
    step, end = activity_statistics.STEPS[interval], datetime(2026, 3, 1, tzinfo=UTC)

    assert len(starts(end - 400 * step, end, interval)) == 400
    for since, until in ((end - 401 * step, end), (end - 400 * step, end + timedelta(microseconds=1))):
        with pytest.raises(ValidationError) as refused:
            starts(since, until, interval)
        assert [violation.field for violation in refused.value.details] == ["since"]


@pytest.mark.parametrize(
    ("since", "until"),
    [(at(8), at(8)), (at(9), at(8)), (NOW, None), (at(8).astimezone(AHEAD), at(8)), (NOW + DAY, NOW + HOUR)],
)
def test_a_period_that_ends_before_it_begins_is_refused(world, since, until) -> None:
    with pytest.raises(ValidationError) as refused:
        starts(since, until)

    assert [violation.field for violation in refused.value.details] == ["since"]


def test_a_removed_session_is_forgotten_when_its_hours_are_final(world) -> None:
    owner = world.person("owner").user_id
    open_session(owner, at(8), idle=HOUR, absolute=DAY)
    run("DELETE FROM users WHERE id = %s", (owner,))
    assert run("SELECT ended_at FROM removed_sessions") == [(at(9),)]

    activity_statistics.aggregate_hours(settle_seconds=900, now=NOW + 5 * DAY)

    assert run("SELECT ended_at FROM removed_sessions") == []
    found = activity_statistics.read_points(since=at(7), until=at(10), interval="hour", now=NOW + 5 * DAY)
    assert [point.active_sessions for point in found] == [0, 1, 0]
