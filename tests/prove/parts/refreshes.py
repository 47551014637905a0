"""Forty crowds of fifty refresh at once through cut COMMITs and a full audit trail: nobody is signed out."""

import sys
from pathlib import Path

from tests.prove.proof import run


def prove(place: Path) -> None:
    """Run the test of the crowds, with as many as that."""
    crowds = ["-m", "pytest", "-q", "-n", "0", "tests/integration/services/test_refresh_crowds.py"]
    run(sys.executable, *crowds, CHARTER_TEST_CROWDS="40")
