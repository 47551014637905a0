"""Several worker processes on one port: started, watched, replaced when they die, and stopped together.

The parent never accepts a connection. It keeps the socket for future workers, and closes its copy before anything else
when it stops: a connection that the kernel made for a process that does not accept never gets a response.
"""

import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

import structlog

from app.cli.stopping import ignore_stops, is_left_alone, release_signals
from app.cli.worker_exits import STARTUP_FAILURE, reason_of, signal_name
from app.observability.multiprocess import WorkerMetrics

# What a worker sends: that it accepts connections, and that its event loop runs.
READY = b"r"
HEARTBEAT = b"."
# What the parent sends before the signal to stop, if all workers stop and the port closes.
ALL_STOP = b"s"

# A worker is killed after this time without a heartbeat, or after this time without being ready.
HANG_SECONDS = 30.0
START_SECONDS = 120.0
# A worker that lived shorter is replaced after a pause, which grows each time up to the longest pause.
_SHORT_LIFE_SECONDS = 10.0
_MAX_PAUSE_SECONDS = 30.0
# Added to drain and grace: to close database connections, and to give up threads that are stuck.
_CLOSING_SECONDS = 10.0
_FORCED_SECONDS = 3.0
_ROUND_SECONDS = 1.0
# If more time passes between two rounds, this process itself was stopped, and may have missed heartbeats.
_STALLED_SECONDS = 5.0
_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)

log = structlog.get_logger("charter.serve")

Command = Callable[[int, int, int], Sequence[str]]
"""Returns the command of a worker for its slot, and the descriptors of the listener and of its channel."""


@dataclass(eq=False, slots=True)
class _Worker:
    slot: int
    process: "subprocess.Popen[bytes]"
    channel: socket.socket
    started: float
    last_heartbeat: float
    ready: bool = False
    hung: bool = False


@dataclass(slots=True)
class _Slot:
    short_lives: int = 0
    due: float = 0.0

    def postpone(self, now: float) -> float:
        """Return the pause before the next worker starts; it grows with each worker that lived shortly."""
        self.short_lives += 1
        pause = min(2.0 ** (self.short_lives - 2), _MAX_PAUSE_SECONDS) if self.short_lives > 1 else 0.0
        self.due = now + pause
        return pause


class Supervisor:
    """Runs workers until it gets a signal to stop.

    Args:
        command: returns the command of a worker.
        workers: the number of workers.
        listener: the bound socket; workers listen on it.
        stop_seconds: how long workers may take to stop: drain and grace.
        ready: called when the first worker accepts connections.
        metrics: the metrics of workers, in which ends are counted.
    """

    def __init__(
        self,
        command: Command,
        *,
        workers: int,
        listener: socket.socket,
        stop_seconds: float,
        ready: Callable[[], None],
        metrics: WorkerMetrics,
    ) -> None:
        self._command = command
        self._listener = listener
        self._stop_seconds = stop_seconds
        self._ready = ready
        self._metrics = metrics
        self._slots = {slot: _Slot() for slot in range(workers)}
        self._workers: dict[int, _Worker] = {}
        self._selector = selectors.DefaultSelector()
        self._signals: list[int] = []
        self._kill_at: float | None = None
        self._forced = False
        self._was_ready = False
        self._failed = False

    def run(self) -> bool:
        """Return True if it was stopped by a signal, False if no worker can start."""
        with self._catching_signals():
            try:
                last = time.monotonic()
                while self._kill_at is None or self._workers:
                    now = time.monotonic()
                    if now - last > _STALLED_SECONDS:
                        for worker in self._workers.values():
                            worker.last_heartbeat = now
                    last = now
                    self._run_round(now)
            finally:
                for worker in self._workers.values():
                    worker.process.kill()
                    worker.process.wait()
        return not self._failed

    def _run_round(self, now: float) -> None:
        self._handle_signals(now)
        if self._kill_at is None:
            for slot, state in self._slots.items():
                if slot not in self._workers and now >= state.due:
                    self._try_to_start(slot, state)
        self._kill_hung(now)
        for key, _ in self._selector.select(_ROUND_SECONDS):
            if key.data is None:
                with suppress(BlockingIOError):
                    key.fileobj.recv(1024)  # type: ignore[union-attr]  # the signals' socket
            else:
                self._read(key.data)
        for worker in list(self._workers.values()):
            code = worker.process.poll()
            if code is not None:
                self._remove(worker, code)

    def _try_to_start(self, slot: int, state: _Slot) -> None:
        try:
            self._start(slot)
        except OSError as error:  # out of memory, processes or files, which may change
            pause = state.postpone(time.monotonic())
            log.warning("worker_not_started", slot=slot, error=error.strerror, tried_again_in_seconds=pause)

    def _start(self, slot: int) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        listener = self._listener.fileno()
        with theirs:
            process = subprocess.Popen(
                list(self._command(slot, listener, theirs.fileno())),
                pass_fds=(listener, theirs.fileno()),
                stdin=subprocess.DEVNULL,
                # Only this process gets the Ctrl-C of a terminal, and signals its workers.
                start_new_session=True,
            )
        now = time.monotonic()
        worker = self._workers[slot] = _Worker(slot, process, ours, started=now, last_heartbeat=now)
        self._selector.register(ours, selectors.EVENT_READ, worker)
        log.info("worker_started", slot=slot, pid=process.pid)

    def _read(self, worker: _Worker) -> None:
        try:
            received = worker.channel.recv(1024)
        except OSError:
            received = b""
        if not received:
            # The worker is ending, and its exit code follows soon. Selecting a closed channel would be a busy loop.
            self._selector.unregister(worker.channel)
            with suppress(subprocess.TimeoutExpired):
                worker.process.wait(1.0)
            return
        worker.last_heartbeat = time.monotonic()
        if READY in received and not worker.ready:
            worker.ready = True
            self._count_serving()
            if not self._was_ready:
                self._was_ready = True
                if self._kill_at is None:
                    self._ready()

    def _count_serving(self) -> None:
        self._metrics.set_serving(sum(worker.ready for worker in self._workers.values()))

    def _kill_hung(self, now: float) -> None:
        for worker in self._workers.values():
            if self._kill_at is not None and now > self._kill_at:
                if not self._forced:
                    log.warning("worker_killed", slot=worker.slot, pid=worker.process.pid, reason="late")
                worker.process.kill()
            elif not worker.hung and now - worker.last_heartbeat > (HANG_SECONDS if worker.ready else START_SECONDS):
                worker.hung = True
                worker.process.kill()

    def _remove(self, worker: _Worker, code: int) -> None:
        now = time.monotonic()
        del self._workers[worker.slot]
        with suppress(KeyError, ValueError):
            self._selector.unregister(worker.channel)
        worker.channel.close()
        self._count_serving()
        if self._kill_at is not None:
            return
        lived = now - worker.started
        reason = reason_of(code, hung=worker.hung, ready=worker.ready)
        slot = self._slots[worker.slot]
        if lived >= _SHORT_LIFE_SECONDS:
            slot.short_lives = 0
        pause = slot.postpone(now)
        log.warning(
            "worker_died",
            slot=worker.slot,
            pid=worker.process.pid,
            reason=reason,
            exit_code=code if code >= 0 else None,
            signal=signal_name(-code) if code < 0 else None,
            seconds=round(lived, 1),
            replaced_in_seconds=pause,
        )
        self._metrics.count_end(reason)
        if code == STARTUP_FAILURE and not any(other.ready for other in self._workers.values()):
            self._failed = True
            self._stop()

    def _handle_signals(self, now: float) -> None:
        while self._signals:
            number = self._signals.pop(0)
            again = self._kill_at is not None
            if not again:
                log.info("stopping", signal=signal_name(number), workers=len(self._workers))
                self._stop()
            if number == signal.SIGQUIT or (again and number == signal.SIGINT):
                self._forced = True
                self._kill_at = now + _FORCED_SECONDS
                self._signal_all(signal.SIGQUIT)

    def _stop(self) -> None:
        self._kill_at = time.monotonic() + self._stop_seconds + _CLOSING_SECONDS
        self._listener.close()
        for worker in self._workers.values():
            with suppress(OSError):
                worker.channel.send(ALL_STOP)
        self._signal_all(signal.SIGTERM)

    def _signal_all(self, number: signal.Signals) -> None:
        for worker in self._workers.values():
            worker.process.send_signal(number)

    @contextmanager
    def _catching_signals(self) -> Iterator[None]:
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        self._selector.register(reader, selectors.EVENT_READ, None)

        def remember(number: int, _frame: FrameType | None) -> None:
            if number != signal.SIGCHLD:
                self._signals.append(number)

        numbers = [number for number in _STOP if not is_left_alone(number)]
        release_signals()
        before = {number: signal.signal(number, remember) for number in (*numbers, signal.SIGCHLD)}
        # This wakes the selector; the handler in Python has run by then.
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            if self._kill_at is not None:
                ignore_stops()
            self._selector.close()
            reader.close()
            writer.close()
