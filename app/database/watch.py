"""The bound on each statement, kept on this side: a server that is frozen answers no timeout of its own.

A thread waits inside libpq without a bound, and neither a signal nor another thread can call it back. So one more
thread looks after the statements under way, and shuts the socket of one that is overdue: libpq then finds the
connection lost. Nothing is sent for it, which a pooler in between could refuse.
"""

import contextlib
import itertools
import math
import os
import select
import socket
import threading
import time

import psycopg2
from psycopg2.extensions import connection as DriverConnection

# How long the watching thread stays without work, where only single blocks are bounded.
_LINGER_SECONDS = 10.0
# It looks this often while it stays, so that hardly any statement need wake it.
_LOOK_SECONDS = 1.0


class Link(DriverConnection):
    """A connection that can be cut off by another thread.

    Attributes:
        born: when it was made, on the monotonic clock.
        inode: of its socket; a descriptor's number may pass to another file, this does not.
    """

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.born = time.monotonic()
        self.inode = os.fstat(self.fileno()).st_ino

    def is_dead(self) -> bool:
        """Say whether the server has closed an idle connection: whatever it sends unasked is a farewell."""
        if self.closed:
            return True
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        return bool(poll.poll(0))


class Watch:
    """The statements under way in this process, and when each must have ended.

    Args:
        seconds: the bound of every statement; None bounds only those begun with a deadline.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._linger = seconds or _LINGER_SECONDS
        self._looks_at = math.inf
        # Who takes an entry out decides: the thread whose statement has ended, or the one that cuts it off. Numbers
        # are never used twice, so that a connection's next statement cannot be taken for the one before.
        self._under_way: dict[int, tuple[float, Link]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._sooner = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, conn: Link, deadline: float | None) -> int:
        """Note that a statement is about to be sent; return the number to end it with, 0 when it has no bound.

        Args:
            deadline: on the monotonic clock, when it must have ended, in place of the bound of all.
        """
        if deadline is None:
            if self._seconds is None:
                return 0
            due = time.monotonic() + self._seconds
        else:
            due = deadline
        number = next(self._numbers)
        self._under_way[number] = (due, conn)
        if self._thread is None:
            self._start()
        if due < self._looks_at:
            self._sooner.set()
        return number

    def end(self, number: int) -> bool:
        """Note that it has ended; say whether it did so in time, else its connection is cut off by now."""
        if not number or self._under_way.pop(number, None) is not None:
            return True
        with self._lock:  # until the cut is made: the connection must not be closed under it
            return False

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._look_after, name="database-watch", daemon=True)
                self._thread.start()

    def _look_after(self) -> None:
        idle_since = time.monotonic()
        while True:
            # Whoever begins from here on wakes us: it may have been overlooked.
            self._looks_at = math.inf
            now = time.monotonic()
            if self._under_way:
                idle_since = now
            nearest = now + min(_LOOK_SECONDS, self._linger)
            for number, (due, _) in self._under_way.copy().items():
                if due <= now:
                    self._cut(number)
                else:
                    nearest = min(nearest, due)
            self._looks_at = nearest
            woken = self._sooner.wait(nearest - now)
            self._sooner.clear()
            idle = not woken and not self._under_way and time.monotonic() - idle_since >= self._linger
            if idle and self._retires():
                return

    def _retires(self) -> bool:
        with self._lock:
            retiring, self._thread = self._thread, None
            self._looks_at = math.inf
            if self._under_way:  # begun before it could see that we leave
                self._thread = retiring
            return self._thread is None

    def _cut(self, number: int) -> None:
        with self._lock:
            _, conn = self._under_way.pop(number, (0.0, None))
            if conn is not None:
                _shut(conn)


def _shut(conn: Link) -> None:
    # libpq may be closing the socket at this moment, and its number may already be another's: hence a descriptor of
    # our own, and a look at what it is.
    with contextlib.suppress(OSError, psycopg2.Error):
        fileno = os.dup(conn.fileno())
        if os.fstat(fileno).st_ino != conn.inode:
            os.close(fileno)
            return
        with socket.socket(fileno=fileno) as line:
            line.shutdown(socket.SHUT_RDWR)
