"""The watchdog: it enforces the time limit of each statement on the client side, even if the server is frozen.

A thread waits inside libpq without a time limit, and neither a signal nor another thread can interrupt it. So one more
thread watches the running statements and shuts down the socket of one that is too late; libpq then reports a lost
connection. Nothing is sent for this, since a pooler could reject it.
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

# How long the thread stays without work, where only single blocks have a time limit.
_IDLE_SECONDS = 10.0
# It checks this often while it stays, so that a statement rarely needs to wake it.
_CHECK_SECONDS = 1.0


class PooledConnection(DriverConnection):
    """A connection that another thread can close.

    Attributes:
        created_at: on the monotonic clock.
        inode: of its socket; the number of a file descriptor may be used again, this is not.
    """

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.created_at = time.monotonic()
        self.inode = os.fstat(self.fileno()).st_ino

    def is_closed_by_server(self) -> bool:
        """Return whether the server has closed an idle connection: only then does it send anything unasked."""
        if self.closed:
            return True
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        return bool(poll.poll(0))


class Watchdog:
    """The running statements of this process, each with its deadline.

    Args:
        seconds: time limit of every statement; None limits only those that are begun with a deadline.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._idle_seconds = seconds or _IDLE_SECONDS
        self._next_check = math.inf
        # The thread that removes an entry decides: the one whose statement has ended, or the watchdog. A number is
        # never used twice, so the next statement of a connection cannot be mistaken for the one before.
        self._running: dict[int, tuple[float, PooledConnection]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, conn: PooledConnection, deadline: float | None) -> int:
        """Register a statement that is about to be sent, and return its number for `end`; 0: it has no time limit.

        Args:
            deadline: on the monotonic clock; it replaces the time limit of every statement.
        """
        if deadline is None:
            if self._seconds is None:
                return 0
            due = time.monotonic() + self._seconds
        else:
            due = deadline
        number = next(self._numbers)
        self._running[number] = (due, conn)
        if self._thread is None:
            self._start()
        if due < self._next_check:
            self._wake.set()
        return number

    def end(self, number: int) -> bool:
        """Remove a statement that has ended, and return whether it was in time; if not, its connection is closed."""
        if not number or self._running.pop(number, None) is not None:
            return True
        with self._lock:  # wait for the watchdog: the connection must not be closed while it uses the socket
            return False

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="database-watch", daemon=True)
                self._thread.start()

    def _watch(self) -> None:
        idle_since = time.monotonic()
        while True:
            # A statement that begins from now on wakes this thread, which may not have seen it.
            self._next_check = math.inf
            now = time.monotonic()
            if self._running:
                idle_since = now
            nearest = now + min(_CHECK_SECONDS, self._idle_seconds)
            for number, (due, _) in self._running.copy().items():
                if due <= now:
                    self._close(number)
                else:
                    nearest = min(nearest, due)
            self._next_check = nearest
            woken = self._wake.wait(nearest - now)
            self._wake.clear()
            idle = not woken and not self._running and time.monotonic() - idle_since >= self._idle_seconds
            if idle and self._has_stopped():
                return

    def _has_stopped(self) -> bool:
        with self._lock:
            stopping, self._thread = self._thread, None
            self._next_check = math.inf
            if self._running:  # it began before it could see that this thread stops
                self._thread = stopping
            return self._thread is None

    def _close(self, number: int) -> None:
        with self._lock:
            _, conn = self._running.pop(number, (0.0, None))
            if conn is not None:
                _shut_down(conn)


def _shut_down(conn: PooledConnection) -> None:
    # libpq may close the socket at this moment, and another file may already have its number. So this works on a
    # duplicate of the descriptor, and checks which socket it is.
    with contextlib.suppress(OSError, psycopg2.Error):
        fileno = os.dup(conn.fileno())
        if os.fstat(fileno).st_ino != conn.inode:
            os.close(fileno)
            return
        with socket.socket(fileno=fileno) as duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)
