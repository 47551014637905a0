"""The log writer: a thread writes the lines of the log to a file descriptor, so that logging never waits for a reader.

The queue is bounded. Lines that do not fit are dropped and counted, and a line reports their number as soon as there is
room. The mode of the descriptor is not changed, since other processes write to it too.
"""

import atexit
import contextlib
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable

MAX_LINES = 10_000
MAX_BYTES = 4_194_304

# Lines of this interval are written together. A pipe writes up to this many bytes in one piece.
_PAUSE_SECONDS = 0.02
_PIPE_BYTES = 4096
# After so many intervals without a line the thread sleeps. Waking it costs more than writing a line.
_MAX_QUIET = 50
_REPORT_SECONDS = 1.0
# How long `flush` waits by default, also at the end of the process.
FLUSH_SECONDS = 1.0


class LogWriter:
    """A bounded queue of lines with a thread that writes them.

    Args:
        descriptor: the lines are written to it.
        report: returns the line that reports a number of dropped lines.
        count: called with the number of lines that were just dropped.
    """

    def __init__(
        self,
        descriptor: int,
        *,
        report: Callable[[int], bytes],
        count: Callable[[int], object],
        max_lines: int = MAX_LINES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._descriptor = descriptor
        self._report = report
        self._count = count
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self.reset()

    def reset(self) -> None:
        """Forget the waiting lines: after a fork, the parent process writes them."""
        # The garbage collector may log while the same thread holds the lock, so the lock is reentrant.
        self._lock = threading.RLock()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._dropped = 0
        self._reported_at = -_REPORT_SECONDS
        self._broken = self._torn = self._closed = False
        # Whether the thread must be woken for the next line, and whether everything is written.
        self._asleep = self._drained = True
        self._wake, self._flush_now, self._idle = threading.Event(), threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def write(self, line: str | bytes) -> None:
        """Add a line to the queue; it never waits and never fails, so logging cannot delay or break a request."""
        data = (line if isinstance(line, bytes) else line.encode("utf-8", "replace")) + b"\n"
        wake = False
        with self._lock:
            fits = len(self._waiting) < self._max_lines and self._size + len(data) <= self._max_bytes
            if fits:
                self._waiting.append(data)
                self._size += len(data)
                self._drained = False
                if self._asleep:
                    wake, self._asleep = True, False
                    if self._thread is None:
                        self._start()
            else:
                self._dropped += 1
        if wake:
            self._wake.set()
        elif not fits:
            self._count(1)

    msg = debug = info = warning = error = critical = exception = write  # the names that structlog calls

    def flush(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Wait until all lines are written, or for some seconds; return whether all are written."""
        with self._lock:
            if self._drained:
                return True
            self._idle.clear()
        self._flush_now.set()
        return self._idle.wait(seconds)

    def close(self) -> None:
        """Write the waiting lines within a time limit, and end the thread."""
        self.flush()
        with self._lock:
            self._closed = True
        self._wake.set()

    def _start(self) -> None:
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        with contextlib.suppress(RuntimeError):  # the interpreter is ending and starts no more threads
            self._thread.start()

    def _run(self) -> None:
        self._wake.wait()
        self._wake.clear()
        quiet = 0
        while True:
            if self._flush_now.wait(_PAUSE_SECONDS):
                self._flush_now.clear()
            else:
                quiet += 1
            while batch := self._next_batch():
                self._write_batch(batch)
                quiet = 0
            if (self._closed or quiet >= _MAX_QUIET) and not self._sleep():
                return

    def _sleep(self) -> bool:
        """Wait for the next line; return False if the writer is closed."""
        with self._lock:
            if self._waiting:
                return True
            self._asleep = True
            if self._closed:
                self._thread = None
                return False
        self._wake.wait()
        self._wake.clear()
        return True

    def _next_batch(self) -> list[bytes]:
        with self._lock:
            batch, size = self._dropped_report(), 0
            while self._waiting and (not batch or size + len(self._waiting[0]) <= _PIPE_BYTES):
                batch.append(self._waiting.popleft())
                size += len(batch[-1])
                self._size -= len(batch[-1])
            if not batch:
                self._drained = True
                self._idle.set()
            return batch

    def _dropped_report(self) -> list[bytes]:
        """Return the line that reports dropped lines, if it is due: at once when there is room again."""
        now = time.monotonic()
        has_room = 2 * len(self._waiting) <= self._max_lines
        if not self._dropped or self._broken or not (has_room or now - self._reported_at >= _REPORT_SECONDS):
            return []
        self._reported_at = now
        dropped, self._dropped = self._dropped, 0
        return [self._report(dropped) + b"\n"]

    def _write_batch(self, batch: list[bytes]) -> None:
        data = b"".join([b"\n" if self._torn else b"", *batch])
        try:
            while data:
                try:
                    written = os.write(self._descriptor, data)
                except BlockingIOError:  # another process has set the descriptor to non-blocking
                    poll = select.poll()
                    poll.register(self._descriptor, select.POLLOUT)
                    poll.poll(1000)
                else:
                    self._torn = data[written - 1 : written] != b"\n"
                    data = data[written:]
            self._broken = False
        except OSError:  # the disk is full, or the reader has closed
            lost = data.count(b"\n")
            with self._lock:
                self._broken = True
                self._dropped += lost
            self._count(lost)


class _Process:
    """The log writer of this process, and the counter of dropped lines."""

    writer: LogWriter | None = None
    count: Callable[[int], object] | None = None


def open_log_writer(descriptor: int, report: Callable[[int], bytes]) -> LogWriter:
    """Return a new log writer for this process; the one before is closed."""
    before = _Process.writer
    if before is not None:
        before.close()
    _Process.writer = writer = LogWriter(descriptor, report=report, count=_count)
    return writer


def flush(seconds: float = FLUSH_SECONDS) -> bool:
    """Wait until the log is written, or for some seconds; return whether all of it is written."""
    return _Process.writer is None or _Process.writer.flush(seconds)


def set_dropped_counter(count: Callable[[int], object] | None) -> None:
    """Set the function that is called with the number of dropped lines; None: no function."""
    _Process.count = count


def _count(number: int) -> None:
    if _Process.count is not None:
        _Process.count(number)


def _reset_after_fork() -> None:
    if _Process.writer is not None:
        _Process.writer.reset()


atexit.register(flush)
os.register_at_fork(after_in_child=_reset_after_fork)
