"""Tasks that begin together on one thread: each has its own end, and none waits behind one that takes long."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from app.database.jobs import Job
from app.errors import Unavailable
from app.gateway.executors import Executor
from app.gateway.task_queue import BATCHES_AT_ONCE, MAX_BATCH
from tests.waiting import until

BATCHES: list[list[Any]] = []


def begin(works: Sequence[Any]) -> None:
    BATCHES.append(list(works))
    for work in works:
        if isinstance(work, Held):
            work.beginning.set()
            work.may_begin.wait(10)


class Held:
    """Work that the test holds where it begins together with others."""

    def __init__(self) -> None:
        self.beginning, self.may_begin = threading.Event(), threading.Event()

    def __call__(self) -> str:
        return "held"


@pytest.fixture
def executor() -> Iterator[Executor]:
    BATCHES.clear()
    made = Executor("test", threads=2, queue=30, commit_seconds=0.3, begin_batch=begin)
    yield made
    made.close(1)


def a_job(seconds: float = 60) -> Job:
    return Job("r", seconds=seconds)


def together(executor: Executor, works: Sequence[Callable[[], Any]]) -> list[Any]:
    async def run() -> list[Any]:
        running = [executor.run(work, a_job(), in_batch=True) for work in works]
        return await asyncio.gather(*running, return_exceptions=True)

    return asyncio.run(run())


def sayer(word: int) -> Callable[[], int]:
    return lambda: word


def test_what_comes_at_the_same_time_begins_together_and_each_gets_its_own_result(executor: Executor) -> None:
    works = [sayer(number) for number in range(MAX_BATCH + 3)]

    assert together(executor, works) == list(range(MAX_BATCH + 3))

    assert sorted(BATCHES, key=len, reverse=True) == [works[:MAX_BATCH], works[MAX_BATCH:]]


def test_an_error_of_one_is_no_error_of_the_others(executor: Executor) -> None:
    def fail() -> int:
        raise LookupError("mine")

    first, second, third = together(executor, [sayer(1), fail, sayer(3)])

    assert (first, third) == (1, 3)
    assert isinstance(second, LookupError)
    assert len(BATCHES) == 1


def test_work_that_is_not_batched_takes_no_part_in_a_batch(executor: Executor) -> None:
    async def run() -> list[int]:
        running = [executor.run(sayer(number), a_job(), in_batch=number != 2) for number in (1, 2, 3)]
        return list(await asyncio.gather(*running))

    assert asyncio.run(run()) == [1, 2, 3]
    assert sorted(map(len, BATCHES)) in ([1, 1], [2])
    assert sum(map(len, BATCHES)) == 2


def test_the_rest_of_a_batch_goes_to_another_thread_while_its_first_task_waits(executor: Executor) -> None:
    others_are_done = threading.Event()
    done = []

    def wait() -> str:
        return "saw them" if others_are_done.wait(10) else "saw nobody"

    def other() -> str:
        done.append(threading.current_thread().name)
        if len(done) == 3:
            others_are_done.set()
        return threading.current_thread().name

    waiting, *others = together(executor, [wait, other, other, other])

    assert waiting == "saw them"
    assert set(others) == {"test_2"}
    assert len(BATCHES) == 1, "they began together all the same, and once"


def test_batches_that_are_stuck_at_their_beginning_do_not_stop_the_next_one() -> None:
    executor = Executor("test", threads=BATCHES_AT_ONCE + 1, queue=30, commit_seconds=0.3, begin_batch=begin)
    stuck = [Held() for _ in range(BATCHES_AT_ONCE)]

    async def run() -> list[Any]:
        running = []
        for held in stuck:
            running.append(asyncio.create_task(executor.run(held, a_job(), in_batch=True)))
            await asyncio.to_thread(held.beginning.wait, 10)
        result = await executor.run(sayer(7), a_job(), in_batch=True)
        for held in stuck:
            held.may_begin.set()
        return [result, *await asyncio.gather(*running)]

    assert asyncio.run(run()) == [7, *["held"] * BATCHES_AT_ONCE]
    executor.close(1)


def test_one_whose_time_is_over_while_it_begins_is_told_so_and_the_others_go_on(executor: Executor) -> None:
    held = Held()
    late = a_job(0.05)

    async def run() -> list[Any]:
        running = asyncio.gather(
            executor.run(held, a_job(), in_batch=True),
            executor.run(sayer(2), late, in_batch=True),
            executor.run(sayer(3), a_job(), in_batch=True),
            return_exceptions=True,
        )
        await asyncio.to_thread(held.beginning.wait, 10)
        await asyncio.to_thread(until, lambda: late._reason)
        held.may_begin.set()
        return list(await running)

    first, second, third = asyncio.run(run())

    assert (first, third) == ("held", 3)
    assert isinstance(second, Unavailable)
    assert second.reason == "deadline"


def test_the_end_of_the_server_gives_up_a_whole_batch(executor: Executor) -> None:
    held = Held()
    ran = []

    async def run() -> list[Any]:
        running = asyncio.gather(
            executor.run(held, a_job(), in_batch=True),
            executor.run(lambda: ran.append("second"), a_job(), in_batch=True),
            return_exceptions=True,
        )
        await asyncio.to_thread(held.beginning.wait, 10)
        await asyncio.to_thread(executor.close, 0.05)
        return list(await running)

    for error in asyncio.run(run()):
        assert isinstance(error, Unavailable)
        assert error.reason == "shutdown"
    held.may_begin.set()
    until(lambda: not any(thread.name.startswith("test_") for thread in threading.enumerate()))
    assert not ran, "it was given up before its turn"


@pytest.mark.parametrize(("begin_batch", "looks"), [(None, False), (begin, True)])
def test_only_where_work_begins_together_does_the_loop_look_after_threads(
    begin_batch: Callable[[Sequence[Any]], None] | None, looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waking up each two milliseconds took a twentieth of a core while passwords were hashed."""
    executor = Executor("test", threads=2, queue=30, commit_seconds=0.3, begin_batch=begin_batch)
    let_go, delays = threading.Event(), []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        call_later = loop.call_later

        def note(delay: float, *rest: Any) -> asyncio.TimerHandle:
            delays.append(delay)
            return call_later(delay, *rest)

        monkeypatch.setattr(loop, "call_later", note)
        running = asyncio.gather(*(executor.run(lambda: let_go.wait(10), a_job()) for _ in range(3)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        let_go.set()
        await running

    asyncio.run(run())
    executor.close(1)
    assert any(delay < 1 for delay in delays) == looks
