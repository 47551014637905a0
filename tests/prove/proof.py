"""What the parts of the proof share: how one is skipped, runs a command, finds a program or port, and waits for it."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
CHARTER = (sys.executable, "-m", "app.cli")
PYTEST = (sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal")
"""The words before those that a command of this checkout, or its tests on two cores, are called with."""
STATEMENTS = tuple(
    f"tests/integration/{room}" for room in ("cache", "database", "doctor", "operations", "owned_rows", "services")
)
"""The tests that send what Charter sends to PostgreSQL and Redis: another server can fail these, and hardly others."""

# Where servers of distributions lie beside what PATH names.
_MORE_FOLDERS = "/usr/sbin:/usr/local/sbin"


class Skipped(Exception):
    """A part that cannot run here; the text says what to install."""


def run(*words: str, cwd: Path = ROOT, **variables: str) -> None:
    """Run a command to its end and let it print.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    subprocess.run(words, cwd=cwd, check=True, env={**os.environ, **variables})


def clone(folder: Path) -> Path:
    """Clone the last commit of this checkout into a folder, and return the folder."""
    run("git", "clone", "--quiet", str(ROOT), str(folder))
    return folder


def needed(program: str, *, package: str, purpose: str) -> str:
    """Return the path of a program.

    Args:
        program: its name.
        package: the Debian package that has it.
        purpose: what it is needed for, after "to".

    Raises:
        Skipped: it is not on this machine.
    """
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:{_MORE_FOLDERS}")
    if found is None:
        raise Skipped(f"no {program} here: install it (Debian: apt-get install {package}) to {purpose}")
    return found


def until_reached(
    process: "subprocess.Popen[Any]",
    reach: Callable[[], object],
    refused: type[Exception] | tuple[type[Exception], ...],
    printed: Callable[[], str] = lambda: "see above",
) -> None:
    """Wait until a program that has just been started is reached.

    Args:
        reach: tries to reach it.
        refused: what `reach` raises as long as nobody listens.
        printed: returns what it printed, for the message; absent: it is on the screen.

    Raises:
        AssertionError: it has ended, or is not reached in time.
    """

    def is_reached() -> bool:
        assert process.poll() is None, f"the program has ended: {printed()}"
        try:
            reach()
        except refused:
            return False
        return True

    until(is_reached, lambda: f"the program is not reached: {printed()}")


def connect(port: int) -> None:
    """Open a connection to a port of loopback, and close it.

    Raises:
        OSError: nothing listens there.
    """
    socket.create_connection(("127.0.0.1", port)).close()


def free_port() -> int:
    """Return a port of loopback on which nothing listens."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])
