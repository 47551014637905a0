"""The end of the server: what still runs is given up, unless its commit is in progress."""

import asyncio

import pytest

from app.database.jobs import Job
from app.errors import Unavailable
from app.gateway.executors import Executor
from tests.unit.test_executors import Work
from tests.waiting import until


def test_the_end_of_the_server_gives_up_what_has_not_begun_to_commit_and_waits_for_what_has() -> None:
    executor = Executor("test", threads=2, queue=1, commit_seconds=60)
    late, committing, waiting = Work(), Work(), Work()
    committing.may_commit.set()

    async def end() -> list[str | BaseException]:
        calls = [asyncio.create_task(executor.run(work, Job("r", seconds=60))) for work in (late, committing, waiting)]
        await asyncio.to_thread(committing.committing.wait, 10)
        await asyncio.to_thread(late.begun.wait, 10)
        asyncio.get_running_loop().call_later(0.2, committing.may_end.set)
        await asyncio.to_thread(executor.close, 0.05)
        assert late.refused is None, "it waited for what it had given up"
        with pytest.raises(Unavailable) as caught:
            await executor.run(lambda: "too late", Job("r", seconds=60))
        assert caught.value.reason == "shutdown"
        return await asyncio.gather(*calls, return_exceptions=True)

    given_up, done, rejected = asyncio.run(end())

    assert done == "done"
    for error in (given_up, rejected):
        assert isinstance(error, Unavailable)
        assert error.reason == "shutdown"
    assert not waiting.begun.is_set()
    late.may_commit.set()
    until(lambda: late.refused)


def test_the_end_of_the_server_does_not_wait_forever_for_a_commit() -> None:
    executor, committing = Executor("test", threads=1, queue=1, commit_seconds=0.1), Work()
    committing.may_commit.set()

    async def end() -> None:
        call = asyncio.create_task(executor.run(committing, Job("r", seconds=60)))
        await asyncio.to_thread(committing.committing.wait, 10)
        await asyncio.to_thread(executor.close, 0.05)
        with pytest.raises(Unavailable) as caught:
            await call
        assert caught.value.reason == "commit_unknown"

    asyncio.run(end())
    committing.may_end.set()


def test_the_end_of_the_server_answers_what_was_committed_when_its_batch_began() -> None:
    made, first = Job("r", seconds=60), Work()
    executor = Executor("test", threads=1, queue=2, commit_seconds=60, begin_batch=lambda _: made.begin_commit())

    async def end() -> list[str | BaseException]:
        calls = [
            asyncio.create_task(executor.run(first, Job("r", seconds=60), in_batch=True)),
            asyncio.create_task(executor.run(lambda: "made", made, in_batch=True)),
        ]
        await asyncio.to_thread(first.begun.wait, 10)
        await asyncio.to_thread(until, lambda: executor._queue._begun)
        await asyncio.to_thread(executor.close, 0.05)
        return await asyncio.gather(*calls, return_exceptions=True)

    given_up, answered = asyncio.run(end())

    assert answered == "made"
    assert isinstance(given_up, Unavailable)
    first.may_commit.set()
