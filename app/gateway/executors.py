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
from app.exits import as_error

T = TypeVar("T")

# Work that runs when the server ends gets this long; a thread that is stuck even then ends with the process.
_CLOSE_SECONDS = 3.0


class Executor:
    """Threads that reject work when too much is waiting, or when work takes too long.

    The threads are daemons, unlike those of `concurrent.futures`: a thread that waits for a database that never
    responds would otherwise keep the process from ending.

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
        self._started = 0
        self._closed = False
        self._pending: dict[Future[Any], Job] = {}
        self._waiting: OrderedDict[Future[Any], Callable[[], Any]] = OrderedDict()
        self._changed = Condition()

    async def run(self, work: Callable[[], T], job: Job) -> T:
        """Run work on a thread and wait for it in the event loop, until the job's deadline at most.

        When this raises Unavailable for a deadline, the job is given up and nothing of it commits afterwards. A commit
        that is in progress at the deadline is waited for.

        Raises:
            Unavailable: when the queue is full, the work takes too long, or the server ends.
        """
        future = self.submit(work, job)
        result_future = self._result_in_loop(future)
        timer = None
        if job.deadline < math.inf:  # which uvloop cannot wait for
            timer = asyncio.get_running_loop().call_later(job.seconds_left(), self._expire, result_future, future, job)
        try:
            return await result_future
        except asyncio.CancelledError:
            if job.cancel("shutdown"):
                future.cancel()
                raise
            return await self.committed(future)
        finally:
            if timer is not None:
                timer.cancel()
            # An exception's trace holds this frame, and the future holds the exception: a circle that would keep the
            # request in memory until garbage collection. The same goes for the functions below.
            del future, result_future, timer

    async def committed(self, future: "Future[T]") -> T:
        """Return the result of work whose commit is in progress.

        Raises:
            Unavailable: reason `commit_unknown`, when it is not known in time.
        """
        try:
            async with asyncio.timeout(self._commit_seconds):
                return await self._result_in_loop(future)
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
        """Queue work. Cancelling its future while it waits frees its place.

        Raises:
            Unavailable: when the queue is full, or the executor closed.
        """
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                raise Unavailable(reason="shutdown")
            if len(self._pending) >= self._capacity:
                raise Unavailable(reason="queue_full")
            self._pending[future] = job
            self._waiting[future] = work
            if self._started < min(len(self._pending), self._threads):
                self._started += 1
                Thread(target=self._work, name=f"{self._name}_{self._started}", daemon=True).start()
            self._changed.notify()
        future.add_done_callback(self._forget)
        return future

    def close(self, seconds: float = _CLOSE_SECONDS) -> None:
        """Drop work that waits, let running work end, and give up work that takes longer than some seconds.

        A commit that has begun by then is waited for: it may succeed.
        """
        with self._changed:
            self._closed = True
            waiting = set(self._waiting)
            running = {future: job for future, job in self._pending.items() if future not in waiting}
            self._changed.notify_all()
        for future in waiting:
            future.cancel()
        late = wait(running, seconds).not_done
        committing = {future for future in late if not running[future].cancel("shutdown")}
        for future in late - committing:
            _fail(future, "shutdown")
        for future in wait(committing, self._commit_seconds).not_done:
            _fail(future, "commit_unknown")

    def _result_in_loop(self, future: "Future[T]") -> "asyncio.Future[T]":
        loop = asyncio.get_running_loop()
        result_future: asyncio.Future[T] = loop.create_future()

        def copy_later(done: "Future[T]") -> None:
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                loop.call_soon_threadsafe(_copy_result, result_future, done)

        future.add_done_callback(copy_later)
        return result_future

    def _expire(self, result_future: "asyncio.Future[Any]", future: "Future[Any]", job: Job) -> None:
        if result_future.done():
            return
        if job.cancel():
            future.cancel()
            result_future.set_exception(Unavailable(reason="deadline"))
        else:
            asyncio.get_running_loop().call_later(self._commit_seconds, partial(_fail_as_unknown, result_future))

    def _work(self) -> None:
        while (task := self._next()) is not None:
            _run_task(*task)
            # A waiting thread must not keep the last request in memory.
            del task

    def _next(self) -> tuple[Future[Any], Callable[[], Any], Job] | None:
        with self._changed:
            while not self._waiting:
                if self._closed:
                    return None
                self._changed.wait()
            future, work = self._waiting.popitem(last=False)
            return future, work, self._pending[future]

    def _forget(self, future: Future[Any]) -> None:
        with self._changed:
            self._pending.pop(future, None)
            self._waiting.pop(future, None)


def _run_task(future: Future[Any], work: Callable[[], Any], job: Job) -> None:
    if not future.set_running_or_notify_cancel():
        return
    jobs.set_current(job)
    # A closed executor has already failed the future of work that ends too late.
    with suppress(InvalidStateError):
        try:
            job.check()
            result = work()
        except BaseException as error:  # noqa: BLE001 (raised again where the result is awaited)
            future.set_exception(as_error(error))
        else:
            future.set_result(result)
    jobs.set_current(None)
    del future


def _copy_result(result_future: "asyncio.Future[Any]", done: "Future[Any]") -> None:
    if result_future.done():
        return
    if done.cancelled():
        result_future.cancel()
    elif (error := done.exception()) is not None:
        result_future.set_exception(error)
    else:
        result_future.set_result(done.result())


def _fail_as_unknown(result_future: "asyncio.Future[Any]") -> None:
    if not result_future.done():
        result_future.set_exception(Unavailable(reason="commit_unknown"))


def _fail(future: Future[Any], reason: str) -> None:
    with suppress(InvalidStateError):
        future.set_exception(Unavailable(reason=reason))
