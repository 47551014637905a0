"""Two processes with one stored token, as the store of the README keeps it, do not sign each other out."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database import run
from tests.integration.sdk_python.test_readme import samples
from tests.people import PASSWORD, People
from tests.service import Service

# Each line that it is sent is one call; `ready` says that it waits for the next.
PROGRAM = """
import logging, sys

refreshes = 0


class Count(logging.Handler):
    def emit(self, record):
        global refreshes
        refreshes += "/v1/auth/refresh: 200" in record.getMessage()


logging.getLogger("charter_client").addHandler(Count())
logging.getLogger("charter_client").setLevel("DEBUG")
with Charter(sys.argv[1], store=FileStore(Path("tokens.json"))) as client:
    for line in sys.stdin:
        if line.strip() == "login":
            client.auth.login(email="ada@example.com", password=sys.argv[2])
        print(client.me.get_me().email, refreshes, flush=True)
"""


class Process:
    """A program that calls when it is told to."""

    def __init__(self, program: Path, url: str, package: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, program.name, url, PASSWORD],
            cwd=program.parent,
            env={"PYTHONPATH": str(package)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def tell(self, word: str = "call") -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def heard(self) -> tuple[str, int]:
        """Return the address that it read, and how many refreshes it has made."""
        assert self._process.stdout
        email, _, refreshes = self._process.stdout.readline().partition(" ")
        assert refreshes, email + self._process.stdout.read()
        return email, int(refreshes)

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        assert self._process.wait(30) == 0, self._process.stdout.read()
        self._process.stdout.close()


@pytest.fixture
def two(service: Service, package: Path, tmp_path: Path) -> Iterator[tuple[Process, Process]]:
    store = next(sample for sample in samples() if "class FileStore" in sample).partition("\n\n\nkept = ")[0]
    program = tmp_path / "program.py"
    program.write_text(f"from charter_client import Charter\n{store}\n{PROGRAM}")
    both = Process(program, service.url, package), Process(program, service.url, package)
    yield both
    for process in both:
        process.close()


def test_two_processes_at_the_expiry_share_one_session(
    two: tuple[Process, Process], service: Service, people: People
) -> None:
    assert people.ada.email == "ada@example.com"
    one, other = two
    one.tell("login")
    assert one.heard() == ("ada@example.com", 0)
    for _ in range(4):
        service.clock.advance(minutes=16)
        one.tell()
        other.tell()
        assert one.heard()[0] == other.heard()[0] == "ada@example.com"
    # The one that was late finds the tokens of the other, and needs no refresh of its own.
    service.clock.advance(minutes=16)
    one.tell()
    before = one.heard()[1]
    other.tell()
    after = other.heard()[1]
    service.clock.advance(minutes=1)
    one.tell()
    assert one.heard()[1] == before
    other.tell()
    assert other.heard()[1] == after
    assert run("SELECT count(*), count(ended_at) FROM sessions") == [(1, 0)]
