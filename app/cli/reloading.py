"""`charter dev`: another process for each change, and none of the requests is lost.

The parent holds the port. After a change it starts a new process, which imports everything again. When that one
accepts connections, the old one finishes its requests and ends. If the new one cannot start, because the document or
the code is wrong, the old one goes on with what worked last.
"""

import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from watchfiles import watch

from app.cli.dev_worker import GO, READY
from app.cli.stopping import ignore_stops, print_line, release_signals
from app.resources import PACKAGES

# Editors write a file in several steps, and some write several files: the change is over after a pause this long.
_PAUSE_MS = 100
_LONGEST_CHANGE_MS = 1000
_SUFFIXES = frozenset({".py", ".yaml", ".yml"})
_STOP_SECONDS = 10.0
# A process that ends by itself sooner is not replaced before the next change.
_SHORT_LIFE_SECONDS = 5.0
_SHOWN_FILES = 3


@dataclass(eq=False, slots=True)
class _Child:
    process: "subprocess.Popen[bytes]"
    channel: socket.socket
    started: float = 0.0
    ready: bool = False
    summary: bytes = b""


class Reloader:
    """Serves what the files say, until a signal to stop.

    Args:
        listener: the listening socket.
        folders: those with the code and the document.
        ready: called when connections are accepted for the first time.
    """

    def __init__(self, listener: socket.socket, folders: Sequence[Path], ready: Callable[[], None]) -> None:
        self._listener = listener
        self._folders = folders
        self._ready: Callable[[], None] | None = ready
        self._serving: _Child | None = None
        self._starting: _Child | None = None
        self._spare: _Child | None = None
        self._ending: list[_Child] = []
        self._selector = selectors.DefaultSelector()
        self._changed: set[str] = set()
        self._stopped = False
        self._over = threading.Event()
        self._woken, self._waker = socket.socketpair()

    def run(self) -> None:
        """Run until SIGINT, SIGTERM, SIGHUP or SIGQUIT."""
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        release_signals()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, self._stop)
        threading.Thread(target=self._watch, name="watch", daemon=True).start()
        try:
            self._start()
            while not self._stopped:
                self._run_round()
        finally:
            self._over.set()
            self._end_all()
            ignore_stops()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopped = True
        self._wake()

    def _wake(self) -> None:
        with suppress(OSError):
            self._waker.send(b".")

    def _watch(self) -> None:
        """Collect the changes of the files (in a thread of its own)."""
        changes = watch(
            *self._folders,
            watch_filter=lambda _, path: Path(path).suffix in _SUFFIXES and "__pycache__" not in path,
            debounce=_LONGEST_CHANGE_MS,
            step=_PAUSE_MS,
            stop_event=self._over,
            raise_interrupt=False,
        )
        for each in changes:
            self._changed |= {path for _, path in each}
            self._wake()

    def _run_round(self) -> None:
        for key, _ in self._selector.select(1.0):
            if key.data is None:
                with suppress(BlockingIOError):
                    self._woken.recv(1024)
            else:
                self._read(key.data)
        if self._changed and not self._stopped:
            changed, self._changed = self._changed, set()
            names = sorted(os.path.relpath(path) for path in changed)
            more = f" and {len(names) - _SHOWN_FILES} more" if len(names) > _SHOWN_FILES else ""
            print_line(f"changed: {', '.join(names[:_SHOWN_FILES])}{more}", err=True)
            self._start()
        self._ending = [child for child in self._ending if child.process.poll() is None]

    def _start(self) -> None:
        """Let a process import what the files say now; one that was about to serve an earlier state is given up."""
        if self._starting:
            self._drop(self._starting, signal.SIGKILL)
        child = self._starting = self._spare or self._spawn()
        self._spare = None
        child.started = time.monotonic()
        with suppress(OSError):
            child.channel.send(GO)

    def _spawn(self) -> _Child:
        ours, theirs = socket.socketpair()
        # `-m` would look for the package in the working directory before the place of this one.
        code = f"import sys; sys.path.insert(0, {str(PACKAGES)!r}); from {__package__}.dev_worker import main; main()"
        listener = self._listener.fileno()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", code, str(listener), str(theirs.fileno())],
                pass_fds=(listener, theirs.fileno()),
                stdin=subprocess.DEVNULL,
                # Only this process gets the Ctrl-C of a terminal, and signals the others.
                start_new_session=True,
                # Bytecode is found by the second and the size of a file: two saves in a second can look alike.
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            )
        child = _Child(process, ours)
        self._selector.register(ours, selectors.EVENT_READ, child)
        return child

    def _read(self, child: _Child) -> None:
        try:
            received = child.channel.recv(1024)
        except OSError:
            received = b""
        if received == READY:
            self._serve(child)
        elif received:
            child.summary = received
        else:
            self._ended(child)

    def _serve(self, child: _Child) -> None:
        child.ready = True
        if child is not self._starting:
            return
        before, self._serving, self._starting = self._serving, child, None
        if before:
            print_line(f"serving the change after {time.monotonic() - child.started:.1f} s", err=True)
            self._drop(before, signal.SIGTERM)
        if self._ready:
            self._ready()
            self._ready = None
        self._spare = self._spawn()

    def _ended(self, child: _Child) -> None:
        self._selector.unregister(child.channel)
        child.channel.close()
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(1.0)
        if child is self._spare:
            self._spare = None
        elif child is self._starting:
            self._starting = None
            self._go_on(child)
        elif child is self._serving:
            self._serving = None
            print_line(f"charter: the server ended with exit code {child.process.returncode}", err=True)
            if time.monotonic() - child.started > _SHORT_LIFE_SECONDS:
                self._start()

    def _go_on(self, failed: _Child) -> None:
        """Say that the last good state is served, in the terminal and in a header of each response."""
        if self._serving is None:
            print_line("charter: waiting for a change", err=True)
        else:
            print_line("charter: still serving the state before this change", err=True)
            with suppress(OSError):
                self._serving.channel.send(failed.summary or b"1")
        self._spare = self._spare or self._spawn()

    def _drop(self, child: _Child, number: signal.Signals) -> None:
        with suppress(KeyError, ValueError):
            self._selector.unregister(child.channel)
        child.process.send_signal(number)
        self._ending.append(child)

    def _end_all(self) -> None:
        children: list[Any] = [self._serving, self._starting, self._spare]
        for child in filter(None, children):
            # Only the serving process has requests to finish.
            self._drop(child, signal.SIGTERM if child is self._serving else signal.SIGKILL)
        end = time.monotonic() + _STOP_SECONDS
        for child in self._ending:
            try:
                child.process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        self._listener.close()
