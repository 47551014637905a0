"""The threads that operations run on, with a bounded queue in front of each executor.

The event loop counts, queues and gives up; a thread only works, and hands back what came of it. One lock is enough.

A thread may take a batch of tasks. It calls `begin_batch` once for all of them, and then the work of each, one after
another. Tasks of the batch that still wait after `_KEEP_SECONDS` go to other threads.

`app.gateway.task_queue` decides how large a batch is, and how long a task waits for others to join its batch.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any, TypeVar

from app.database.jobs import Job
from app.errors import Unavailable
from app.gateway.executor_tasks import Outcome, Task, WorkerThread, failure, outcome_of, still_running
from app.gateway.task_queue import TaskQueue

T = TypeVar("T")

_CLOSE_SECONDS = 3.0  # a thread that is stuck even then ends with the process
# A thread keeps the tasks of its batch to itself for this time: to wake other threads would cost more than the thread
# can do meanwhile. The event loop looks at the batches, and at the tasks that wait for a batch, in the same interval.
_KEEP_SECONDS = 0.002


class Executor:
    """Threads that reject work when too much is waiting, or when work takes too long.

    It serves one event loop. The threads are daemons, unlike those of `concurrent.futures`: a thread that waits for a
    database that never responds would otherwise keep the process from ending.

    Args:
        name: first part of the threads' names.
        threads: how many work at once; each is started when it is first needed.
        queue: how many more tasks may wait.
        commit_seconds: how long to wait for a commit that is in progress at the deadline.
        begin_batch: called with the works of a batch before each of them is called; it raises nothing.
    """

    def __init__(
        self,
        name: str,
        *,
        threads: int,
        queue: int,
        commit_seconds: float,
        begin_batch: Callable[[list[Any]], None] | None = None,
    ) -> None:
        self._name = name
        self._begin_batch = begin_batch
        self._threads = threads
        self._capacity = threads + queue
        self._commit_seconds = commit_seconds
        # Of the event loop and the threads, guarded by the lock.
        self._lock = Lock()
        self._queue = TaskQueue()
        self._workers: list[WorkerThread] = []
        self._idle: list[WorkerThread] = []
        self._closed = False
        # From the threads to the event loop: one wake-up may bring many outcomes.
        self._outcomes: deque[tuple[Task[Any], Outcome]] = deque()
        self._is_loop_woken = False
        # Of the event loop alone.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._will_wake = False
        self._tasks: set[Task[Any]] = set()
        self._next_deadline = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._will_check_batches = False

    async def run(self, work: Callable[[], T], job: Job, *, in_batch: bool = False) -> T:
        """Run work on a thread and wait for it, until the job's deadline at most.

        When this raises Unavailable for a deadline, the job is given up and nothing of it commits afterwards. A commit
        that is in progress at the deadline is waited for.

        Args:
            in_batch: call `begin_batch` with this work and others that wait at that time, and then this work.

        Raises:
            Unavailable: when the queue is full, the work takes too long, or the server ends.
        """
        task = self._submit(work, job, is_batched=in_batch)
        try:
            return await task.future
        except asyncio.CancelledError:
            if job.cancel("shutdown"):
                self._withdraw(task)
                raise
            return await self._committed(task)
        finally:
            # An exception's trace holds this frame, and the task holds the exception: a circle that would keep the
            # request in memory until garbage collection. The same goes for the functions below.
            del task

    def close(self, seconds: float = _CLOSE_SECONDS) -> None:
        """Reject work that waits, let running work end, and give up work that takes longer than some seconds.

        A commit that has begun by then is waited for: it may succeed. Call this on a thread, so that the event loop can
        still send responses.
        """
        with self._lock:
            self._closed = True
            waiting = self._queue.take_all()
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.wake.release()
        for task in waiting:
            # What was committed when its batch began has only its response left.
            rejected = task.job.cancel("shutdown")
            self._hand_back(task, failure("shutdown") if rejected else outcome_of(task.work, task.job))
        committing = []
        for worker, task in still_running(self._workers, seconds):
            if task.job.cancel("shutdown"):
                self._hand_back(task, failure("shutdown"))
            else:
                committing.append(worker)
        for _, task in still_running(committing, self._commit_seconds):
            self._hand_back(task, failure("commit_unknown"))

    # In the event loop.

    def _submit(self, work: Callable[[], T], job: Job, *, is_batched: bool) -> Task[T]:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._next_deadline, self._timer = loop, math.inf, None
            self._will_wake = self._is_loop_woken = self._will_check_batches = False
        if len(self._tasks) >= self._capacity:
            raise Unavailable(reason="queue_full")
        task = Task(work, job, loop.create_future(), is_batched=is_batched)
        with self._lock:
            if self._closed:
                raise Unavailable(reason="shutdown")
            self._queue.add(task)
        if not self._will_wake:
            self._will_wake = True
            loop.call_soon(self._wake_workers)
        self._tasks.add(task)
        if job.deadline < self._next_deadline:
            self._set_timer(job.seconds_left())
        return task

    def _wake_workers(self) -> None:
        """Have threads take what waits.

        The event loop does so when it has read all requests that are there: it is then about to wait and to let go of
        the interpreter. A thread that is woken before only waits once more, for the interpreter.
        """
        self._will_wake = False
        with self._lock:
            self._give_out()
        if self._begin_batch is not None and len(self._tasks) > 1 and not self._will_check_batches:
            self._will_check_batches = True
            asyncio.get_running_loop().call_later(_KEEP_SECONDS, self._check_batches)

    def _check_batches(self) -> None:
        """Give tasks that a thread has kept for long enough to other threads, and begin the batches that are due."""
        self._will_check_batches = len(self._tasks) > 1
        for worker in self._workers:
            if len(worker.tasks) > 1 and time.monotonic() > worker.keeps_batch_until:
                self._give_rest_away(worker)
        with self._lock:
            self._give_out()
        if self._will_check_batches:
            asyncio.get_running_loop().call_later(_KEEP_SECONDS, self._check_batches)

    def _receive_outcomes(self) -> None:
        self._is_loop_woken = False
        while self._outcomes:
            task, outcome = self._outcomes.popleft()
            self._tasks.discard(task)
            task.end(outcome)

    def _give_up_late_tasks(self) -> None:
        """Give up every task that is late, and set the timer to the next deadline: all tasks share one timer."""
        next_in = math.inf
        for task in [task for task in self._tasks if not (task.is_late or task.future.done())]:
            if (seconds := task.job.seconds_left()) > 0:
                next_in = min(next_in, seconds)
            elif task.job.cancel():
                self._withdraw(task)
                task.future.set_exception(Unavailable(reason="deadline"))
            else:
                self._limit_commit(task)
        self._set_timer(next_in)

    def _set_timer(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next_deadline = time.monotonic() + seconds
        later = asyncio.get_running_loop().call_later
        # uvloop cannot wait forever.
        self._timer = later(seconds, self._give_up_late_tasks) if seconds < math.inf else None

    def _withdraw(self, task: Task[Any]) -> None:
        """Take a task that was given up out of the queue; one that has begun keeps its place until its thread ends."""
        with self._lock:
            if self._queue.remove(task):
                self._tasks.discard(task)

    def _limit_commit(self, task: Task[Any]) -> None:
        """Wait for the outcome of a commit that is in progress, but not forever."""
        task.is_late = True
        asyncio.get_running_loop().call_later(self._commit_seconds, task.end, failure("commit_unknown"))

    async def _committed(self, task: Task[T]) -> T:
        """Return the result of a task that was cancelled while its commit was in progress."""
        try:
            task.future = asyncio.get_running_loop().create_future()
            if task.outcome is None:
                self._limit_commit(task)
            else:
                task.tell(task.outcome)
            return await task.future
        except asyncio.CancelledError as error:
            raise Unavailable(reason="commit_unknown") from error
        finally:
            del task

    # On the threads.

    def _work(self, worker: WorkerThread) -> None:
        while worker.tasks:
            if worker.is_beginning:
                self._begin(worker)
            while worker.tasks:
                task = worker.tasks[0]
                self._hand_back(task, outcome_of(task.work, task.job))
                del task
                with self._lock:
                    worker.tasks.popleft()
            self._take_next(worker)

    def _begin(self, worker: WorkerThread) -> None:
        tasks = tuple(worker.tasks)
        assert self._begin_batch is not None
        self._begin_batch([task.work for task in tasks])
        with self._lock:
            for task in tasks:
                task.is_batched = False
            worker.is_beginning = False
            worker.keeps_batch_until = time.monotonic() + _KEEP_SECONDS
            self._queue.batch_has_begun()
            self._give_out()

    def _give_rest_away(self, worker: WorkerThread) -> None:
        """Give the tasks that wait behind the first one of a batch to other threads; they need not begin again."""
        with self._lock:
            if not (worker.is_beginning or self._closed):
                self._queue.add_begun(worker.take_rest())
                self._give_out()

    def _take_next(self, worker: WorkerThread) -> None:
        with self._lock:
            if tasks := self._queue.take():
                worker.assign(tasks)
                return
            if self._closed:
                return
            self._idle.append(worker)
        worker.wake.acquire()

    # With the lock.

    def _give_out(self) -> None:
        while self._idle and (tasks := self._queue.take()):
            worker = self._idle.pop()  # the one that worked last
            worker.assign(tasks)
            worker.wake.release()
        while len(self._workers) < self._threads and (tasks := self._queue.take()):
            worker = WorkerThread(f"{self._name}_{len(self._workers) + 1}", self._work)
            worker.assign(tasks)
            worker.thread.start()
            self._workers.append(worker)

    def _hand_back(self, task: Task[Any], outcome: Outcome) -> None:
        self._outcomes.append((task, outcome))
        if not self._is_loop_woken:
            self._is_loop_woken = True
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                assert self._loop is not None
                self._loop.call_soon_threadsafe(self._receive_outcomes)
