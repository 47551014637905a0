"""Who decides how a request ends: the thread that commits, or anybody who answers in its place. Never both."""

import asyncio
import threading
from collections.abc import Callable, Iterator

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
        self._reached.wait(60)
        return 0.0


def in_a_loop(executor: Executor, work: Callable[[], str], job: Job) -> str:
    return asyncio.run(executor.run(work, job))


def on_a_thread(executor: Executor, work: Callable[[], str], job: Job) -> str:
    return executor.wait(executor.submit(work, job), job)


Way = Callable[[Executor, Callable[[], str], Job], str]
both_ways = pytest.mark.parametrize("run", [in_a_loop, on_a_thread])


def expect(reason: str, run: Way, executor: Executor, work: Work, job: Job) -> None:
    with pytest.raises(Unavailable) as caught:
        run(executor, work, job)
    assert caught.value.reason == reason


@both_ways
def test_what_is_given_up_at_the_deadline_cannot_commit(run: Way, executor: Executor) -> None:
    work = Work()

    expect("deadline", run, executor, work, Due(work.begun))
    work.may_commit.set()

    until(lambda: work.refused)
    assert work.refused == "deadline"
    assert not work.committed


@both_ways
def test_a_commit_that_was_first_is_waited_for(run: Way) -> None:
    executor, work = Executor("test", threads=1, queue=1, commit_seconds=60), Work()
    work.may_commit.set()
    job = Due(work.committing)
    threading.Timer(0.15, work.may_end.set).start()

    assert run(executor, work, job) == "done"
    assert job.seconds_left() == 0
    executor.close(1)


@both_ways
def test_a_commit_without_an_end_is_unknown(run: Way, executor: Executor) -> None:
    work = Work()
    work.may_commit.set()

    expect("commit_unknown", run, executor, work, Due(work.committing))
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


def test_what_still_waits_for_a_thread_at_its_deadline_never_runs(executor: Executor) -> None:
    first, second = Work(), Work()
    executor.submit(first, Job("r", seconds=60))
    assert first.begun.wait(10)

    expect("deadline", in_a_loop, executor, second, Job("r", seconds=0.05))
    first.may_commit.set()
    first.may_end.set()
    until(lambda: first.committed)

    assert executor.submit(lambda: "next", Job("r")).result(10) == "next"
    assert not second.begun.is_set()


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


def test_the_end_of_the_server_gives_up_what_has_not_begun_to_commit_and_waits_for_what_has() -> None:
    executor = Executor("test", threads=2, queue=1, commit_seconds=60)
    late, committing = Work(), Work()
    committing.may_commit.set()
    futures = [executor.submit(work, Job("r", seconds=60)) for work in (late, committing)]
    assert committing.committing.wait(10)
    assert late.begun.wait(10)
    threading.Timer(0.2, committing.may_end.set).start()

    executor.close(0.05)

    with pytest.raises(Unavailable) as caught:
        futures[0].result(0)
    assert caught.value.reason == "shutdown"
    assert futures[1].result(0) == "done"
    late.may_commit.set()
    until(lambda: late.refused)


def test_a_background_task_has_all_the_time_it_takes(executor: Executor) -> None:
    assert in_a_loop(executor, lambda: "done", Job("maintenance", "run_maintenance")) == "done"


def test_another_sign_in_uses_the_database_while_one_hashes() -> None:
    executor = build_executors(config_for(DATABASE_URL="postgresql://", HASHING_THREADS="1"))["hashing"]
    both = threading.Barrier(2)
    try:
        waiting = [executor.submit(lambda: both.wait(10), Job("r", seconds=60)) for _ in range(2)]
        assert {future.result(10) for future in waiting} == {0, 1}
    finally:
        executor.close()
