"""The state that one thread has in the database layer."""

from collections.abc import Callable
from typing import Any

from peewee import _ConnectionLocal


class ThreadState(_ConnectionLocal):
    """The database state of one thread; Peewee uses `conn` and `transactions` too."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.needs_rollback = False
        self.unit: Any = None
        self.commit_hooks: list[Callable[[], object]] = []
        self.rollback_hooks: list[Callable[[], object]] = []
        self.commit_unknown_hooks: list[Callable[[], object]] = []
        self.queries = 0
        self.deadline: float | None = None
