"""Tests of what lies behind both gateways pass through both; `make test` runs them through the default one."""

import sys
from pathlib import Path

from tests.integration.conftest import BEHIND_BOTH
from tests.prove.proof import run


def prove(place: Path) -> None:
    """Run those of each operation, and the others that say so."""
    tests = [f"tests/integration/{name}" for name in ("operations", *BEHIND_BOTH, "wire/test_http_rules.py")]
    run(sys.executable, "-m", "pytest", "-q", "-n", "2", *tests, CHARTER_TEST_GATEWAYS="all")
