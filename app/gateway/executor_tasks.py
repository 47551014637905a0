"""What an executor works on, and its threads, as data; `app.gateway.executors` has the rules."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock, Thread
from typing import Any, Generic, TypeVar

from app.database import jobs
from app.database.jobs import Job
from app.errors import Unavailable
from app.exits import as_error

T = TypeVar("T")
Outcome = tuple[Any, Exception | None]


class Task(Generic[T]):
    """Work that somebody in the event loop waits for.

    Attributes:
        future: gets the outcome; done before that if the task was given up.
        outcome: the result, and the error in its place; None until one of them is known.
        is_late: whether its commit was in progress at the deadline.
        since: when it came, on the monotonic clock.
        is_batched: whether `begin_batch` must be called with the work before it is called.
    """

    __slots__ = ("future", "is_batched", "is_late", "job", "outcome", "since", "work")

    def __init__(self, work: Callable[[], T], job: Job, future: "asyncio.Future[T]", *, is_batched: bool) -> None:
        self.work = work
        self.job = job
        self.future = future
        self.outcome: Outcome | None = None
        self.is_late = False
        self.is_batched = is_batched
        self.since = time.monotonic()

    def end(self, outcome: "Outcome") -> None:
        """Take the outcome, in the event loop; only the first one counts."""
        if self.outcome is None:
            self.outcome = outcome
            if not self.future.done():
                self.tell(outcome)

    def tell(self, outcome: "Outcome") -> None:
        """Give the outcome to the caller, who waits for it."""
        result, error = outcome
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class WorkerThread:
    """A thread of an executor.

    Attributes:
        tasks: what it works on, the first one now; empty while it has nothing to do.
        is_beginning: whether a batch begins on it at this moment.
        keeps_batch_until: when the tasks behind the first one go to other threads, on the monotonic clock.
        wake: released when there is a task, or when the executor closes.
    """

    __slots__ = ("is_beginning", "keeps_batch_until", "tasks", "thread", "wake")

    def __init__(self, name: str, work: "Callable[[WorkerThread], None]") -> None:
        self.tasks: deque[Task[Any]] = deque()
        self.is_beginning = False
        self.keeps_batch_until = 0.0
        self.wake = Lock()
        self.wake.acquire()
        self.thread = Thread(target=work, args=(self,), name=name, daemon=True)

    def assign(self, tasks: deque[Task[Any]]) -> None:
        """Give the thread its next tasks."""
        self.tasks = tasks
        self.is_beginning = tasks[0].is_batched

    def take_rest(self) -> deque[Task[Any]]:
        """Remove the tasks behind the first one, and return them."""
        rest = deque(self.tasks.pop() for _ in range(len(self.tasks) - 1))
        rest.reverse()
        return rest


def outcome_of(work: Callable[[], Any], job: Job) -> Outcome:
    """Do the work of a task, and return its result or its error."""
    jobs.set_current(job)
    try:
        # What was committed when its batch began has only its response left, and that must not be lost.
        if not job.is_committing:
            job.check()
        return work(), None
    except BaseException as error:  # noqa: BLE001 (raised again where the result is awaited)
        return None, as_error(error)
    finally:
        jobs.set_current(None)


def failure(reason: str) -> Outcome:
    """Return the outcome of a task that was given up, or rejected."""
    return None, Unavailable(reason=reason)


def still_running(workers: Sequence[WorkerThread], seconds: float) -> list[tuple[WorkerThread, Task[Any]]]:
    """Wait until these threads of a closed executor have ended, or some seconds; return those that have not."""
    latest = time.monotonic() + seconds
    for worker in workers:
        worker.thread.join(max(0.0, latest - time.monotonic()))
    return [(worker, task) for worker in workers for task in worker.tasks.copy()]
