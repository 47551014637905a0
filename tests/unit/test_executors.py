"""Who decides how a request ends: the thread that commits, or anybody who answers in its place. Never both."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from app.database import jobs
from app.database.jobs import Job
from app.errors import Unavailable
from app.factory import build_executors
from app.gateway.executors import Executor
from tests.service import config_for
from tests.waiting import until


@pytest.fixture
def executor() -> Iterator[Executor]:
    made = Executor("test", threads=1, queue=1, commit_seconds=0.3)
    yield made
    made.close(1)


class Work:
    """Work that the test holds before and inside its commit."""

    def __init__(self) -> None:
        self.begun, self.may_commit = threading.Event(), threading.Event()
        self.committing, self.may_end = threading.Event(), threading.Event()
        self.committed = False
        self.refused: str | None = None

    def __call__(self) -> str:
        self.begun.set()
        self.may_commit.wait(10)
        try:
            jobs.begin_commit()
        except Unavailable as error:
            self.refused = error.reason
            raise
        self.committing.set()
        self.may_end.wait(10)
        self.committed = True
        return "done"


class Due(Job):
    """A job whose deadline comes as soon as its work has come so far; only who waits for it sees the deadline."""

    def __init__(self, reached: threading.Event) -> None:
        super().__init__("r", seconds=60)
        self._reached = reached

    def seconds_left(self) -> float:
        return 0.0 if self._reached.is_set() else 0.01


class Watched(Job):
    """A job of which one can know whether it still exists."""

    __slots__ = ("__weakref__",)


def run(executor: Executor, work: Callable[[], str], job: Job) -> str:
    return asyncio.run(executor.run(work, job))


def expect(reason: str, executor: Executor, work: Work, job: Job) -> None:
    with pytest.raises(Unavailable) as caught:
        run(executor, work, job)
    assert caught.value.reason == reason


def test_what_is_given_up_at_the_deadline_cannot_commit(executor: Executor) -> None:
    work = Work()

    expect("deadline", executor, work, Due(work.begun))
    work.may_commit.set()

    until(lambda: work.refused)
    assert work.refused == "deadline"
    assert not work.committed


def test_a_commit_that_was_first_is_waited_for() -> None:
    executor, work = Executor("test", threads=1, queue=1, commit_seconds=60), Work()
    work.may_commit.set()
    job = Due(work.committing)
    threading.Timer(0.15, work.may_end.set).start()

    assert run(executor, work, job) == "done"
    assert job.seconds_left() == 0
    executor.close(1)


def test_a_commit_without_an_end_is_unknown(executor: Executor) -> None:
    work = Work()
    work.may_commit.set()

    expect("commit_unknown", executor, work, Due(work.committing))
    work.may_end.set()


def test_a_thread_that_is_late_by_the_clock_alone_does_not_commit_either(executor: Executor) -> None:
    """The loop may be late itself: then the thread knows the time."""
    job = Job("r", seconds=-0.01)
    with pytest.raises(Unavailable):
        job.begin_commit()
    assert job.cancel()


def test_a_commit_that_the_server_refused_can_be_given_up(executor: Executor) -> None:
    job = Job("r", seconds=60)
    job.begin_commit()
    assert not job.cancel()
    job.commit_failed()
    assert job.cancel("shutdown")
    with pytest.raises(Unavailable) as caught:
        job.begin_commit()
    assert caught.value.reason == "shutdown"


def test_what_still_waits_for_a_thread_at_its_deadline_never_runs_and_frees_its_place(executor: Executor) -> None:
    first, second = Work(), Work()

    async def wait_in_vain() -> tuple[str, str]:
        busy = asyncio.create_task(executor.run(first, Job("r", seconds=60)))
        await asyncio.to_thread(first.begun.wait, 10)
        with pytest.raises(Unavailable) as caught:
            await executor.run(second, Job("r", seconds=0.05))
        assert caught.value.reason == "deadline"
        last = asyncio.create_task(executor.run(lambda: "next", Job("r", seconds=60)))
        first.may_commit.set()
        first.may_end.set()
        return await busy, await last

    assert asyncio.run(wait_in_vain()) == ("done", "next")
    assert not second.begun.is_set()


def test_what_does_not_fit_into_the_queue_is_rejected_at_once(executor: Executor) -> None:
    first = Work()

    async def one_too_many() -> None:
        fitting = [asyncio.create_task(executor.run(work, Job("r", seconds=60))) for work in (first, lambda: "second")]
        await asyncio.to_thread(first.begun.wait, 10)
        with pytest.raises(Unavailable) as caught:
            await executor.run(lambda: "third", Job("r", seconds=60))
        assert caught.value.reason == "queue_full"
        first.may_commit.set()
        first.may_end.set()
        assert await asyncio.gather(*fitting) == ["done", "second"]

    asyncio.run(one_too_many())


def test_one_that_was_given_up_keeps_its_place_until_its_thread_is_free(executor: Executor) -> None:
    """Otherwise a database that hangs would take more and more calls that have no thread."""
    stuck = Work()

    async def fill() -> None:
        with pytest.raises(Unavailable):
            await executor.run(stuck, Due(stuck.begun))
        waiting = asyncio.create_task(executor.run(lambda: "done", Job("r", seconds=60)))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable) as caught:
            await executor.run(lambda: "done", Job("r", seconds=60))
        assert caught.value.reason == "queue_full"
        stuck.may_commit.set()
        assert await waiting == "done"

    asyncio.run(fill())


def test_each_deadline_is_kept_whatever_their_order(executor: Executor) -> None:
    """All calls share one timer."""
    first, ended = Work(), []

    async def end(name: str, work: Callable[[], str], seconds: float) -> None:
        with pytest.raises(Unavailable) as caught:
            await executor.run(work, Job("r", seconds=seconds))
        assert caught.value.reason == "deadline"
        ended.append(name)

    async def run_out_of_time() -> None:
        busy = asyncio.create_task(end("long", first, 0.4))
        await asyncio.to_thread(first.begun.wait, 10)
        await end("short", lambda: "never", 0.1)
        await end("shorter", lambda: "never", 0.05)
        await busy

    asyncio.run(run_out_of_time())
    first.may_commit.set()
    assert ended == ["short", "shorter", "long"]


def test_nothing_of_a_call_is_kept_when_it_has_ended(executor: Executor) -> None:
    """Not even until garbage collection, of which a server that is busy has little."""
    kept: list[weakref.ref[Job]] = []

    def fail() -> str:
        raise Unavailable(reason="database")

    async def call(work: Callable[[], str], seconds: float) -> None:
        job = Watched("r", seconds=seconds)
        kept.append(weakref.ref(job))
        with suppress(Unavailable):
            await executor.run(work, job)

    async def one_after_the_other() -> None:
        for work, seconds in ((lambda: "done", 60), (fail, 60), (lambda: "late", -1)):
            await call(work, seconds)
        await asyncio.to_thread(until, lambda: not any(job() for job in kept))

    gc.disable()
    try:
        asyncio.run(one_after_the_other())
        assert len(kept) == 3
    finally:
        gc.enable()


def test_a_request_that_is_cancelled_while_it_commits_is_answered_as_it_turns_out(executor: Executor) -> None:
    work = Work()
    work.may_commit.set()

    async def cancel() -> str:
        task = asyncio.create_task(executor.run(work, Job("r", seconds=60)))
        await asyncio.to_thread(work.committing.wait, 10)
        task.cancel()
        asyncio.get_running_loop().call_later(0.05, work.may_end.set)
        return await task

    assert asyncio.run(cancel()) == "done"


def test_one_that_is_cancelled_before_it_commits_is_not_carried_out(executor: Executor) -> None:
    work = Work()

    async def cancel() -> None:
        task = asyncio.create_task(executor.run(work, Job("r", seconds=60)))
        await asyncio.to_thread(work.begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    work.may_commit.set()
    until(lambda: work.refused)
    assert work.refused == "shutdown"


def test_a_background_task_has_all_the_time_it_takes(executor: Executor) -> None:
    assert run(executor, lambda: "done", Job("maintenance", "run_maintenance")) == "done"


def test_another_sign_in_uses_the_database_while_one_hashes() -> None:
    executor = build_executors(config_for(DATABASE_URL="postgresql://", HASHING_THREADS="1"))["hashing"]
    both = threading.Barrier(2)

    async def meet() -> set[int]:
        calls = [executor.run(lambda: both.wait(10), Job("r", seconds=60)) for _ in range(2)]
        return set(await asyncio.gather(*calls))

    assert asyncio.run(meet()) == {0, 1}
    executor.close()
