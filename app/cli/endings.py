"""Why a worker process ended, in the words of its log line and of the metric."""

import signal

# The exit code of a worker that cannot start, which another attempt would not mend; uvicorn's.
STARTUP_FAILURE = 3

_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)


def reason_of(code: int, *, hung: bool, ready: bool) -> str:
    """Return one of `app.observability.multiprocess.REASONS`.

    Args:
        code: exit code, or the negative number of a signal.
        hung: whether it was ended because it was silent.
        ready: whether it ever accepted connections.
    """
    if hung:
        return "hung" if ready else "not_ready"
    if code >= 0:
        return "not_started" if code == STARTUP_FAILURE else "exited"
    if -code == signal.SIGKILL:
        # Somebody's kill -9, and most often the kernel's, for want of memory.
        return "killed"
    return "crashed" if -code in _CRASHES else "terminated"


def signal_name(number: int) -> str:
    """Return a signal's name; the number where it has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
