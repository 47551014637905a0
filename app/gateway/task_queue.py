"""The tasks that wait for a thread, and which of them a thread takes next. The executor's lock guards it."""

import time
from collections import deque
from typing import Any

from app.gateway.executor_tasks import Task

# The most tasks of one batch.
MAX_BATCH = 16
# While this many batches make their round trips, the next batch waits until one of them is done, and grows meanwhile.
# With fewer, the processor would be idle while all of them wait for a server.
BATCHES_AT_ONCE = 4
# A task waits for that no longer than this. The executor looks every two milliseconds, so it may be a little more.
_JOIN_SECONDS = 0.005

Tasks = deque[Task[Any]]


class TaskQueue:
    """Single tasks, tasks that will begin in a batch, and tasks that a thread gave away after their batch had begun."""

    def __init__(self) -> None:
        self._single: Tasks = deque()
        self._batched: Tasks = deque()
        self._begun: Tasks = deque()
        self._beginning = 0

    def add(self, task: Task[Any]) -> None:
        """Add a task that has just come."""
        (self._batched if task.is_batched else self._single).append(task)

    def add_begun(self, tasks: Tasks) -> None:
        """Add tasks that have begun; they come before all others, in their order."""
        self._begun.extendleft(reversed(tasks))

    def batch_has_begun(self) -> None:
        """Note that a batch has begun, so that another one may."""
        self._beginning -= 1

    def remove(self, task: Task[Any]) -> bool:
        """Remove a task; False if it does not wait any more."""
        for tasks in (self._single, self._batched, self._begun):
            if task in tasks:
                tasks.remove(task)
                return True
        return False

    def take_all(self) -> list[Task[Any]]:
        """Remove all tasks and return them."""
        everything = [*self._begun, *self._batched, *self._single]
        for tasks in (self._begun, self._batched, self._single):
            tasks.clear()
        return everything

    def take(self) -> Tasks:
        """Take what a thread does next: a task that has begun, else what has waited longest, a single task or a batch.

        Returns:
            One task, or several that begin together; none if nothing waits, or if no batch may begin yet.
        """
        if self._begun:
            return deque([self._begun.popleft()])
        if not self._may_begin_batch():
            return deque([self._single.popleft()]) if self._single else deque()
        if self._single and self._single[0].since < self._batched[0].since:
            return deque([self._single.popleft()])
        self._beginning += 1
        return deque(self._batched.popleft() for _ in range(min(len(self._batched), MAX_BATCH)))

    def _may_begin_batch(self) -> bool:
        if not self._batched:
            return False
        if self._beginning < BATCHES_AT_ONCE or len(self._batched) >= MAX_BATCH:
            return True
        return time.monotonic() - self._batched[0].since > _JOIN_SECONDS
