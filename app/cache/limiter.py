"""The rate limiter: GCRA as one atomic script in Redis; while Redis is away, the same rule for each process alone."""

import hashlib
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from app.cache.client import Cache, as_values
from app.settings import Bucket

# One key holds the theoretical arrival time of the next request, in microseconds of Redis's own clock.
# Returns {requests left, microseconds until the bucket is full again, microseconds to wait or 0}.
SCRIPT = """
local interval, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
if arrival > now + 2 * tolerance then arrival = now end
local wait = arrival + interval - tolerance - now
if wait > 0 then return {0, arrival - now, wait} end
arrival = arrival + interval
redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
return {math.floor((tolerance - (arrival - now)) / interval), arrival - now, 0}
"""
_SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
_MOST_LOCAL = 100_000


@dataclass(frozen=True, slots=True)
class Taken:
    """What is left of a bucket after a request.

    Attributes:
        remaining: requests that may follow at once.
        reset_seconds: until the bucket is full again.
        retry_seconds: how long to wait; 0: the request is within the limit.
    """

    remaining: int
    reset_seconds: int
    retry_seconds: int


class Limiter:
    """Counts requests by bucket and caller.

    Args:
        cache: where the counts are shared between processes.
        clock: seconds, for the counts of this process alone.
    """

    def __init__(self, cache: Cache, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._cache = cache
        self._clock = clock
        self._local: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, who: str, bucket: Bucket) -> Taken:
        """Take one request from the caller's bucket.

        Args:
            name: the bucket's name in `x-rate-limit`.
            who: an account id or a client network.
        """
        key = f"{self._cache.prefix}:limit:{name}:{who}"
        interval, tolerance = _rate(bucket)
        answer = self._cache.ask(lambda client: _ask(client, key, interval, tolerance))
        return _taken(answer or self._take_here(name, who, interval, tolerance))

    def take_and_read(
        self, name: str, who: str, bucket: Bucket, keys: Sequence[str]
    ) -> tuple[Taken, list[bytes | None] | None]:
        """As `take`, and in the same round trip read keys.

        Returns:
            What is left, and the values; None in their place when Redis is away.
        """
        key = f"{self._cache.prefix}:limit:{name}:{who}"
        interval, tolerance = _rate(bucket)
        answer = self._cache.ask(lambda client: _ask_and_read(client, key, interval, tolerance, keys))
        if answer is None:
            return _taken(self._take_here(name, who, interval, tolerance)), None
        counts, values = answer
        return _taken(counts), values

    def _take_here(self, name: str, who: str, interval: float, tolerance: float) -> tuple[int, float, float]:
        now = self._clock() * 1e6
        with self._lock:
            arrival = max(self._local.pop((name, who), now), now)
            wait = arrival + interval - tolerance - now
            taken = arrival if wait > 0 else arrival + interval
            self._local[(name, who)] = taken
            if len(self._local) > _MOST_LOCAL:
                self._local.popitem(last=False)
        if wait > 0:
            return 0, arrival - now, wait
        return int((tolerance - (taken - now)) // interval), taken - now, 0


def _rate(bucket: Bucket) -> tuple[float, float]:
    return bucket.seconds * 1e6 / bucket.count, bucket.seconds * 1e6


def _taken(counts: tuple[int, float, float]) -> Taken:
    remaining, reset, wait = counts
    return Taken(remaining, math.ceil(reset / 1e6), math.ceil(wait / 1e6))


def _ask(client: redis.Redis, key: str, interval: float, tolerance: float) -> tuple[int, float, float]:
    try:
        answer = client.evalsha(_SHA, 1, key, interval, tolerance)
    except redis.exceptions.NoScriptError:
        answer = client.eval(SCRIPT, 1, key, interval, tolerance)
    return _counts(answer)


def _ask_and_read(
    client: redis.Redis, key: str, interval: float, tolerance: float, keys: Sequence[str]
) -> tuple[tuple[int, float, float], list[bytes | None]]:
    with client.pipeline(transaction=False) as pipe:
        pipe.evalsha(_SHA, 1, key, interval, tolerance)
        pipe.mget(keys)
        counts, values = pipe.execute(raise_on_error=False)
    if isinstance(counts, redis.exceptions.NoScriptError):
        counts = client.eval(SCRIPT, 1, key, interval, tolerance)
    for answer in (counts, values):
        if isinstance(answer, Exception):
            raise answer
    return _counts(counts), as_values(values, len(keys))


def _counts(answer: Any) -> tuple[int, float, float]:
    left, reset, wait = answer
    return int(left), float(reset), float(wait)
