"""Servers of several processes: signals in every phase, workers that die, shared limits, a log that nobody reads."""

import sys
from pathlib import Path

from tests.prove.proof import run


def prove(place: Path) -> None:
    """Run the tests that start several processes, or hold one in a phase and send it a signal."""
    run(sys.executable, "-m", "pytest", "-q", "-n", "2", "tests/prove/processes")
