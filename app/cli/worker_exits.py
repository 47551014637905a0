"""Why a worker process ended, as its log line and the metric name it."""

import signal

# The exit code of a worker that cannot start, and could not at another attempt either. It is the code of uvicorn.
STARTUP_FAILURE = 3

_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)


def reason_of(code: int, *, hung: bool, ready: bool) -> str:
    """Return one of `app.observability.multiprocess.REASONS`.

    Args:
        code: the exit code, or the negative number of a signal.
        hung: whether it was killed because it sent no heartbeat.
        ready: whether it ever accepted connections.
    """
    if hung:
        return "hung" if ready else "not_ready"
    if code >= 0:
        return "not_started" if code == STARTUP_FAILURE else "exited"
    if -code == signal.SIGKILL:
        # Often the kernel, when memory is short.
        return "killed"
    return "crashed" if -code in _CRASHES else "terminated"


def signal_name(number: int) -> str:
    """Return the name of a signal; its number if it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
