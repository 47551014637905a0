"""No field, parameter or header costs a worker more processor time than its bytes are worth, one at a time."""

import sys
from pathlib import Path

from tests.prove.proof import run


def prove(place: Path) -> None:
    """Run the test of the costs with every request that it knows, and two thousand that a seed makes."""
    costs = ["-m", "pytest", "-q", "-n", "0", "tests/integration/hostile/test_cpu.py"]
    run(sys.executable, *costs, CHARTER_TEST_COSTS="all")
