"""What a thread takes next of what waits."""

import asyncio
from collections.abc import Callable
from typing import Any

from app.database.jobs import Job
from app.gateway.executor_tasks import Task
from app.gateway.task_queue import BATCHES_AT_ONCE, MAX_BATCH, TaskQueue


def with_tasks(check: Callable[[TaskQueue, Callable[..., Task[Any]]], None]) -> None:
    """Run a check in an event loop, which the futures of tasks need."""

    async def run() -> None:
        queue, numbers = TaskQueue(), iter(range(1000))

        def add(*, batched: bool = True) -> Task[Any]:
            task = Task(lambda: None, Job("r"), asyncio.get_running_loop().create_future(), is_batched=batched)
            task.since -= 0.001 * (1000 - next(numbers)) / 1000  # in the order in which they come, and just now
            queue.add(task)
            return task

        check(queue, add)

    asyncio.run(run())


def test_batched_tasks_are_taken_together_and_others_alone() -> None:
    def check(queue: TaskQueue, add: Callable[..., Task[Any]]) -> None:
        first, single, second = add(), add(batched=False), add()
        assert [list(queue.take()) for _ in range(3)] == [[first, second], [single], []]

    with_tasks(check)


def test_what_waits_longest_comes_first() -> None:
    def check(queue: TaskQueue, add: Callable[..., Task[Any]]) -> None:
        single, batched = add(batched=False), add()
        assert [list(queue.take()) for _ in range(2)] == [[single], [batched]]

    with_tasks(check)


def test_what_has_begun_comes_before_all_others() -> None:
    def check(queue: TaskQueue, add: Callable[..., Task[Any]]) -> None:
        add(), add()
        begun = queue.take()
        waiting = add()
        queue.add_begun(begun)
        assert [list(queue.take()) for _ in range(3)] == [[begun[0]], [begun[1]], [waiting]]

    with_tasks(check)


def begin_all(queue: TaskQueue, add: Callable[..., Task[Any]]) -> None:
    for _ in range(BATCHES_AT_ONCE):
        add()
        assert queue.take()


def test_while_enough_batches_begin_the_next_batch_waits_and_single_tasks_do_not() -> None:
    def check(queue: TaskQueue, add: Callable[..., Task[Any]]) -> None:
        begin_all(queue, add)
        first, single = add(), add(batched=False)
        assert list(queue.take()) == [single]
        assert not queue.take()
        second = add()
        queue.batch_has_begun()
        assert list(queue.take()) == [first, second]

    with_tasks(check)


def test_a_full_batch_begins_however_many_batches_begin() -> None:
    def check(queue: TaskQueue, add: Callable[..., Task[Any]]) -> None:
        begin_all(queue, add)
        full = [add() for _ in range(MAX_BATCH)]
        one_more = add()
        assert list(queue.take()) == full
        assert not queue.take()
        assert queue.remove(one_more)

    with_tasks(check)


def test_a_task_that_has_waited_long_enough_begins_alone() -> None:
    def check(queue: TaskQueue, add: Callable[..., Task[Any]]) -> None:
        begin_all(queue, add)
        lonely = add()
        assert not queue.take()
        lonely.since -= 1
        assert list(queue.take()) == [lonely]

    with_tasks(check)


def test_a_task_is_removed_wherever_it_waits_and_once() -> None:
    def check(queue: TaskQueue, add: Callable[..., Task[Any]]) -> None:
        begun = add()
        queue.add_begun(queue.take())
        batched, single = add(), add(batched=False)
        for task in (begun, batched, single):
            assert queue.remove(task)
            assert not queue.remove(task)
        assert queue.take_all() == []

    with_tasks(check)


def test_take_all_removes_every_task_in_whatever_state() -> None:
    def check(queue: TaskQueue, add: Callable[..., Task[Any]]) -> None:
        begun = add()
        queue.add_begun(queue.take())
        batched, single = add(), add(batched=False)
        assert queue.take_all() == [begun, batched, single]
        assert not queue.take()

    with_tasks(check)
