"""Requests that share round trips: what one is told never depends on another."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from app.database.jobs import Job
from app.errors import Conflict, NotFound, Unavailable
from app.pipeline.batching import BatchedWork, BatchItem, RoundTrip, Run, begin_batch, run_alone
from app.pipeline.response import Response
from tests.unit.made import make_context

TRIPS: list[list[Any]] = []


@pytest.fixture(autouse=True)
def no_trips() -> None:
    TRIPS.clear()


def double(values: Sequence[int]) -> list[int]:
    TRIPS.append(list(values))
    return [value * 2 for value in values]


def reject_two(values: Sequence[int]) -> list[Any]:
    TRIPS.append(list(values))
    return [NotFound() if value == 2 else value for value in values]


def fail(values: Sequence[int]) -> list[int]:
    TRIPS.append(list(values))
    raise Unavailable(reason="database") from LookupError("why")


def run_of(*trips: RoundTrip, value: int, seen: list[Any] | None = None) -> Run:
    """A request that makes these round trips with a number, each with the result of the one before."""
    for number, trip in enumerate(trips, start=1):
        value = yield BatchItem(trip, value, is_last=number == len(trips))
        if seen is not None:
            seen.append((value, threading.current_thread().name))
    return Response(200, [], b"%d" % value)


def work(run: Run, seconds: float = 60) -> BatchedWork:
    return BatchedWork(run, make_context(), Job("r", seconds=seconds))


def ended(works: Sequence[BatchedWork]) -> list[Any]:
    def end(one: Callable[[], Response]) -> Any:
        try:
            return one().body
        except Exception as error:  # noqa: BLE001 (what a test looks at)
            return error

    return [end(one) for one in works]


def test_a_request_alone_makes_the_same_round_trips() -> None:
    assert run_alone(run_of(double, double, value=1)).body == b"4"
    assert TRIPS == [[1], [2]]


def test_each_round_trip_is_made_once_for_all() -> None:
    works = [work(run_of(double, double, value=value)) for value in (1, 2, 3)]
    begin_batch(works)

    assert TRIPS == [[1, 2, 3], [2, 4, 6]]
    assert ended(works) == [b"4", b"8", b"12"]


def test_the_last_round_trip_waits_for_those_that_come_to_it_later() -> None:
    works = [work(run_of(double, value=1)), work(run_of(reject_two, double, value=3))]
    begin_batch(works)

    assert TRIPS == [[3], [1, 3]]
    assert ended(works) == [b"2", b"6"]


def test_what_comes_after_the_last_round_trip_waits_until_the_work_is_called() -> None:
    seen: list[Any] = []
    one = work(run_of(double, value=1, seen=seen))
    begin_batch([one])

    assert seen == []
    one()
    assert len(seen) == 1


def test_an_error_of_one_is_raised_in_that_one() -> None:
    works = [work(run_of(reject_two, double, value=value)) for value in (1, 2, 3)]
    begin_batch(works)

    first, second, third = ended(works)
    assert (first, third) == (b"2", b"6")
    assert isinstance(second, NotFound)
    assert TRIPS == [[1, 2, 3], [1, 3]]


@pytest.mark.parametrize("before", [(), (double,)])
def test_an_error_of_the_round_trip_is_raised_in_all_and_is_not_the_same_one(before: tuple[RoundTrip, ...]) -> None:
    works = [work(run_of(*before, fail, value=value)) for value in (1, 2, 3)]
    begin_batch(works)

    errors = ended(works)
    assert [(type(error), error.reason, type(error.__cause__)) for error in errors] == [
        (Unavailable, "database", LookupError)
    ] * 3
    assert len({id(error) for error in errors}) == 3


def test_a_round_trip_that_returns_too_few_results_fails_in_all_and_ends_no_thread() -> None:
    def forget_one(values: Sequence[int]) -> list[int]:
        return list(values)[1:]

    works = [work(run_of(forget_one, value=value)) for value in (1, 2)]
    begin_batch(works)

    assert [type(error) for error in ended(works)] == [ValueError, ValueError]


def test_a_request_may_answer_an_error_of_a_round_trip_itself() -> None:
    def forgiving() -> Run:
        try:
            yield BatchItem(fail, 1, is_last=True)
        except Unavailable as error:
            raise Conflict(code="CONFLICT") from error
        raise AssertionError

    [error] = ended([_begun(forgiving())])
    assert isinstance(error, Conflict)


def test_a_request_past_its_deadline_is_left_out_and_delays_no_other() -> None:
    works = [work(run_of(double, value=1)), work(run_of(double, value=2), seconds=-1), work(run_of(double, value=3))]
    begin_batch(works)

    first, second, third = ended(works)
    assert (first, third) == (b"2", b"6")
    assert isinstance(second, Unavailable)
    assert second.reason == "deadline"
    assert TRIPS == [[1, 3]]


def test_a_request_that_ends_before_any_round_trip_has_its_response() -> None:
    def no_trip() -> Run:
        return Response(204, [], b"")
        yield

    works = [work(no_trip()), work(run_of(double, value=1))]
    begin_batch(works)

    assert ended(works) == [b"", b"2"]


def _begun(run: Run) -> BatchedWork:
    one = work(run)
    begin_batch([one])
    return one
