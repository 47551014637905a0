"""No input costs more processor time than its bytes are worth, and no error response tells by its time who is known."""

import sys
from pathlib import Path

from tests.prove.proof import run


def prove(place: Path) -> None:
    """Run, one at a time, every test that measures time: every request that they know, and two thousand from a seed."""
    measured = ["-m", "pytest", "-q", "-n", "0", "-m", "measured", "tests/unit", "tests/house", "tests/integration"]
    run(sys.executable, *measured, CHARTER_TEST_COSTS="all")
