"""Single flight: if several threads of this process need the same value at once, one loads it and the others wait."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_WAIT_SECONDS = 5.0


@dataclass(slots=True)
class _Call(Generic[T]):
    done: threading.Event = field(default_factory=threading.Event)
    result: list[T] = field(default_factory=list)


class SingleFlight(Generic[T]):
    """The running calls, by key."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, _Call[T]] = {}
        self._lock = threading.Lock()

    def run(self, key: Hashable, work: Callable[[], T]) -> T:
        """Return the result of the running call with this key; if there is none, call the function.

        A thread that waited for a call that failed or took too long calls the function itself.

        Args:
            key: two calls may have the same key only if the result of one can be used for the other.
            work: the function to call.
        """
        with self._lock:
            call = self._calls.get(key)
            is_first = call is None
            if call is None:
                call = self._calls[key] = _Call()
        if not is_first:
            call.done.wait(MAX_WAIT_SECONDS)
            return call.result[0] if call.result else work()
        try:
            result = work()
            call.result.append(result)
            return result
        finally:
            with self._lock:
                del self._calls[key]
            call.done.set()
