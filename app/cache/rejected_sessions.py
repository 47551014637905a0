"""Sessions that this process has rejected recently: their requests are counted by the network of the client.

This decides whose limit a request counts against, never whether it is allowed: that is checked each time (law 5).
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

REFUSED_SECONDS = 60
_MAX_SESSIONS = 10_000


class RejectedSessions:
    """A set of session ids with an expiry and a maximum size.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: OrderedDict[UUID, float] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, session_id: UUID) -> None:
        """Add a session that was just rejected."""
        with self._lock:
            self._until.pop(session_id, None)
            self._until[session_id] = self._clock() + REFUSED_SECONDS
            if len(self._until) > _MAX_SESSIONS:
                self._until.popitem(last=False)

    def __contains__(self, session_id: UUID) -> bool:
        until = self._until.get(session_id)
        return until is not None and until > self._clock()
