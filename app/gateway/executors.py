"""The threads that operations run on, with a bounded queue in front of each executor.

The event loop counts, queues and gives up; a thread only works, and hands back what came of it. So one lock is enough:
for the moment in which a call meets a thread.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock, Thread
from typing import Any, Generic, TypeVar

from app.database import jobs
from app.database.jobs import Job
from app.errors import Unavailable
from app.exits import as_error

T = TypeVar("T")
_Outcome = tuple[Any, Exception | None]

# Work that runs when the server ends gets this long; a thread that is stuck even then ends with the process.
_CLOSE_SECONDS = 3.0


class _Call(Generic[T]):
    """Work that somebody in the event loop waits for.

    Attributes:
        future: gets the outcome; done before that if the call was given up.
        outcome: the result, and the error in its place; None until one of them is known.
        is_late: whether its commit was in progress at the deadline.
    """

    __slots__ = ("future", "is_late", "job", "outcome", "work")

    def __init__(self, work: Callable[[], T], job: Job, future: "asyncio.Future[T]") -> None:
        self.work = work
        self.job = job
        self.future = future
        self.outcome: _Outcome | None = None
        self.is_late = False

    def end(self, outcome: "_Outcome") -> None:
        """Take the outcome, in the event loop; only the first one counts."""
        if self.outcome is None:
            self.outcome = outcome
            if not self.future.done():
                self.tell(outcome)

    def tell(self, outcome: "_Outcome") -> None:
        """Give the outcome to the caller, who waits for it."""
        result, error = outcome
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class _Worker:
    """A thread of an executor.

    Attributes:
        call: what it works on, or is to work on next; None while it has nothing to do.
        wake: released when there is a call, or when the executor closes.
    """

    __slots__ = ("call", "thread", "wake")

    def __init__(self, name: str, work: "Callable[[_Worker], None]", call: _Call[Any]) -> None:
        self.call: _Call[Any] | None = call
        self.wake = Lock()
        self.wake.acquire()
        self.thread = Thread(target=work, args=(self,), name=name, daemon=True)


class Executor:
    """Threads that reject work when too much is waiting, or when work takes too long.

    It serves one event loop. The threads are daemons, unlike those of `concurrent.futures`: a thread that waits for a
    database that never responds would otherwise keep the process from ending.

    Args:
        name: first part of the threads' names.
        threads: how many work at once; each is started when it is first needed.
        queue: how many more calls may wait.
        commit_seconds: how long to wait for a commit that is in progress at the deadline.
    """

    def __init__(self, name: str, *, threads: int, queue: int, commit_seconds: float) -> None:
        self._name = name
        self._threads = threads
        self._capacity = threads + queue
        self._commit_seconds = commit_seconds
        # Of the event loop and the threads, guarded by the lock.
        self._lock = Lock()
        self._waiting: deque[_Call[Any]] = deque()
        self._workers: list[_Worker] = []
        self._idle: list[_Worker] = []
        self._closed = False
        # From the threads to the event loop: one wake-up may bring many outcomes.
        self._outcomes: deque[tuple[_Call[Any], _Outcome]] = deque()
        self._is_loop_woken = False
        # Of the event loop alone.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._will_wake = False
        self._calls: set[_Call[Any]] = set()
        self._next_deadline = math.inf
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, work: Callable[[], T], job: Job) -> T:
        """Run work on a thread and wait for it, until the job's deadline at most.

        When this raises Unavailable for a deadline, the job is given up and nothing of it commits afterwards. A commit
        that is in progress at the deadline is waited for.

        Raises:
            Unavailable: when the queue is full, the work takes too long, or the server ends.
        """
        call = self._submit(work, job)
        try:
            return await call.future
        except asyncio.CancelledError:
            if job.cancel("shutdown"):
                self._withdraw(call)
                raise
            return await self._committed(call)
        finally:
            # An exception's trace holds this frame, and the call holds the exception: a circle that would keep the
            # request in memory until garbage collection. The same goes for the functions below.
            del call

    def close(self, seconds: float = _CLOSE_SECONDS) -> None:
        """Reject work that waits, let running work end, and give up work that takes longer than some seconds.

        A commit that has begun by then is waited for: it may succeed. Call this on a thread, so that the event loop can
        still send responses.
        """
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, deque()
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.wake.release()
        for call in waiting:
            self._hand_back(call, _failure("shutdown"))
        committing = []
        for worker, call in _still_running(self._workers, seconds):
            if call.job.cancel("shutdown"):
                self._hand_back(call, _failure("shutdown"))
            else:
                committing.append(worker)
        for _, call in _still_running(committing, self._commit_seconds):
            self._hand_back(call, _failure("commit_unknown"))

    # In the event loop.

    def _submit(self, work: Callable[[], T], job: Job) -> _Call[T]:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._next_deadline, self._timer = loop, math.inf, None
            self._will_wake = self._is_loop_woken = False
        if len(self._calls) >= self._capacity:
            raise Unavailable(reason="queue_full")
        call = _Call(work, job, loop.create_future())
        with self._lock:
            if self._closed:
                raise Unavailable(reason="shutdown")
            self._waiting.append(call)
        if not self._will_wake:
            self._will_wake = True
            loop.call_soon(self._wake_workers)
        self._calls.add(call)
        if job.deadline < self._next_deadline:
            self._come_again(job.seconds_left())
        return call

    def _wake_workers(self) -> None:
        """Have threads take what waits.

        The event loop does so when it has read all requests that are there: it is then about to wait and to let go of
        the interpreter. A thread that is woken before only waits once more, for the interpreter.
        """
        self._will_wake = False
        with self._lock:
            while self._waiting and self._idle:
                worker = self._idle.pop()  # the one that worked last
                worker.call = self._waiting.popleft()
                worker.wake.release()
            while self._waiting and len(self._workers) < self._threads:
                worker = _Worker(f"{self._name}_{len(self._workers) + 1}", self._work, self._waiting[0])
                worker.thread.start()
                self._waiting.popleft()
                self._workers.append(worker)

    def _receive_outcomes(self) -> None:
        self._is_loop_woken = False
        while self._outcomes:
            call, outcome = self._outcomes.popleft()
            self._calls.discard(call)
            call.end(outcome)

    def _give_up_late_calls(self) -> None:
        """Give up every call that is late, and come again at the next deadline: all calls share one timer."""
        next_in = math.inf
        for call in [call for call in self._calls if not (call.is_late or call.future.done())]:
            if (seconds := call.job.seconds_left()) > 0:
                next_in = min(next_in, seconds)
            elif call.job.cancel():
                self._withdraw(call)
                call.future.set_exception(Unavailable(reason="deadline"))
            else:
                self._limit_commit(call)
        self._come_again(next_in)

    def _come_again(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next_deadline = time.monotonic() + seconds
        later = asyncio.get_running_loop().call_later
        # uvloop cannot wait forever.
        self._timer = later(seconds, self._give_up_late_calls) if seconds < math.inf else None

    def _withdraw(self, call: _Call[Any]) -> None:
        """Take a call that was given up out of the queue; one that has begun keeps its place until its thread ends."""
        with self._lock:
            if call in self._waiting:
                self._waiting.remove(call)
                self._calls.discard(call)

    def _limit_commit(self, call: _Call[Any]) -> None:
        """Wait for the outcome of a commit that is in progress, but not forever."""
        call.is_late = True
        asyncio.get_running_loop().call_later(self._commit_seconds, call.end, _failure("commit_unknown"))

    async def _committed(self, call: _Call[T]) -> T:
        """Return the result of a call that was cancelled while its commit was in progress."""
        try:
            call.future = asyncio.get_running_loop().create_future()
            if call.outcome is None:
                self._limit_commit(call)
            else:
                call.tell(call.outcome)
            return await call.future
        except asyncio.CancelledError as error:
            raise Unavailable(reason="commit_unknown") from error
        finally:
            del call

    # On the threads.

    def _work(self, worker: _Worker) -> None:
        while worker.call is not None:
            self._hand_back(worker.call, _outcome(worker.call.work, worker.call.job))
            self._take_next(worker)

    def _take_next(self, worker: _Worker) -> None:
        with self._lock:
            if self._waiting:
                worker.call = self._waiting.popleft()
                return
            worker.call = None
            if self._closed:
                return
            self._idle.append(worker)
        worker.wake.acquire()

    def _hand_back(self, call: _Call[Any], outcome: _Outcome) -> None:
        self._outcomes.append((call, outcome))
        if not self._is_loop_woken:
            self._is_loop_woken = True
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                assert self._loop is not None
                self._loop.call_soon_threadsafe(self._receive_outcomes)


def _still_running(workers: Sequence[_Worker], seconds: float) -> list[tuple[_Worker, _Call[Any]]]:
    """Wait until these threads of a closed executor have ended, or some seconds; return those that have not."""
    latest = time.monotonic() + seconds
    for worker in workers:
        worker.thread.join(max(0.0, latest - time.monotonic()))
    return [(worker, call) for worker in workers if (call := worker.call) is not None]


def _outcome(work: Callable[[], Any], job: Job) -> _Outcome:
    """Do the work of a call, and return its result or its error."""
    jobs.set_current(job)
    try:
        job.check()
        return work(), None
    except BaseException as error:  # noqa: BLE001 (raised again where the result is awaited)
        return None, as_error(error)
    finally:
        jobs.set_current(None)


def _failure(reason: str) -> _Outcome:
    return None, Unavailable(reason=reason)
