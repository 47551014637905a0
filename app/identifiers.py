"""Identifiers: UUID version 7, ordered by time and monotonic within the process (RFC 9562, 6.2 method 2)."""

import os
import threading
import time
from datetime import datetime
from uuid import UUID

_RANDOM_BITS = 74
_VERSION_AND_VARIANT = (0x7 << 76) | (0x2 << 62)

_lock = threading.Lock()
_last_millisecond = 0
_last_random = 0


def new_id() -> UUID:
    """Return a UUIDv7 that is greater than all earlier ones of this process, even if the clock goes back."""
    global _last_millisecond, _last_random  # noqa: PLW0603 (one sequence for the process)
    millisecond = time.time_ns() // 1_000_000
    # The top bit stays 0, so that the number can be increased within one millisecond.
    random = int.from_bytes(os.urandom(10), "big") >> (80 - _RANDOM_BITS + 1)
    with _lock:
        if millisecond > _last_millisecond:
            _last_millisecond, _last_random = millisecond, random
        else:
            _last_random += 1 + (random & 0xFFFF_FFFF)
            if _last_random >> _RANDOM_BITS:
                _last_millisecond, _last_random = _last_millisecond + 1, random
        return _assemble(_last_millisecond, _last_random)


def lowest_id(moment: datetime) -> UUID:
    """Return the lowest UUIDv7 of a millisecond: the boundary between earlier and later identifiers.

    Args:
        moment: an aware datetime.
    """
    return _assemble(int(moment.timestamp() * 1000), 0)


def _assemble(millisecond: int, random: int) -> UUID:
    high, low = random >> 62, random & ((1 << 62) - 1)
    return UUID(int=(millisecond << 80) | _VERSION_AND_VARIANT | (high << 64) | low)
