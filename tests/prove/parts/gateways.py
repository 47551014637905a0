"""The tests of each operation pass through both gateways; `make test` runs them through the default one."""

import sys
from pathlib import Path

from tests.prove.proof import run


def prove(place: Path) -> None:
    """Run them."""
    operations = ["-m", "pytest", "-q", "-n", "2", "tests/integration/operations"]
    run(sys.executable, *operations, CHARTER_TEST_GATEWAYS="all")
