"""What a thread works for, and by when it must be done: no statement starts and nothing commits after that.

A request is answered by the event loop and done by a thread. Both can decide how it ends, so one object knows who came
first: the thread that begins its COMMIT, or whoever answers 503 in its place.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.errors import Unavailable


class Job:
    """One request, or one chore, as the thread that does it sees it.

    Attributes:
        request_id: of the request; a chore has a word of its own.
        operation_id: what is done; None where there is no name for it.
        due: when it must be done, on the monotonic clock.
        on_give_up: called when it is given up.
    """

    __slots__ = ("_committing", "_lock", "_reason", "due", "on_give_up", "operation_id", "request_id")

    def __init__(self, request_id: str, operation_id: str | None = None, *, seconds: float = math.inf) -> None:
        self.request_id = request_id
        self.operation_id = operation_id
        self.due = time.monotonic() + seconds
        self.on_give_up: Callable[[], object] | None = None
        self._reason: str | None = None
        self._committing = False
        self._lock = threading.Lock()

    def restart(self, seconds: float) -> None:
        """Count the seconds from now on; only before a thread has begun."""
        self.due = time.monotonic() + seconds

    def left(self) -> float:
        """Return how many seconds are left, 0 when there are none."""
        return max(0.0, self.due - time.monotonic())

    def check(self) -> None:
        """Go on, while there is time.

        Raises:
            Unavailable: reason `deadline`, or why it was given up.
        """
        if self._reason is not None or time.monotonic() >= self.due:
            raise Unavailable(reason=self._reason or "deadline")

    def give_up(self, reason: str = "deadline") -> bool:
        """Decide that nothing of it will be committed; return whether that is so.

        False: a COMMIT has been sent, and its outcome must be waited for.

        Args:
            reason: `deadline`, or `shutdown`.
        """
        with self._lock:
            if self._committing:
                return False
            self._reason = self._reason or reason
        if self.on_give_up is not None:
            self.on_give_up()
        return True

    def begin_commit(self) -> None:
        """Decide that it will be committed: from here on nobody can give it up.

        Raises:
            Unavailable: too late, as of `check`.
        """
        with self._lock:
            self.check()
            self._committing = True

    def commit_failed(self) -> None:
        """Note that the server has rolled back: it can be given up again."""
        self._committing = False


class _Thread(threading.local):
    job: Job | None = None
    late_until: float = -math.inf


_thread = _Thread()


def current() -> Job | None:
    """Return what this thread works for; None outside requests and chores."""
    return _thread.job


def begin(job: Job | None) -> None:
    """Note what this thread works for from now on; None: for nothing any more."""
    _thread.job = job


def check() -> None:
    """Go on with this thread's job, while there is time.

    Raises:
        Unavailable: as of `Job.check`.
    """
    job = _thread.job
    if job is not None and time.monotonic() >= _thread.late_until:
        job.check()


def latest_moment() -> float:
    """Return when a statement that this thread begins must have ended, on the monotonic clock."""
    job = _thread.job
    return math.inf if job is None else max(job.due, _thread.late_until)


def bounded(deadline: float | None, usual: float | None, late: float) -> tuple[float | None, bool]:
    """Return by when a statement that this thread begins must be answered, and whether its job alone demands it.

    Args:
        deadline: that of the block; None: there is none.
        usual: seconds that any statement may take, where no block says otherwise; None: as long as it takes.
        late: how many seconds it gets even where the job's deadline is nearer.
    """
    job = _thread.job
    if job is None or job.due == math.inf:
        return deadline, False
    now = time.monotonic()
    latest = max(latest_moment(), now + late)
    others = deadline if deadline is not None else math.inf if usual is None else now + usual
    return (latest, True) if latest < others else (deadline, False)


def begin_commit() -> None:
    """Decide that this thread's job will be committed.

    Raises:
        Unavailable: as of `Job.begin_commit`.
    """
    if _thread.job is not None:
        _thread.job.begin_commit()


def commit_failed() -> None:
    """Note that the server has rolled back what was to be committed."""
    if _thread.job is not None:
        _thread.job.commit_failed()


@contextmanager
def allowing(seconds: float) -> Iterator[None]:
    """Let the block run statements for some seconds although the deadline has passed, or is about to.

    For what is written about a request rather than done for it, and for what follows a commit.
    """
    before = _thread.late_until
    _thread.late_until = time.monotonic() + seconds
    try:
        yield
    finally:
        _thread.late_until = before
