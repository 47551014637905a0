"""The state of the mock: its rows and its audit trail, changed by one request at a time."""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from app.errors import IdempotencyInProgress, Unavailable
from app.mock.tables import AttemptCounter, Tables
from app.services.audit_search import AuditEntry

K = TypeVar("K")
V = TypeVar("V")


class State:
    """The rows and the trail. Read and write `tables` and `attempts` inside `transaction` or `lock` only.

    Args:
        make_tables: makes the rows of a mock that has just started.
        max_rows: rows of each table. Of sessions, stored responses, attempts and the trail the oldest rows give way;
            accounts, roles and other resources are refused beyond.

    Attributes:
        tables: the rows.
        attempts: counters of failed sign-ins; those of a request that fails stay (law 8).
        trail: decisions and events, oldest first.
    """

    def __init__(self, make_tables: Callable[[], Tables], *, max_rows: int) -> None:
        self._make_tables = make_tables
        self._max_rows = max_rows
        self._after_rollback: list[Callable[[], None]] = []
        self.lock = threading.RLock()
        self._in_progress: set[Hashable] = set()
        self.tables = make_tables()
        self.attempts: dict[tuple[str, ...], AttemptCounter] = {}
        self.trail: deque[AuditEntry] = deque(maxlen=max_rows)

    def reset(self) -> None:
        """Return to the rows of the start."""
        with self.lock:
            self.tables = self._make_tables()
            self.attempts.clear()
            self.trail.clear()

    @contextmanager
    def transaction(self) -> Iterator[Tables]:
        """Yield the rows to change; after an exception they are as before, but for what `even_if_refused` says."""
        with self.lock:
            before, self.tables = self.tables, self.tables.copy()
            self._after_rollback = []
            try:
                yield self.tables
            except BaseException:
                self.tables = before
                for change in self._after_rollback:
                    change()
                raise

    @contextmanager
    def in_progress(self, key: Hashable) -> Iterator[None]:
        """Let one request with an idempotency key work at a time.

        Args:
            key: of the request; None does nothing.

        Raises:
            IdempotencyInProgress: another one is in progress.
        """
        if key is None:
            yield
            return
        with self.lock:
            if key in self._in_progress:
                raise IdempotencyInProgress(headers={"Retry-After": "1"})
            self._in_progress.add(key)
        try:
            yield
        finally:
            with self.lock:
                self._in_progress.discard(key)

    def even_if_refused(self, change: Callable[[], None]) -> None:
        """Make a change after the open transaction has failed, such as the end of a session for reuse (law 8)."""
        self._after_rollback.append(change)

    def add(self, table: dict[K, V], key: K, row: V) -> None:
        """Add a row.

        Raises:
            Unavailable: the table is full.
        """
        if len(table) >= self._max_rows and key not in table:
            message = f"The mock has {self._max_rows} of these, its limit. Reset it, or start it with more --max-rows."
            raise Unavailable(message, reason="mock_full")
        table[key] = row

    def add_latest(self, table: dict[K, V], key: K, row: V) -> None:
        """Add a row; the oldest one gives way if the table is full."""
        if len(table) >= self._max_rows and key not in table:
            del table[next(iter(table))]
        table[key] = row
