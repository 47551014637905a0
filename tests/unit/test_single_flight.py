"""Single flight: threads that miss the same thing at once wait for one of them."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.cache.single_flight import SingleFlight


class Leader:
    """Work that returns only when enough other threads wait for it."""

    def __init__(self, single_flight: SingleFlight[Any], outcome: Callable[[], Any]) -> None:
        self.begun = threading.Event()
        self._single_flight, self._outcome = single_flight, outcome
        self.others = 0

    def __call__(self) -> Any:
        self.begun.set()
        [call] = self._single_flight._calls.values()
        while len(call.done._cond._waiters) < self.others:  # type: ignore[attr-defined]
            pass
        return self._outcome()


def fail() -> Any:
    raise RuntimeError("no response")


def test_all_who_wait_get_what_one_has_read() -> None:
    single_flight: SingleFlight[str] = SingleFlight()
    leader = Leader(single_flight, lambda: "read once")
    leader.others = 8
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(single_flight.run, "key", leader)
        assert leader.begun.wait(10)
        others = [pool.submit(single_flight.run, "key", fail) for _ in range(8)]

        assert [waiter.result(10) for waiter in (first, *others)] == ["read once"] * 9


def test_who_waited_for_work_that_failed_does_it_themselves() -> None:
    single_flight: SingleFlight[str] = SingleFlight()
    leader = Leader(single_flight, fail)
    leader.others = 2
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(single_flight.run, "key", leader)
        assert leader.begun.wait(10)
        others = [pool.submit(single_flight.run, "key", lambda: "own") for _ in range(2)]

        assert [waiter.result(10) for waiter in others] == ["own", "own"]
        with pytest.raises(RuntimeError, match="no response"):
            first.result(10)


def test_another_key_waits_for_nobody() -> None:
    single_flight: SingleFlight[str] = SingleFlight()
    held = threading.Event()

    def leader() -> str:
        held.wait(10)
        return "one"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(single_flight.run, ("key", b"1"), leader)

        assert single_flight.run(("key", b"2"), lambda: "other") == "other"
        held.set()
        assert first.result(10) == "one"


def test_what_is_over_is_not_joined() -> None:
    single_flight: SingleFlight[str] = SingleFlight()
    single_flight.run("key", lambda: "before")

    assert single_flight.run("key", lambda: "after") == "after"
