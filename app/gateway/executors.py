"""The threads that operations run on, with a bounded queue in front of each executor."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, wait
from contextlib import suppress
from threading import Condition, Thread
from typing import Any, TypeVar

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
        seconds: a caller waits no longer than this; the thread finishes for itself.
    """

    def __init__(self, name: str, *, threads: int, queue: int, seconds: float) -> None:
        self._name = name
        self._threads = threads
        self._most = threads + queue
        self._seconds = seconds
        self._started = 0
        self._closed = False
        self._pending: set[Future[Any]] = set()
        self._waiting: OrderedDict[Future[Any], Callable[[], Any]] = OrderedDict()
        self._change = Condition()

    async def run(self, work: Callable[[], T]) -> T:
        """Run work on a thread and wait for it in the event loop.

        Raises:
            Unavailable: when the queue is full, the work takes too long, or the server ends.
        """
        future = asyncio.wrap_future(self.submit(work))
        try:
            async with asyncio.timeout(self._seconds):
                return await future
        except TimeoutError as error:
            raise Unavailable(reason="deadline") from error
        finally:
            # An exception's trace holds this frame, and the future the exception: a circle that would keep the request
            # in memory until the garbage is collected. So it would in the two functions below.
            del future

    def wait(self, work: Callable[[], T]) -> T:
        """Run work on a thread and wait for it on this one.

        Raises:
            Unavailable: as of `run`.
        """
        future = self.submit(work)
        try:
            wait([future], self._seconds)
            if future.done() and not future.cancelled():
                return future.result()
            future.cancel()
            raise Unavailable(reason="deadline")
        finally:
            del future

    def submit(self, work: Callable[[], T]) -> "Future[T]":
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
            self._pending.add(future)
            self._waiting[future] = work
            if self._started < min(len(self._pending), self._threads):
                self._started += 1
                Thread(target=self._labour, name=f"{self._name}_{self._started}", daemon=True).start()
            self._change.notify()
        future.add_done_callback(self._forget)
        return future

    def close(self, seconds: float = _LAST_SECONDS) -> None:
        """Drop what waits, let what runs end, and give up whatever takes longer than some seconds."""
        with self._change:
            self._closed = True
            waiting = set(self._waiting)
            running = self._pending - waiting
            self._change.notify_all()
        for future in waiting:
            future.cancel()
        for future in wait(running, seconds).not_done:
            with suppress(InvalidStateError):
                future.set_exception(Unavailable(reason="shutdown"))

    def _labour(self) -> None:
        while (task := self._next()) is not None:
            _do(*task)
            # A thread that waits must not keep the last request in memory.
            del task

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        with self._change:
            while not self._waiting:
                if self._closed:
                    return None
                self._change.wait()
            return self._waiting.popitem(last=False)

    def _forget(self, future: Future[Any]) -> None:
        with self._change:
            self._pending.discard(future)
            self._waiting.pop(future, None)


def _do(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    # A closed executor has given up what comes too late.
    with suppress(InvalidStateError):
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 (raised again where it is waited for)
            future.set_exception(error)
        else:
            future.set_result(result)
    del future
