"""Finished lines on their way to a file descriptor: a thread writes them, so that nobody who logs waits for a reader.

The queue is bounded. What does not fit is dropped, counted, and told of as soon as there is room. The descriptor itself
stays as it is: other processes write to it too.
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

# What comes within this is written together. A pipe takes so many bytes whole, whoever else writes to it.
_PAUSE_SECONDS = 0.005
_PIPE_BYTES = 4096
_REPORT_SECONDS = 1.0
# How long the end of the process, or of this way out, waits for what is still to be written.
LAST_SECONDS = 1.0


class Lines:
    """A bounded queue of lines with a thread that writes them.

    Args:
        descriptor: where they go.
        report: makes the line that tells of so many dropped ones.
        count: called with how many lines were dropped just now.
    """

    def __init__(
        self,
        descriptor: int,
        *,
        report: Callable[[int], bytes],
        count: Callable[[int], object],
        most_lines: int = MAX_LINES,
        most_bytes: int = MAX_BYTES,
    ) -> None:
        self._descriptor = descriptor
        self._report = report
        self._count = count
        self._most_lines = most_lines
        self._most_bytes = most_bytes
        self.reset()

    def reset(self) -> None:
        """Forget what waits: in a child that was forked it is the parent's to write."""
        # Collecting garbage may log, also while the same thread holds the lock.
        self._lock = threading.RLock()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._dropped = 0
        self._reported_at = -_REPORT_SECONDS
        self._broken = self._torn = self._closed = False
        self._asleep = True
        self._wake, self._hurry, self._idle = threading.Event(), threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def msg(self, line: str | bytes) -> None:
        """Hand a line over; a log that cannot be written must not fail a request, or hold it up."""
        data = (line if isinstance(line, bytes) else line.encode("utf-8", "replace")) + b"\n"
        wakes = False
        with self._lock:
            fits = len(self._waiting) < self._most_lines and self._size + len(data) <= self._most_bytes
            if fits:
                self._waiting.append(data)
                self._size += len(data)
                if self._asleep:
                    wakes, self._asleep = True, False
                    self._idle.clear()
                    if self._thread is None:
                        self._start()
            else:
                self._dropped += 1
        if wakes:
            self._wake.set()
        elif not fits:
            self._count(1)

    debug = info = warning = error = critical = exception = msg

    def flush(self, seconds: float = LAST_SECONDS) -> bool:
        """Return when all is written, or after some seconds; say whether all is."""
        with self._lock:
            if self._asleep:
                return True
        self._hurry.set()
        try:
            return self._idle.wait(seconds)
        finally:
            self._hurry.clear()

    def close(self) -> None:
        """Write what waits, within a bound, and let the thread go."""
        self.flush()
        with self._lock:
            self._closed = True
        self._wake.set()

    def _start(self) -> None:
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)
        with contextlib.suppress(RuntimeError):  # the interpreter ends, and starts no more threads
            self._thread.start()

    def _work(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            self._hurry.wait(_PAUSE_SECONDS)
            while batch := self._take():
                self._write(batch)
            with self._lock:
                if self._closed and not self._waiting:
                    self._thread = None
                    return

    def _take(self) -> list[bytes]:
        with self._lock:
            batch, size = self._told(), 0
            while self._waiting and (not batch or size + len(self._waiting[0]) <= _PIPE_BYTES):
                batch.append(self._waiting.popleft())
                size += len(batch[-1])
                self._size -= len(batch[-1])
            if not batch:
                self._asleep = True
                self._idle.set()
            return batch

    def _told(self) -> list[bytes]:
        """Return the line that tells of dropped ones, when it is time to: at once where there is room again."""
        now = time.monotonic()
        roomy = 2 * len(self._waiting) <= self._most_lines
        if not self._dropped or self._broken or not (roomy or now - self._reported_at >= _REPORT_SECONDS):
            return []
        self._reported_at = now
        dropped, self._dropped = self._dropped, 0
        return [self._report(dropped) + b"\n"]

    def _write(self, batch: list[bytes]) -> None:
        data = b"".join([b"\n" if self._torn else b"", *batch])
        try:
            while data:
                try:
                    written = os.write(self._descriptor, data)
                except BlockingIOError:  # somebody who shares it has it not wait
                    poll = select.poll()
                    poll.register(self._descriptor, select.POLLOUT)
                    poll.poll(1000)
                else:
                    self._torn = data[written - 1 : written] != b"\n"
                    data = data[written:]
            self._broken = False
        except OSError:  # the disk is full, or nobody reads any more
            lost = data.count(b"\n")
            with self._lock:
                self._broken = True
                self._dropped += lost
            self._count(lost)


class _Process:
    """The way out of this process's lines, and who counts what is dropped."""

    lines: Lines | None = None
    count: Callable[[int], object] | None = None


def open_lines(descriptor: int, report: Callable[[int], bytes]) -> Lines:
    """Return the way out of this process's lines, in place of the one before, which is closed."""
    before = _Process.lines
    if before is not None:
        before.close()
    _Process.lines = lines = Lines(descriptor, report=report, count=_count)
    return lines


def flush(seconds: float = LAST_SECONDS) -> bool:
    """Return when all that was logged is written, or after some seconds; say whether all is."""
    return _Process.lines is None or _Process.lines.flush(seconds)


def count_dropped_with(count: Callable[[int], object] | None) -> None:
    """Have the number of dropped lines told to a counter."""
    _Process.count = count


def _count(number: int) -> None:
    if _Process.count is not None:
        _Process.count(number)


def _forked() -> None:
    if _Process.lines is not None:
        _Process.lines.reset()


atexit.register(flush)
os.register_at_fork(after_in_child=_forked)
