"""How a command that serves stops at a signal, in every phase before and after it serves.

While it serves, `server` and `supervisor` have their own handlers. In a container, the first process must have
handlers, because the kernel drops a signal that it does not handle.
"""

import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from app.exits import StopSignal

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

# While a library waits, no handler runs. If none has run after this time, the process is ended.
_HANDLE_SECONDS = 5.0
# How long after its exception was ignored the handler is called once more.
_AGAIN_SECONDS = 0.05
# How long the cleanup may take; an embedded PostgreSQL gets half of it.
_CLEAN_UP_SECONDS = 60.0


class Stopped(StopSignal):
    """The command got a signal to stop. Neither `except Exception` nor click catches it as an error."""


@contextmanager
def stoppable() -> Iterator[None]:
    """End the block normally at the first signal to stop; more signals do not disturb the cleanup.

    The handler may run where Python ignores exceptions, as in a hook after a fork. Then it is called once more.
    """
    watch = _Watch()
    usual_hook, usual_alarm = sys.unraisablehook, signal.getsignal(signal.SIGALRM)

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        watch.handled.set()
        ignore_stops()
        raise Stopped

    def come_again(ignored: "sys.UnraisableHookArgs") -> None:
        if isinstance(ignored.exc_value, Stopped):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)
        else:
            usual_hook(ignored)

    for number in STOP_SIGNALS:
        if not is_left_alone(number):
            signal.signal(number, stop)
    signal.signal(signal.SIGALRM, stop)
    sys.unraisablehook = come_again
    try:
        with suppress(Stopped):
            try:
                yield
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        watch.over.set()
        sys.unraisablehook = usual_hook
        signal.signal(signal.SIGALRM, usual_alarm)


def release_signals() -> None:
    """Leave signals to the handlers that the caller sets next, for as long as it serves."""
    signal.set_wakeup_fd(-1)


def ignore_stops() -> None:
    """Ignore signals to stop from now on: a second one must not prevent the cleanup."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def is_left_alone(number: signal.Signals) -> bool:
    """Return whether the process was started to outlive its terminal, as with nohup."""
    return number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN


def print_line(text: str, *, err: bool = False) -> None:
    """Print a line; the server goes on if the reader is gone or the disk is full."""
    stream = sys.stderr if err else sys.stdout
    if stream is None:
        return
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except (OSError, ValueError):
        # Otherwise the rest in the buffer of the stream would fail again at exit, with a trace.
        with suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)


def print_stopped() -> None:
    """Say that a server has stopped. If the reader of standard error has stalled, the process ends without this."""
    if sys.stderr is not None and select.select([], [sys.stderr], [], 0)[1]:
        print_line("stopped", err=True)


def keep_standard_descriptors() -> None:
    """Open the null device if standard input, output or error is closed.

    Otherwise the next file or socket would get its number, and log lines would be written into it.
    """
    with suppress(OSError):
        while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
            os.set_inheritable(number, True)
        os.close(number)


class _Watch:
    """Ends the process if no handler runs after a signal to stop, or if the cleanup does not end.

    The signal is written to a socket at once; the handler in Python runs only when a call into a library returns.
    """

    def __init__(self) -> None:
        self.handled = threading.Event()
        self.over = threading.Event()
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._wait, name="stopping", daemon=True).start()

    def _wait(self) -> None:
        while self._reader.recv(1)[0] not in STOP_SIGNALS:
            pass
        if self.handled.wait(_HANDLE_SECONDS) and self.over.wait(_CLEAN_UP_SECONDS):
            return
        # The servers of this process end with it, locks are released, the database rolls back.
        with suppress(OSError):
            os.write(2, b"stopped\n")
        os._exit(0)
