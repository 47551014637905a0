"""The state of the mock: its rows and its audit trail, changed by one request at a time."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from app.errors import Unavailable
from app.mock.tables import Tables
from app.services.audit_search import AuditEntry

K = TypeVar("K")
V = TypeVar("V")


class State:
    """The rows and the trail. Read and write `tables` inside `transaction` or `lock` only.

    Args:
        make_tables: makes the rows of a mock that has just started.
        max_rows: rows of each table. Of sessions, stored responses and the trail the oldest rows give way; accounts,
            roles and other resources are refused beyond.

    Attributes:
        tables: the rows.
        trail: decisions and events, oldest first.
    """

    def __init__(self, make_tables: Callable[[], Tables], *, max_rows: int) -> None:
        self._make_tables = make_tables
        self._max_rows = max_rows
        self._after_rollback: list[Callable[[], None]] = []
        self.lock = threading.RLock()
        self.tables = make_tables()
        self.trail: deque[AuditEntry] = deque(maxlen=max_rows)

    def reset(self) -> None:
        """Return to the rows of the start."""
        with self.lock:
            self.tables = self._make_tables()
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
