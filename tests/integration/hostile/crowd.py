"""Many callers at once: let go together, or kept waiting in the database until all of them have begun."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import psycopg2

from tests.servers import straight
from tests.waiting import until

T = TypeVar("T")

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
_LONGEST_SECONDS = 20


def together(*works: Callable[[], T]) -> list[T]:
    """Run each in a thread of its own, all let go at once; return what each returned."""
    gate = threading.Barrier(len(works))
    running = [Running(work, gate) for work in works]
    return [one.result() for one in running]


class Running(Generic[T]):
    """Work in a thread of its own.

    Args:
        gate: passed before the work begins.
    """

    def __init__(self, work: Callable[[], T], gate: threading.Barrier | None = None) -> None:
        self._outcome: list[T] = []
        self._fault: BaseException | None = None

        def follow() -> None:
            try:
                if gate:
                    gate.wait(_LONGEST_SECONDS)
                self._outcome.append(work())
            except BaseException as fault:  # noqa: BLE001 (raised again where the result is asked for)
                self._fault = fault

        self._thread = threading.Thread(target=follow, daemon=True)
        self._thread.start()

    def result(self) -> T:
        """Return what the work returned, once it did."""
        self._thread.join(_LONGEST_SECONDS)
        if self._fault:
            raise self._fault
        [outcome] = self._outcome
        return outcome


@contextmanager
def holding(url: str, lock: str) -> Iterator[Callable[[int], None]]:
    """Hold a lock for the length of a block, which gets a function that waits until so many wait for locks.

    Args:
        url: of the database.
        lock: the statement that takes the lock.
    """
    holder, watcher = (psycopg2.connect(straight(url)) for _ in range(2))
    watcher.autocommit = True

    def wait_until(number: int) -> None:
        with watcher.cursor() as cursor:

            def waiting() -> int:
                cursor.execute(_WAITING)
                [(found,)] = cursor.fetchall()
                return int(found)

            until(lambda: waiting() >= number, lambda: f"{waiting()} of {number} wait")

    try:
        with holder.cursor() as cursor:
            cursor.execute(lock)
        yield wait_until
    finally:
        holder.close()
        watcher.close()


def in_turn(url: str, lock: str, *works: Callable[[], T]) -> list[T]:
    """Run works at once that all need what is locked, each begun when the one before it waits; return the outcomes."""
    running: list[Running[T]] = []
    with holding(url, lock) as wait_until:
        for number, work in enumerate(works, start=1):
            running.append(Running(work))
            wait_until(number)
    return [one.result() for one in running]
