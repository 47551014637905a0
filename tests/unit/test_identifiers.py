"""Identifiers: UUIDv7, greater each time within the process, and bounds by time."""

import time
from datetime import UTC, datetime, timedelta
from threading import Thread
from uuid import RFC_4122, UUID

import pytest

from app.identifiers import lowest_id, new_id


def test_an_identifier_is_a_uuid_of_version_7_with_the_present_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()

    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1


def test_each_is_greater_than_the_one_before() -> None:
    made = [new_id() for _ in range(20_000)]

    assert made == sorted(set(made))


def test_none_is_made_twice_by_many_threads_and_each_sees_them_rise() -> None:
    made: list[list[UUID]] = [[] for _ in range(8)]

    def work(mine: list[UUID]) -> None:
        mine.extend(new_id() for _ in range(2000))

    threads = [Thread(target=work, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(mine == sorted(mine) for mine in made)
    assert len({each for mine in made for each in mine}) == 16_000


def test_they_rise_although_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: (first.int >> 80) * 1_000_000 - 3_600_000_000_000)

    later = [new_id() for _ in range(100)]

    assert [first, *later] == sorted({first, *later})


def test_two_in_a_row_do_not_tell_each_other() -> None:
    gaps = {new_id().int - new_id().int for _ in range(100)}

    assert len(gaps) > 90


def test_the_lowest_of_a_moment_parts_earlier_from_later() -> None:
    moment = datetime(2026, 11, 23, 12, 0, 0, 5000, tzinfo=UTC)
    lowest = lowest_id(moment)

    assert lowest.int >> 80 == int(moment.timestamp() * 1000)
    assert str(lowest)[14:] == "7000-8000-000000000000"
    assert (lowest.version, lowest.variant) == (7, RFC_4122)
    assert lowest_id(datetime.now(UTC) - timedelta(seconds=1)) < new_id() < lowest_id(datetime.now(UTC) + timedelta(1))
    assert lowest_id(moment - timedelta(milliseconds=1)) < lowest
