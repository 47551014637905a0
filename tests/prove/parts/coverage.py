"""The tests that need little reach the lines and branches of each package that tests/coverage_gate.py asks for."""

import sys
from pathlib import Path

from tests.coverage_gate import PACKAGES
from tests.prove.proof import PYTEST, run

_TESTS = (
    *(f"tests/integration/{room}" for room in ("cache", "database", "owned_rows", "services", "wire")),
    "tests/unit",
    "--ignore=tests/unit/scaffold",
    "--ignore=tests/unit/sdk",
)


def prove(place: Path) -> None:
    """Run them, measured: that takes twice as long, so `make test` does without."""
    report = place / "coverage.json"
    measured = [f"--cov={package}" for package in PACKAGES]
    run(*PYTEST, *measured, f"--cov-report=json:{report}", "--cov-report=", *_TESTS, COVERAGE_FILE=str(place / "data"))
    run(sys.executable, "tests/coverage_gate.py", str(report))
