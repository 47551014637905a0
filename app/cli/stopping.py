"""How a command that serves ends when it is told to, in every phase before it serves and after.

While it serves, `server` and `supervisor` have handlers of their own. As the first process of a container it has to
have handlers at all: there the kernel drops a signal that nobody handles.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

# A library that waits for something does not let a handler run. What has not been noticed after this ends the process.
_NOTICE_SECONDS = 5.0
# How long cleaning up may take: an embedded PostgreSQL gets half of it.
_CLEAN_UP_SECONDS = 60.0


class Stopped(BaseException):
    """The command was told to stop. Neither an `except Exception` nor click takes this for a fault."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Let the first signal to stop end the block as if it were done; more of them do not disturb the cleaning up."""
    watch = _Watch()

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        watch.noticed.set()
        ignore_stops()
        raise Stopped

    for number in STOP_SIGNALS:
        if not is_left_alone(number):
            signal.signal(number, stop)
    try:
        with suppress(Stopped):
            yield
    finally:
        watch.over.set()


def hand_over() -> None:
    """Leave signals to handlers that the caller is about to set, for as long as it serves."""
    signal.set_wakeup_fd(-1)


def ignore_stops() -> None:
    """From here on everything ends by itself: a second signal must not keep it from cleaning up."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def is_left_alone(number: signal.Signals) -> bool:
    """Tell whether whoever started this process wants it to outlive its terminal, as nohup does."""
    return number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN


def tell(text: str, *, err: bool = False) -> None:
    """Print a line; whoever read it may be gone, or the disk full, and the server goes on."""
    stream = sys.stderr if err else sys.stdout
    if stream is None:
        return
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except (OSError, ValueError):
        # What is left in the stream's buffer would fail again when the process ends, with a trace.
        with suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)


def keep_standard_descriptors() -> None:
    """Open the null device where standard input, output or error is closed.

    The next file or socket would get its number, and the log lines be written into that.
    """
    with suppress(OSError):
        while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
            os.set_inheritable(number, True)
        os.close(number)


class _Watch:
    """Ends the process when a signal to stop does not get through to Python, or cleaning up does not end.

    The kernel's signal is noted on a socket at once; Python's handler runs when a call into a library returns.
    """

    def __init__(self) -> None:
        self.noticed = threading.Event()
        self.over = threading.Event()
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._wait, name="stopping", daemon=True).start()

    def _wait(self) -> None:
        while self._reader.recv(1)[0] not in STOP_SIGNALS:
            pass
        if self.noticed.wait(_NOTICE_SECONDS) and self.over.wait(_CLEAN_UP_SECONDS):
            return
        # Servers of ours end with this process, locks are released, the database rolls back.
        with suppress(OSError):
            os.write(2, b"stopped\n")
        os._exit(0)
