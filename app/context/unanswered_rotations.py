"""Rotations in doubt: the client got 503 and nobody knows whether the rotation was committed. Its token must stay good.

The connection to the database was lost during COMMIT. If the rotation was committed nevertheless, its row must say that
the client never got the response. This process tries to record that at once; if the database is unavailable, it tries
again in a background task, and before the next rotation of the same session here.
"""

import contextlib
import itertools
import threading
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.database import run_in_autocommit, time_limit
from app.errors import Unavailable

# SQL text: a function of the database, see app/database/functions/note_unanswered_rotation.sql.
_RECORD = "SELECT note_unanswered_rotation(%(session_id)s, %(generation)s, %(rotated_at)s)"
# SQL text: the same, of a rotation that was made if its event was written; charter_note_unanswered_refresh.sql.
_RECORD_BY_EVENT = "SELECT charter_note_unanswered_refresh(%(session_id)s, %(generation)s, %(event_id)s)"

# A request waits for the statement after its own time is over.
_MAX_SECONDS = 2.0
# As many requests as one process can have in progress when the database becomes unavailable.
_MAX_WAITING = 10_000


class UnansweredRotation(NamedTuple):
    """A rotation, as its row says if it was committed.

    Attributes:
        rotated_at: when it was made; None: that is not known, but its event is.
        event_id: of the event that was written with it.
    """

    session_id: UUID
    generation: int
    rotated_at: datetime | None = None
    event_id: UUID | None = None


class UnansweredRotations:
    """The rotations of this process that are in doubt."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, tuple[UnansweredRotation, ...]] = {}
        self._lock = threading.Lock()

    def add(self, rotation: UnansweredRotation) -> None:
        """Add a rotation that may have been committed, and record it at once if the database answers."""
        self.keep(rotation)
        self.try_to_record(rotation.session_id)

    def keep(self, rotation: UnansweredRotation) -> None:
        """Add a rotation that may have been committed; the next one of its session records it first.

        Several of a session may be in doubt, and any of them may be the one that was committed.
        """
        with self._lock:
            if len(self._waiting) < _MAX_WAITING:
                self._waiting[rotation.session_id] = (*self._waiting.get(rotation.session_id, ()), rotation)

    def has(self, session_id: UUID) -> bool:
        """Return whether a rotation of this session is in doubt."""
        return session_id in self._waiting

    def try_to_record(self, session_id: UUID | None = None) -> None:
        """Record what is in doubt, of one session or of all, as far as the database responds."""
        with contextlib.suppress(Unavailable):  # the health check reports it
            self.record(session_id)

    def record(self, session_id: UUID | None = None) -> None:
        """Record what is in doubt, of one session or of all. Call it outside a transaction.

        Raises:
            Unavailable: the database is still unavailable; the rest stays in doubt.
        """
        if not self._waiting:
            return
        with self._lock:
            waiting = [self._waiting.get(session_id, ())] if session_id else list(self._waiting.values())
        for rotation in itertools.chain.from_iterable(waiting):
            self._record(rotation)

    def _record(self, rotation: UnansweredRotation) -> None:
        with time_limit(_MAX_SECONDS):
            run_in_autocommit(_RECORD if rotation.event_id is None else _RECORD_BY_EVENT, rotation._asdict())
        with self._lock:
            left = tuple(other for other in self._waiting.pop(rotation.session_id, ()) if other != rotation)
            if left:
                self._waiting[rotation.session_id] = left
