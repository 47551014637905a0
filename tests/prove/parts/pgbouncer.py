"""The tests of the statements pass through PgBouncer in transaction mode, on a few connections that all share."""

from pathlib import Path

from tests.prove.bouncer import carry_the_suite
from tests.prove.proof import needed


def prove(place: Path) -> None:
    """Run them."""
    program = needed("pgbouncer", package="pgbouncer", purpose="have it carry the tests")
    carry_the_suite(place / "pgbouncer", program)
