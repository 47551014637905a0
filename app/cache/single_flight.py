"""Single flight: of the threads of this process that miss the same thing at once, one works and the others wait."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_WAIT_SECONDS = 5.0


@dataclass(slots=True)
class _Flight(Generic[T]):
    over: threading.Event = field(default_factory=threading.Event)
    outcome: list[T] = field(default_factory=list)


class SingleFlight(Generic[T]):
    """Work under way, by what it is for."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}
        self._lock = threading.Lock()

    def run(self, key: Hashable, work: Callable[[], T]) -> T:
        """Return what the work under way for this key returns, or do it.

        Whoever waited for work that failed, or took too long, does it itself.

        Args:
            key: must differ wherever an outcome made for the one would not do for the other.
        """
        with self._lock:
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                flight = self._flights[key] = _Flight()
        if not leads:
            flight.over.wait(MAX_WAIT_SECONDS)
            return flight.outcome[0] if flight.outcome else work()
        try:
            outcome = work()
            flight.outcome.append(outcome)
            return outcome
        finally:
            with self._lock:
                del self._flights[key]
            flight.over.set()
