"""What many threads got."""

from collections import Counter
from typing import Any


def kinds(outcomes: list[Any]) -> dict[str, int]:
    """Return how often each kind of value or exception came."""
    return dict(Counter(type(outcome).__name__ for outcome in outcomes))
