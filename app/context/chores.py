"""Chores: what a project does at intervals, in one process of all that serve it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from app.context.context import Context

Work = Callable[[Context], object]
WorkT = TypeVar("WorkT", bound=Work)
_MARK = "__charter_chore__"
_SHORTEST = timedelta(seconds=1)
_USUAL_LIMIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Chore:
    """Work that is done at intervals.

    Attributes:
        name: the module and the name of the function.
        every: from the beginning of one run to the beginning of the next.
        limit: a run that takes longer is given up, and commits nothing more.
    """

    name: str
    work: Work
    every: timedelta
    limit: timedelta


def chore(*, every: timedelta, limit: timedelta = _USUAL_LIMIT) -> Callable[[WorkT], WorkT]:
    """Call the function at intervals, with a Context in which nobody acts.

    One process of all that serve the project runs it, on a thread of its own. If it raises an error, the error is
    logged, and the next run comes as usual. Nothing of it is committed after the limit, or when the server stops.

    Args:
        every: from the beginning of one run to the beginning of the next, at least a second.
        limit: how long a run may take.
    """
    for name, value in (("every", every), ("limit", limit)):
        if not isinstance(value, timedelta) or value < _SHORTEST:
            raise ValueError(f"{name} must be a timedelta of at least one second, not {value!r}")

    def mark(function: WorkT) -> WorkT:
        name = f"{function.__module__}.{getattr(function, '__qualname__', '')}"
        setattr(function, _MARK, Chore(name, function, every, limit))
        return function

    return mark


def chore_of(function: object) -> Chore | None:
    """Return the chore that a function was decorated as."""
    return getattr(function, _MARK, None)
