"""The two gateways: `make test` goes through the compiled one, `make prove PART=gateways` through the stock stack too.

tests/integration/test_differential.py compares the two in `make test`, and what is about the stock stack itself runs
there too.
"""

import os
from pathlib import Path

import pytest

GATEWAYS = ("compiled", "connexion")
BOTH = os.environ.get("CHARTER_TEST_GATEWAYS") == "all"
# Those of this run. Tests that are not run are not collected either: collecting them takes seconds.
TESTED = GATEWAYS if BOTH else GATEWAYS[:1]
ABOUT_THE_STOCK_STACK = ("test_stock_faults.py", "test_serve.py")
_ROOMS = tuple(Path(__file__).parent / room for room in ("integration", "contract"))


def is_left_out(item: pytest.Item) -> bool:
    """Tell whether a test is left to `make prove PART=gateways`, which sets CHARTER_TEST_GATEWAYS=all."""
    parameters = getattr(item, "callspec", None)
    if BOTH or parameters is None or GATEWAYS[1] not in parameters.params.values():
        return False
    here = any(item.path.is_relative_to(room) for room in _ROOMS)
    return here and item.path.name not in ABOUT_THE_STOCK_STACK
