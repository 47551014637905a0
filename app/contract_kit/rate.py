"""The limits of a deployment, learned from its responses, and how long to wait so that none is used up."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.contract_kit.exchange import Response

POLICY = re.compile(r'"([a-z0-9_]+)";q=([0-9]+);w=([0-9]+)')
STATE = re.compile(r'"([a-z0-9_]+)";r=([0-9]+);t=([0-9]+)')
# What stays in a bucket that others use, too: those of a client address, and those of the admin who was given.
_LEFT_TO_OTHERS = 0.25
SHARED = ("address", "given")


@dataclass(slots=True)
class Bucket:
    """What is known of a bucket of one caller.

    Attributes:
        left: requests left when it was last seen.
        seen: when that was.
    """

    name: str
    size: int
    seconds: int
    left: float
    seen: float

    def left_now(self, now: float) -> float:
        """Return how many requests are left by now."""
        return min(self.size, self.left + (now - self.seen) * self.size / max(self.seconds, 1))


class Pace:
    """Keeps requests within the limits.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.sizes: dict[str, tuple[int, int]] = {}
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._of_operations: dict[str, str] = {}
        self._lock = threading.Lock()

    def learn(self, key: str, operation: str | None, response: Response) -> None:
        """Note what a response says of its bucket."""
        policy = POLICY.search(response.header("ratelimit-policy") or "")
        state = STATE.search(response.header("ratelimit") or "")
        if not policy or not state:
            return
        name, size, seconds = policy[1], int(policy[2]), int(policy[3])
        with self._lock:
            self.sizes[name] = (size, seconds)
            if operation is not None:
                self._of_operations[operation] = name
            self._buckets[key, name] = Bucket(name, size, seconds, int(state[2]), self._clock())

    def seconds_to_wait(self, key: str, operation: str | None) -> float:
        """Return how long a caller must wait before a request; it is counted as sent."""
        with self._lock:
            bucket = self._buckets.get((key, self._of_operations.get(operation or "", "")))
            if bucket is None:
                return 0.0
            now = self._clock()
            left = bucket.left_now(now)
            kept = bucket.size * _LEFT_TO_OTHERS if key.startswith(SHARED) else 1
            bucket.left, bucket.seen = left - 1, now
            missing = min(kept, bucket.size - 1) + 1 - left
            return max(missing * bucket.seconds / bucket.size, 0.0)

    def least_left(self, key: str) -> float:
        """Return how many requests are left in the emptiest bucket of a caller."""
        now = self._clock()
        with self._lock:
            found = [bucket.left_now(now) for (known, _), bucket in self._buckets.items() if known == key]
        return min(found, default=float("inf"))

    def forget(self, key: str) -> None:
        """Forget what is known of a caller's buckets."""
        with self._lock:
            for known in [known for known in self._buckets if known[0] == key]:
                del self._buckets[known]
