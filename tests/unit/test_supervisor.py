"""The supervisor of worker processes: whom it replaces, what it says of it, and how it stops."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from tests.command import ROOT, clean_environment
from tests.waiting import until

LONGEST_SECONDS = 30
# What each small worker begins with: its channel, and signals as a worker has them.
HEAD = """
import os, signal, socket, sys, time
channel = socket.socket(fileno=int(sys.argv[3]))
def serve():
    while True:
        channel.send(b".")
        time.sleep(0.05)
"""
SERVES = HEAD + "channel.send(b'r'); serve()"


class Supervised:
    def __init__(self, code: str, workers: int = 1, **constants: float | str) -> None:
        told = {"code": code, "workers": workers, "set": constants}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.supervised"],
            cwd=ROOT,
            env=clean_environment(SUPERVISED=json.dumps(told)),
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.folder = self.next("folder")["folder"]

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(json.loads(line))

    def next(self, event: str) -> dict[str, Any]:
        """Return the next line of an event; what comes before it is passed over."""
        while (line := self._lines.get(timeout=LONGEST_SECONDS))["event"] != event:
            pass
        return line

    def figures(self) -> str:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, self.folder)
        return generate_latest(registry).decode()


@contextmanager
def supervised(code: str, **options: Any) -> Iterator[Supervised]:
    one = Supervised(code, **options)
    try:
        yield one
    finally:
        one.process.kill()
        one.process.wait()


ENDS = [
    ("os.kill(os.getpid(), signal.SIGKILL)", ("killed", None, "SIGKILL")),
    ("os.kill(os.getpid(), signal.SIGSEGV)", ("crashed", None, "SIGSEGV")),
    ("os.kill(os.getpid(), signal.SIGTERM)", ("terminated", None, "SIGTERM")),
    ("os._exit(7)", ("exited", 7, None)),
    ("os._exit(0)", ("exited", 0, None)),
]


def _once(end: str) -> str:
    """Return the code of a worker that ends so the first time, and serves the next."""
    mark = "os.environ['PROMETHEUS_MULTIPROC_DIR'] + '/mark' + sys.argv[1]"
    return f"{HEAD}\ntry:\n    os.mkdir({mark})\nexcept OSError:\n    channel.send(b'r')\n    serve()\n{end}\n"


def test_workers_that_end_unasked_are_replaced_and_told_of():
    ends = "\n".join(f"if sys.argv[1] == '{slot}': {end}" for slot, (end, _) in enumerate(ENDS))
    with supervised(_once(ends), workers=len(ENDS)) as one:
        started = [one.next("worker_started") for _ in ENDS]
        died = {line["slot"]: line for line in (one.next("worker_died") for _ in ENDS)}
        until(lambda: f"charter_workers {len(ENDS)}.0" in one.figures())
        for slot, (_, (reason, exit_code, signal_name)) in enumerate(ENDS):
            told = died[slot]
            assert (told["reason"], told["exit_code"], told["signal"]) == (reason, exit_code, signal_name)
            assert told["pid"] == started[slot]["pid"]
            assert told["seconds"] >= 0
        assert 'charter_worker_restarts_total{reason="exited"} 2.0' in one.figures()
        assert 'charter_worker_restarts_total{reason="killed"} 1.0' in one.figures()
        one.process.send_signal(signal.SIGTERM)
        assert one.next("ended")["asked"] is True


@pytest.mark.parametrize(
    ("end", "reason"), [("channel.send(b'r'); time.sleep(60)", "hung"), ("time.sleep(60)", "not_ready")]
)
def test_a_worker_that_is_silent_is_ended_and_replaced(end, reason):
    with supervised(
        _once(end), HANG_SECONDS=1, START_SECONDS=1 if reason == "not_ready" else 60, _ROUND_SECONDS=0.1
    ) as one:
        told = one.next("worker_died")
        assert (told["reason"], told["signal"]) == (reason, "SIGKILL")
        one.next("worker_started")


def test_workers_that_die_at_once_are_not_replaced_in_a_hot_loop():
    with supervised(f"{HEAD}os._exit(1)") as one:
        assert [one.next("worker_died")["replaced_in_seconds"] for _ in range(3)] == [0.0, 1.0, 2.0]


def test_it_gives_up_when_the_first_workers_cannot_start():
    with supervised(f"{HEAD}os._exit(3)", workers=2) as one:
        assert one.next("worker_died")["reason"] == "not_started"
        assert one.next("ended")["asked"] is False


def test_a_replacement_that_cannot_start_does_not_take_those_that_serve_with_it():
    code = f"{HEAD}channel.send(b'r') if sys.argv[1] == '0' else os._exit(3)\nserve()"
    late = code.replace("else os", "else time.sleep(0.5) or os")
    with supervised(late, workers=2) as one:
        assert [one.next("worker_died")["slot"] for _ in range(2)] == [1, 1]
        assert "charter_workers 1.0" in one.figures()


def test_a_worker_that_does_not_stop_is_killed_after_its_time():
    stubborn = f"{HEAD}signal.signal(signal.SIGTERM, signal.SIG_IGN); channel.send(b'r'); serve()"
    with supervised(stubborn, _CLOSING_SECONDS=0.2, _ROUND_SECONDS=0.1) as one:
        one.next("ready")
        one.process.send_signal(signal.SIGTERM)
        assert one.next("stopping")["signal"] == "SIGTERM"
        assert one.next("worker_killed")["slot"] == 0
        assert one.next("ended")["asked"] is True


def test_a_second_interrupt_has_the_workers_end_at_once():
    patient = (
        f"{HEAD}signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsignal.signal(signal.SIGQUIT, lambda *_: os._exit(0))\n"
    )
    with supervised(f"{patient}channel.send(b'r'); serve()", workers=2) as one:
        one.next("ready")
        one.process.send_signal(signal.SIGINT)
        assert one.next("stopping")["signal"] == "SIGINT"
        one.process.send_signal(signal.SIGINT)
        assert one.next("ended")["asked"] is True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_a_worker_is_ready_ends_them_all(number):
    with supervised(f"{HEAD}time.sleep(60)", workers=2) as one:
        pids = [one.next("worker_started")["pid"] for _ in range(2)]
        one.process.send_signal(number)
        assert one.next("ended")["asked"] is True
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)


def test_a_worker_for_which_there_is_no_process_or_memory_is_tried_again_later():
    with supervised(SERVES, COMMAND="/no/such/program") as one:
        assert [one.next("worker_not_started")["tried_again_in_seconds"] for _ in range(3)] == [0.0, 1.0, 2.0]
        one.process.send_signal(signal.SIGTERM)
        assert one.next("ended")["asked"] is True
