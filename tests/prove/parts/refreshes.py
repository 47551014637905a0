"""Forty crowds refresh at once, in transactions and in one statement, through cut commits: nobody is signed out."""

import sys
from pathlib import Path

from tests.prove.proof import run


def prove(place: Path) -> None:
    """Run the test of the crowds, with as many as that."""
    crowds = ["-m", "pytest", "-q", "-n", "0", "tests/integration/services/test_refresh_crowds.py"]
    crowds += ["tests/integration/test_refresh_outages.py"]
    run(sys.executable, *crowds, CHARTER_TEST_CROWDS="40")
