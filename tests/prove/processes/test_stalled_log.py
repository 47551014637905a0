"""A log that nobody reads holds up nobody: requests get responses, and dropped lines are reported afterwards."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.command import LONGEST_START_SECONDS, PRODUCTION, ROOT, clean_environment
from tests.servers import Servers

# Lines of more than a kilobyte: 64 KiB of pipe and some megabytes of queue are full soon.
LONG = "/v1/" + "x" * 990


class Unread:
    """A `charter serve` whose standard error is a pipe that nobody reads once it has said where it listens."""

    def __init__(self, url: str, state: str, **variables: str) -> None:
        variables = {**PRODUCTION, "CHARTER_ENV": "test", "DATABASE_URL": url, "CHARTER_STATE": state, **variables}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"],
            cwd=ROOT,
            env=clean_environment(PORT="0", **variables),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if found := re.search(rb'"serving","address":"(http://[^"]+)"', line):
                self.address = urlsplit(found[1].decode())
                return
        raise AssertionError("the server did not start")

    def ask(self, path: str, times: int = 1) -> set[int]:
        """Return with which statuses so many requests on one connection were answered."""
        with contextlib.closing(
            HTTPConnection(self.address.hostname or "", self.address.port or 0, timeout=30)
        ) as line:
            return {self._once(line, path) for _ in range(times)}

    def _once(self, line: HTTPConnection, path: str) -> int:
        line.request("GET", path)
        response = line.getresponse()
        response.read()
        return response.status

    def end(self) -> list[dict]:
        """Read on, end the server, and return what it has logged; every line must be whole."""
        read: list[bytes] = []
        assert self.process.stderr is not None
        reader = threading.Thread(target=lambda: read.extend(self.process.stderr or ()), daemon=True)
        reader.start()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(LONGEST_START_SECONDS)
        reader.join(LONGEST_START_SECONDS)
        return [json.loads(line) for line in read if line != b"stopped\n"]


@pytest.fixture
def place(servers: Servers) -> Iterator[tuple[str, str]]:
    url = servers.clone()
    with tempfile.TemporaryDirectory() as state:
        yield url, state
    servers.drop(url)


def test_requests_are_answered_while_nobody_reads_and_the_dropped_lines_are_counted(place: tuple[str, str]) -> None:
    server = Unread(*place)
    try:
        assert server.ask(LONG, 3_600) == {404}
        assert server.ask("/health/live") == {200}
        assert server.ask("/health") == {200}
    finally:
        lines = server.end()

    dropped = sum(line["lines"] for line in lines if line["event"] == "log_lines_dropped")
    requests = sum(line["event"] == "request" for line in lines)
    assert dropped > 0
    assert requests + dropped == 3_602


def test_several_workers_on_one_pipe_answer_and_end_while_nobody_reads(place: tuple[str, str]) -> None:
    server = Unread(*place, WORKERS="2")
    try:
        for _ in range(10):
            assert server.ask(LONG, 30) == {404}
        assert server.ask("/health/live") == {200}
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(LONGEST_START_SECONDS)
    finally:
        server.process.kill()
        server.end()
