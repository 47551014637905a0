"""What the parts of the proof share: how one is skipped, runs a command, makes a clone, finds a program or a port."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHARTER = (sys.executable, "-m", "app.cli")
PYTEST = (sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal")
"""The words before those that a command of this checkout, or its tests on two cores, are called with."""

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


def free_port() -> int:
    """Return a port of loopback on which nothing listens."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])
