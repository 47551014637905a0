"""The log writer: logging never waits for a reader, and dropped lines are counted and reported."""

import os
import threading

import pytest

from app.observability import log_writer
from app.observability.log_writer import LogWriter
from tests.waiting import until


class Pipe:
    """A pipe with a log writer; the test decides when it is read."""

    def __init__(self, **bounds: int) -> None:
        self.reader, self.writer = os.pipe()
        self.counted = 0
        self.lines = LogWriter(self.writer, report=lambda number: b"dropped %d" % number, count=self._count, **bounds)
        self._read: list[bytes] = []
        self._thread: threading.Thread | None = None

    def _count(self, number: int) -> None:
        self.counted += number

    def read_on(self) -> list[bytes]:
        """Read until all is written, and return the lines."""
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        assert self.lines.flush(20)
        os.close(self.writer)
        self._thread.join(20)
        os.close(self.reader)
        return b"".join(self._read).splitlines()

    def _work(self) -> None:
        while some := os.read(self.reader, 65_536):
            self._read.append(some)


@pytest.fixture
def pipe() -> Pipe:
    return Pipe(max_lines=1000)


def test_nobody_waits_for_a_reader_and_what_is_dropped_is_told_of(pipe: Pipe) -> None:
    text = "x" * 500
    done = threading.Event()

    def log() -> None:
        for number in range(3000):
            pipe.lines.write(f"{number} {text}")
        done.set()

    threading.Thread(target=log, daemon=True).start()
    assert done.wait(20)
    assert pipe.counted > 0
    read = pipe.read_on()

    told = [line for line in read if line.startswith(b"dropped")]
    kept = [line for line in read if not line.startswith(b"dropped")]
    assert sum(int(line.split()[1]) for line in told) == pipe.counted == 3000 - len(kept)
    # One report when there is room again, and perhaps one before: not one for each line.
    assert len(told) in (1, 2)
    assert all(line.endswith(text.encode()) and len(line) <= 505 for line in kept)
    numbers = [int(line.split()[0]) for line in kept]
    assert numbers == sorted(numbers)


def test_bytes_are_bounded_too() -> None:
    pipe = Pipe(max_bytes=200_000)

    for _ in range(100):
        pipe.lines.write("x" * 10_000)

    assert 70 <= pipe.counted <= 95
    assert len(pipe.read_on()) == 100 - pipe.counted + 1


def test_the_end_waits_for_a_reader_no_longer_than_a_bound(pipe: Pipe) -> None:
    for _ in range(500):
        pipe.lines.write("x" * 500)

    assert not pipe.lines.flush(0.05)
    assert len(pipe.read_on()) == 500


def test_lines_of_many_threads_stay_whole(pipe: Pipe) -> None:
    def log(sign: str) -> None:
        for _ in range(100):
            pipe.lines.write(sign * 300)

    threads = [threading.Thread(target=log, args=(sign,)) for sign in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    read = pipe.read_on()
    assert len(read) == 800
    assert set(read) == {sign.encode() * 300 for sign in "abcdefgh"}


def test_a_descriptor_that_others_have_made_unblocking_loses_nothing(pipe: Pipe) -> None:
    os.set_blocking(pipe.writer, False)
    for number in range(900):
        pipe.lines.write(f"{number} " + "x" * 500)

    read = pipe.read_on()

    assert [int(line.split()[0]) for line in read] == list(range(900))


def test_a_reader_that_is_gone_is_counted_and_costs_nothing(pipe: Pipe) -> None:
    os.close(pipe.reader)
    for _ in range(10):
        pipe.lines.write("unread")
    assert pipe.lines.flush(5)

    assert pipe.counted == 10
    os.close(pipe.writer)


def test_a_child_that_is_forked_writes_none_of_its_parent_s_lines(pipe: Pipe) -> None:
    pipe.lines.write("the parent's")
    pid = os.fork()
    if not pid:
        pipe.lines.reset()
        pipe.lines.write("the child's")
        os._exit(0 if pipe.lines.flush(5) else 1)
    assert os.waitpid(pid, 0)[1] == 0

    assert sorted(pipe.read_on()) == [b"the child's", b"the parent's"]


def test_a_thread_that_was_closed_comes_back(pipe: Pipe) -> None:
    pipe.lines.write("before")
    pipe.lines.close()
    until(lambda: pipe.lines._thread is None)
    pipe.lines.write("after")

    assert pipe.read_on() == [b"before", b"after"]


class Wakes(threading.Event):
    """An event that counts how often it is set."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 0

    def set(self) -> None:
        self.number += 1
        super().set()


def test_lines_that_follow_one_another_wake_the_thread_once(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "_MAX_QUIET", 1_000_000_000)
    pipe.lines._wake = wakes = Wakes()
    for _ in range(3):
        pipe.lines.write("awake")
        assert pipe.lines.flush(20)
    assert wakes.number == 1

    monkeypatch.setattr(log_writer, "_MAX_QUIET", 1)
    until(lambda: pipe.lines._asleep)
    pipe.lines.write("asleep")

    assert wakes.number == 2
    assert pipe.read_on() == [b"awake"] * 3 + [b"asleep"]
