"""Every test that goes through the compiled gateway in `make test` passes through Connexion's stock stack, too."""

import sys
from pathlib import Path

from tests.prove.proof import run


def prove(place: Path) -> None:
    """Run the tests of the wire, of each operation, of attacks and of the document, through the stock stack."""
    words = ["-m", "pytest", "-q", "-n", "2", "-k", "connexion", "tests/integration", "tests/contract"]
    run(sys.executable, *words, CHARTER_TEST_GATEWAYS="all")
