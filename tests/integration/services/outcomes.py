"""What many threads got."""

from collections import Counter
from typing import Any

from models import User


def kinds(outcomes: list[Any]) -> dict[str, int]:
    """Return how often each kind of value or exception came."""
    return dict(Counter(type(outcome).__name__ for outcome in outcomes))


def values(user: User) -> dict[str, Any]:
    """Return everything that was read of a user: two of one id are equal, whatever else they hold."""
    return {**user.__data__, "role": user.role.name, "profile": user.profile.__data__}
