"""A signal to stop ends a server in every phase of its life, and it serves where nothing can be written."""

import sys
from pathlib import Path

from tests.prove.proof import run


def prove(place: Path) -> None:
    """Run the tests that start a server, hold it in a phase, and send it a signal."""
    run(sys.executable, "-m", "pytest", "-q", "-n", "2", "tests/prove/processes")
