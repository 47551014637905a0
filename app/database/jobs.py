"""Jobs: what a thread works on, and its deadline. After the deadline no statement starts and nothing commits.

The event loop sends the response of a request, and a thread does its work. Both can decide how the request ends, so one
object knows who was first: the thread that starts the COMMIT, or the code that sends 503 instead.
"""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import Unavailable

# What a background task has in the place of the id of a request.
BACKGROUND = "maintenance"


class Job:
    """One request or one background task, for the thread that works on it.

    Attributes:
        request_id: the id of the request; a background task has a fixed word.
        operation_id: the operation, or the name of the task; None if there is none.
        deadline: when it must be finished, on the monotonic clock.
    """

    __slots__ = ("_committing", "_lock", "_reason", "deadline", "operation_id", "request_id")

    def __init__(self, request_id: str, operation_id: str | None = None, *, seconds: float = math.inf) -> None:
        self.request_id = request_id
        self.operation_id = operation_id
        self.deadline = time.monotonic() + seconds
        self._reason: str | None = None
        self._committing = False
        self._lock = threading.Lock()

    @property
    def is_committing(self) -> bool:
        """Whether a COMMIT has been sent, and has not failed."""
        return self._committing

    def restart(self, seconds: float) -> None:
        """Set the deadline to this many seconds from now; only before a thread has started."""
        self.deadline = time.monotonic() + seconds

    def seconds_left(self) -> float:
        """Return the seconds until the deadline, 0 after it."""
        return max(0.0, self.deadline - time.monotonic())

    def check(self) -> None:
        """Raise an error if the job must not go on.

        Raises:
            Unavailable: reason `deadline`, or the reason of `cancel`.
        """
        if self._reason is not None or time.monotonic() >= self.deadline:
            raise Unavailable(reason=self._reason or "deadline")

    def cancel(self, reason: str = "deadline") -> bool:
        """Make sure that nothing more of the job is committed, and return True.

        Return False if a COMMIT has been sent; then the caller must wait for its outcome.

        Args:
            reason: `deadline`, or `shutdown`.
        """
        with self._lock:
            if self._committing:
                return False
            self._reason = self._reason or reason
        return True

    def begin_commit(self) -> None:
        """Note that the job is about to be committed; from now on it cannot be cancelled.

        Raises:
            Unavailable: as in `check`.
        """
        with self._lock:
            self.check()
            self._committing = True

    def commit_failed(self) -> None:
        """Note that the server has rolled back: the job can be cancelled again."""
        self._committing = False


class RepeatedJob(Job):
    """Work that may commit several times, and whose outcome nobody waits for, such as a chore.

    What it has committed stays. Once it is cancelled, nothing more of it starts or commits.
    """

    __slots__ = ()

    def cancel(self, reason: str = "deadline") -> bool:
        """Make sure that nothing more is committed, but for a COMMIT that has been sent; return True."""
        with self._lock:
            self._reason = self._reason or reason
        return True


class _Thread(threading.local):
    job: Job | None = None
    extra_until: float = -math.inf


_thread = _Thread()


def current() -> Job | None:
    """Return the job of this thread; None outside requests and background tasks."""
    return _thread.job


def set_current(job: Job | None) -> None:
    """Set the job of this thread; None removes it."""
    _thread.job = job


def check() -> None:
    """Raise an error if the job of this thread must not go on.

    Raises:
        Unavailable: as in `Job.check`.
    """
    job = _thread.job
    if job is not None and time.monotonic() >= _thread.extra_until:
        job.check()


def statement_deadline() -> float:
    """Return when a statement of this thread must have ended, on the monotonic clock."""
    job = _thread.job
    return math.inf if job is None else max(job.deadline, _thread.extra_until)


def effective_deadline(deadline: float | None, usual: float | None, minimum: float) -> tuple[float | None, bool]:
    """Return the deadline of the next statement of this thread, and whether it is that of the job.

    Args:
        deadline: that of the enclosing block; None: there is none.
        usual: seconds that a statement may take outside such a block; None: no limit.
        minimum: seconds that the statement gets even if the deadline of the job is earlier.
    """
    job = _thread.job
    if job is None or job.deadline == math.inf:
        return deadline, False
    now = time.monotonic()
    latest = max(statement_deadline(), now + minimum)
    others = deadline if deadline is not None else math.inf if usual is None else now + usual
    return (latest, True) if latest < others else (deadline, False)


def begin_commit() -> None:
    """Note that the job of this thread is about to be committed.

    Raises:
        Unavailable: as in `Job.begin_commit`.
    """
    if _thread.job is not None:
        _thread.job.begin_commit()


def commit_failed() -> None:
    """Note that the server has rolled back the transaction of this thread's job."""
    if _thread.job is not None:
        _thread.job.commit_failed()


@contextmanager
def extra_time(seconds: float) -> Iterator[None]:
    """Allow statements in the block for some seconds, although the deadline has passed or is near.

    Use it for rows that record what happened to a request, and for hooks after a commit.
    """
    before = _thread.extra_until
    _thread.extra_until = time.monotonic() + seconds
    try:
        yield
    finally:
        _thread.extra_until = before
