"""Rotations of which nobody knows whether they were committed: the client was told 503, and its token must stay good.

The server was cut off from the database during COMMIT. If the rotation was committed all the same, its row has to say
that the answer never left. That is tried at once, and again until the database is back: by the chore that calls
`keep_settling`, and before the next rotation of the same session here.
"""

import contextlib
import threading
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.database import run_in_autocommit, time_limit
from app.errors import Unavailable

_NOTE = "SELECT note_unanswered_rotation(%(session_id)s, %(generation)s, %(rotated_at)s)"

# A request waits for it, which has had its own time.
_LONGEST_SECONDS = 2.0
# As many as one process can have in doubt: each is a request that was under way when the database went.
_MAX = 10_000


class Rotated(NamedTuple):
    """A rotation, by what its row says if it was committed."""

    session_id: UUID
    generation: int
    rotated_at: datetime


class Unanswered:
    """The rotations of this process that are still in doubt."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, Rotated] = {}
        self._lock = threading.Lock()

    def note(self, rotated: Rotated) -> None:
        """Note a rotation that may have been committed; at once if the database answers, else by a later `settle`."""
        with self._lock:
            if len(self._waiting) < _MAX:
                self._waiting[rotated.session_id] = rotated
        self.keep_settling(rotated.session_id)

    def keep_settling(self, session_id: UUID | None = None) -> None:
        """Settle what can be; that the database is away is told by others."""
        with contextlib.suppress(Unavailable):
            self.settle(session_id)

    def settle(self, session_id: UUID | None = None) -> None:
        """Write down what is still in doubt, of one session or of all; outside a transaction.

        Raises:
            Unavailable: the database is still away; the rest stays in doubt.
        """
        if not self._waiting:
            return
        with self._lock:
            waiting = list(self._waiting.values())
        for rotated in waiting:
            if session_id in (None, rotated.session_id):
                self._settle(rotated)

    def _settle(self, rotated: Rotated) -> None:
        with time_limit(_LONGEST_SECONDS):
            run_in_autocommit(_NOTE, rotated._asdict())
        with self._lock:
            if self._waiting.get(rotated.session_id) == rotated:
                del self._waiting[rotated.session_id]
