"""The threads that operations run on, with a bounded queue in front of each executor."""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, wait
from contextlib import suppress
from functools import partial
from threading import Condition, Event, Thread
from typing import Any, TypeVar

from app.database import jobs
from app.database.jobs import Job
from app.errors import Unavailable

T = TypeVar("T")

# What runs when the server ends gets this long; a thread that is stuck even then ends with the process.
_LAST_SECONDS = 3.0


class Executor:
    """Threads that refuse work when too much is waiting, or when work takes too long.

    The threads are daemons, which those of `concurrent.futures` are not: one that waits for a database that never
    answers would keep the process from ending.

    Args:
        name: first part of the threads' names.
        threads: how many work at once; each is started when first needed.
        queue: how many calls may wait besides.
        commit_seconds: how long a commit that is under way at the deadline is waited for.
    """

    def __init__(self, name: str, *, threads: int, queue: int, commit_seconds: float) -> None:
        self._name = name
        self._threads = threads
        self._most = threads + queue
        self._commit_seconds = commit_seconds
        self._started = 0
        self._closed = False
        self._pending: dict[Future[Any], Job] = {}
        self._waiting: OrderedDict[Future[Any], Callable[[], Any]] = OrderedDict()
        self._change = Condition()

    async def run(self, work: Callable[[], T], job: Job) -> T:
        """Run work on a thread and wait for it in the event loop, no longer than to the job's deadline.

        Whoever is told that it was not done is told the truth: the job is given up, and nothing of it commits
        afterwards. What is being committed at the deadline is waited for.

        Raises:
            Unavailable: when the queue is full, the work takes too long, or the server ends.
        """
        future = self.submit(work, job)
        outcome = self._outcome_of(future)
        timer = None
        if job.deadline < math.inf:  # which uvloop cannot wait for
            timer = asyncio.get_running_loop().call_later(job.seconds_left(), self._expire, outcome, future, job)
        try:
            return await outcome
        except asyncio.CancelledError:
            if job.cancel("shutdown"):
                future.cancel()
                raise
            return await self.committed(future)
        finally:
            if timer is not None:
                timer.cancel()
            # An exception's trace holds this frame, and the future the exception: a circle that would keep the request
            # in memory until the garbage is collected. So it would in the functions below.
            del future, outcome, timer

    async def committed(self, future: "Future[T]") -> T:
        """Return what becomes of work whose commit is under way.

        Raises:
            Unavailable: reason `commit_unknown`, when nobody knows in time.
        """
        try:
            async with asyncio.timeout(self._commit_seconds):
                return await self._outcome_of(future)
        except (TimeoutError, asyncio.CancelledError) as error:
            if future.done() and not future.cancelled():
                return future.result()
            raise Unavailable(reason="commit_unknown") from error
        finally:
            del future

    def wait(self, future: "Future[T]", job: Job) -> T:
        """Wait for submitted work on this thread, as `run` does in the event loop, or until the job is given up.

        Raises:
            Unavailable: as of `run`.
        """
        over = Event()
        future.add_done_callback(lambda _: over.set())
        job.on_cancel = over.set
        try:
            over.wait(job.seconds_left())
            if not future.done():
                if job.cancel():
                    future.cancel()
                    raise Unavailable(reason="deadline")
                wait([future], self._commit_seconds)
                if not future.done():
                    raise Unavailable(reason="commit_unknown")
            if future.cancelled():
                raise Unavailable(reason="shutdown")
            return future.result()
        finally:
            del future

    def submit(self, work: Callable[[], T], job: Job) -> "Future[T]":
        """Queue work. To cancel its future frees its place while it waits.

        Raises:
            Unavailable: when the queue is full, or the executor closed.
        """
        future: Future[T] = Future()
        with self._change:
            if self._closed:
                raise Unavailable(reason="shutdown")
            if len(self._pending) >= self._most:
                raise Unavailable(reason="queue_full")
            self._pending[future] = job
            self._waiting[future] = work
            if self._started < min(len(self._pending), self._threads):
                self._started += 1
                Thread(target=self._labour, name=f"{self._name}_{self._started}", daemon=True).start()
            self._change.notify()
        future.add_done_callback(self._forget)
        return future

    def close(self, seconds: float = _LAST_SECONDS) -> None:
        """Drop what waits, let what runs end, and give up whatever takes longer than some seconds.

        What has begun to commit by then is waited for: it may be done.
        """
        with self._change:
            self._closed = True
            waiting = set(self._waiting)
            running = {future: job for future, job in self._pending.items() if future not in waiting}
            self._change.notify_all()
        for future in waiting:
            future.cancel()
        late = wait(running, seconds).not_done
        committing = {future for future in late if not running[future].cancel("shutdown")}
        for future in late - committing:
            _end(future, "shutdown")
        for future in wait(committing, self._commit_seconds).not_done:
            _end(future, "commit_unknown")

    def _outcome_of(self, future: "Future[T]") -> "asyncio.Future[T]":
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()

        def tell(done: "Future[T]") -> None:
            with suppress(RuntimeError):  # the loop is over: nobody waits any more
                loop.call_soon_threadsafe(_settle, outcome, done)

        future.add_done_callback(tell)
        return outcome

    def _expire(self, outcome: "asyncio.Future[Any]", future: "Future[Any]", job: Job) -> None:
        if outcome.done():
            return
        if job.cancel():
            future.cancel()
            outcome.set_exception(Unavailable(reason="deadline"))
        else:
            asyncio.get_running_loop().call_later(self._commit_seconds, partial(_despair, outcome))

    def _labour(self) -> None:
        while (task := self._next()) is not None:
            _do(*task)
            # A thread that waits must not keep the last request in memory.
            del task

    def _next(self) -> tuple[Future[Any], Callable[[], Any], Job] | None:
        with self._change:
            while not self._waiting:
                if self._closed:
                    return None
                self._change.wait()
            future, work = self._waiting.popitem(last=False)
            return future, work, self._pending[future]

    def _forget(self, future: Future[Any]) -> None:
        with self._change:
            self._pending.pop(future, None)
            self._waiting.pop(future, None)


def _do(future: Future[Any], work: Callable[[], Any], job: Job) -> None:
    if not future.set_running_or_notify_cancel():
        return
    jobs.set_current(job)
    # A closed executor has given up what comes too late.
    with suppress(InvalidStateError):
        try:
            job.check()
            result = work()
        except BaseException as error:  # noqa: BLE001 (raised again where it is waited for)
            future.set_exception(error)
        else:
            future.set_result(result)
    jobs.set_current(None)
    del future


def _settle(outcome: "asyncio.Future[Any]", done: "Future[Any]") -> None:
    if outcome.done():
        return
    if done.cancelled():
        outcome.cancel()
    elif (error := done.exception()) is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(done.result())


def _despair(outcome: "asyncio.Future[Any]") -> None:
    if not outcome.done():
        outcome.set_exception(Unavailable(reason="commit_unknown"))


def _end(future: Future[Any], reason: str) -> None:
    with suppress(InvalidStateError):
        future.set_exception(Unavailable(reason=reason))
