"""What a run is asked to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.contract_kit.client import Address


@dataclass(frozen=True)
class Options:
    """What was asked for.

    Attributes:
        only: the names of the checks to run; empty: all.
        skipped: the operations to leave out.
        production: whether a deployment may be tried that says that it is production.
        fail_fast: whether to stop after the first check that fails.
    """

    address: Address
    email: str
    password: str = field(repr=False)
    seed: int = 0
    examples: int = 20
    only: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()
    released: Mapping[str, Any] | None = None
    production: bool = False
    fail_fast: bool = False
