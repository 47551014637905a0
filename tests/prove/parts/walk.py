"""`make run` in a fresh clone serves the README's walk, and Ctrl-C stops it."""

import os
from pathlib import Path

from tests.prove.proof import clone
from tests.prove.quick_start import ADMIN, started, walk


def prove(place: Path) -> None:
    """Clone, start `make run`, follow the walk over the wire, and stop it."""
    cloned = clone(place / "clone")
    variables = {**os.environ, **ADMIN, "CHARTER_STATE": str(place / "state")}
    with started(["make", "run"], place / "run.log", cwd=cloned, environment=variables) as url:
        walk(url, cwd=cloned)
