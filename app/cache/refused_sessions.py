"""Sessions that were refused of late, in this process: what comes in their name is counted by its client's network.

It says whom a request counts against, never whether it is let in: that is asked afresh each time (law 5).
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

REFUSED_SECONDS = 60
_MAX = 10_000


class RefusedSessions:
    """A bounded memory of session ids.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: OrderedDict[UUID, float] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, session_id: UUID) -> None:
        """Note that a session was refused just now."""
        with self._lock:
            self._until.pop(session_id, None)
            self._until[session_id] = self._clock() + REFUSED_SECONDS
            if len(self._until) > _MAX:
                self._until.popitem(last=False)

    def __contains__(self, session_id: UUID) -> bool:
        until = self._until.get(session_id)
        return until is not None and until > self._clock()
