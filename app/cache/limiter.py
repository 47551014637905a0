"""The rate limiter: GCRA as one atomic script in Redis; while Redis is unavailable, each process counts by itself.

Each process continues from the last count of Redis, so that a caller gets no more than the limit from each process.
"""

import hashlib
import itertools
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.cache.client import RedisClient, mget_values
from app.cache.rejected_sessions import RejectedSessions
from app.config import Bucket

if TYPE_CHECKING:
    import redis

# A key holds the theoretical arrival time of the next request, in whole microseconds of Redis's own clock. A value that
# no limiter can have written, such as text, is ignored and overwritten.
# Returns {requests left, microseconds until the bucket is full, microseconds to wait or 0, the new arrival time or 0}.
SCRIPT = """
local interval, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local held = redis.pcall('GET', KEYS[1])
if type(held) == 'table' and not string.find(held.err, 'WRONGTYPE') then return held end
held = tonumber(held)
local arrival = now
if held and held > now and held <= now + 2 * tolerance then arrival = held end
local wait = arrival + interval - tolerance - now
if wait > 0 then return {0, arrival - now, wait, 0} end
arrival = arrival + interval
redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
return {math.floor((tolerance - (arrival - now)) / interval), arrival - now, 0, arrival}
"""
# Gives one request back whose arrival time the script above has returned. If the bucket has been full since then, there
# is nothing to give back: arrival times differ by whole intervals until the bucket is full, and hardly ever after.
GIVE_BACK_SCRIPT = """
local interval, taken = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local held = redis.pcall('GET', KEYS[1])
if type(held) == 'table' then return 0 end
held = tonumber(held)
if not held or held <= now or (held - taken) % interval ~= 0 then return 0 end
local arrival = math.max(held - interval, now + 1)
redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
return 1
"""
SCRIPT_SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
_MAX_LOCAL = 100_000

Counts = tuple[int, int, int, int]  # as the script returns them


@dataclass(frozen=True, slots=True)
class LimitState:
    """The state of a bucket after a request.

    Attributes:
        remaining: requests that may follow at once.
        reset_seconds: until the bucket is full again.
        retry_seconds: how long to wait; 0: the request is within the limit.
        arrival: the arrival time that `transfer` needs.
    """

    remaining: int
    reset_seconds: int
    retry_seconds: int
    arrival: int = 0


class Limiter:
    """Counts requests by bucket and caller.

    Args:
        cache: shares the counts between processes.
        clock: seconds, for the counts of this process.

    Attributes:
        rejected_sessions: sessions whose requests are counted by network.
    """

    def __init__(self, cache: RedisClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._cache = cache
        self._clock = clock
        self._local: OrderedDict[tuple[str, str], int] = OrderedDict()
        self.rejected_sessions = RejectedSessions()
        self._lock = threading.Lock()

    def consume(self, name: str, caller: str, bucket: Bucket) -> LimitState:
        """Consume one request of the caller's bucket.

        Args:
            name: the name of the bucket in `x-rate-limit`.
            caller: an account id or a client network.
        """
        key = f"{self._cache.prefix}:limit:{name}:{caller}"
        interval, tolerance = _rate(bucket)
        response = self._cache.execute(lambda client: _consume(client, key, interval, tolerance))
        if response is None:
            return _state(self._consume_locally(name, caller, interval, tolerance))
        self._remember(name, caller, response)
        return _state(response)

    def consume_and_read(
        self, name: str, caller: str, bucket: Bucket, keys: "Callable[[redis.Redis], Sequence[str]]"
    ) -> tuple[LimitState, list[bytes | None] | None]:
        """Consume one request, as `consume`, and read keys in the same round trip.

        Args:
            keys: called with the client; returns the keys to read.

        Returns:
            The state of the bucket, and the values; None instead of the values if Redis is unavailable.
        """
        key = f"{self._cache.prefix}:limit:{name}:{caller}"
        interval, tolerance = _rate(bucket)
        response = self._cache.execute(lambda client: _consume_and_read(client, key, interval, tolerance, keys(client)))
        if response is None:
            return _state(self._consume_locally(name, caller, interval, tolerance)), None
        counts, values = response
        self._remember(name, caller, counts)
        return _state(counts), values

    def transfer(self, name: str, caller: str, bucket: Bucket, consumed: LimitState, other: str) -> LimitState:
        """Give back a consumed request, and consume one of another caller's bucket, in one round trip.

        Nothing is given back if the bucket has been full in the meantime.

        Args:
            consumed: what `consume` returned for the request with the same arguments.
            other: the caller that the request counts for instead.
        """
        keys = [f"{self._cache.prefix}:limit:{name}:{each}" for each in (caller, other)]
        interval, tolerance = _rate(bucket)
        response = self._cache.execute(lambda client: _transfer(client, keys, interval, tolerance, consumed.arrival))
        self._give_back_locally(name, caller, interval, None if response else consumed.arrival)
        if response is None:
            return _state(self._consume_locally(name, other, interval, tolerance))
        self._remember(name, other, response)
        return _state(response)

    def _give_back_locally(self, name: str, caller: str, interval: int, consumed: int | None) -> None:
        now = int(self._clock() * 1e6)
        with self._lock:
            arrival = self._local.get((name, caller), now)
            if arrival > now and (consumed is None or (arrival - consumed) % interval == 0):
                self._local[(name, caller)] = max(arrival - interval, now)

    def _consume_locally(self, name: str, caller: str, interval: int, tolerance: int) -> Counts:
        now = int(self._clock() * 1e6)
        with self._lock:
            arrival = max(self._local.pop((name, caller), now), now)
            wait = arrival + interval - tolerance - now
            new = arrival if wait > 0 else arrival + interval
            self._store((name, caller), new, now)
        if wait > 0:
            return 0, arrival - now, wait, 0
        return (tolerance - (new - now)) // interval, new - now, 0, new

    def _remember(self, name: str, caller: str, counts: Counts) -> None:
        """Store the count of Redis, so that this process gives no second full bucket when Redis is unavailable."""
        now = int(self._clock() * 1e6)
        with self._lock:
            # Threads may store responses in another order than Redis sent them.
            self._store((name, caller), max(self._local.pop((name, caller), now), now + counts[1]), now)

    def _store(self, key: tuple[str, str], arrival: int, now: int) -> None:
        self._local[key] = arrival
        # Check two of the oldest for each new one: buckets that are full again are removed, so the table stays small.
        for oldest in tuple(itertools.islice(self._local, 2)):
            if self._local[oldest] <= now or len(self._local) > _MAX_LOCAL:
                del self._local[oldest]


def _rate(bucket: Bucket) -> tuple[int, int]:
    """Return interval and tolerance of GCRA in whole microseconds, since fractions would give wrong counts."""
    interval = math.ceil(bucket.seconds * 1_000_000 / bucket.count)
    return interval, interval * bucket.size


def _state(counts: Counts) -> LimitState:
    remaining, reset, wait, arrival = counts
    return LimitState(remaining, math.ceil(reset / 1e6), math.ceil(wait / 1e6), arrival)


def _consume(client: "redis.Redis", key: str, interval: int, tolerance: int) -> Counts:
    try:
        response = client.evalsha(SCRIPT_SHA, 1, key, interval, tolerance)
    except Exception as error:
        if not _is_unknown_script(error):
            raise
        response = client.eval(SCRIPT, 1, key, interval, tolerance)
    return _counts(response)


def _transfer(client: "redis.Redis", keys: Sequence[str], interval: int, tolerance: int, consumed: int) -> Counts:
    with client.pipeline(transaction=False) as pipe:
        pipe.eval(GIVE_BACK_SCRIPT, 1, keys[0], interval, consumed)
        pipe.eval(SCRIPT, 1, keys[1], interval, tolerance)
        return _counts(pipe.execute()[-1])


def _consume_and_read(
    client: "redis.Redis", key: str, interval: int, tolerance: int, keys: Sequence[str]
) -> tuple[Counts, list[bytes | None]]:
    with client.pipeline(transaction=False) as pipe:
        pipe.evalsha(SCRIPT_SHA, 1, key, interval, tolerance)
        pipe.mget(keys)
        counts, values = pipe.execute(raise_on_error=False)
    if isinstance(counts, Exception) and _is_unknown_script(counts):
        counts = client.eval(SCRIPT, 1, key, interval, tolerance)
    for response in (counts, values):
        if isinstance(response, Exception):
            raise response
    return _counts(counts), mget_values(values, len(keys))


def _is_unknown_script(response: Any) -> bool:
    from redis.exceptions import NoScriptError

    return isinstance(response, NoScriptError)


def _counts(response: Any) -> Counts:
    remaining, reset, wait, arrival = response
    return int(remaining), int(reset), int(wait), int(arrival)
