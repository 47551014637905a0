"""The rate limiter: GCRA as one atomic script in Redis; while Redis is away, the same rule for each process alone.

Each process goes on from the last count that Redis told it, so that a caller gets no more than the limit from each.
"""

import hashlib
import itertools
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from app.cache.client import Cache, mget_values
from app.cache.refused_sessions import RefusedSessions
from app.config import Bucket

# One key holds the theoretical arrival time of the next request, in whole microseconds of Redis's own clock. What no
# limiter can have written there, not-a-number among it, counts as nothing and is written over.
# Returns {requests left, microseconds until the bucket is full again, microseconds to wait or 0, that time or 0}.
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
# Gives one request back, of which the script above has returned the time. Where the bucket has been full since, that
# request has come back by itself: times of one stretch are whole intervals apart, those of two stretches hardly ever.
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
    """What is left of a bucket after a request.

    Attributes:
        remaining: requests that may follow at once.
        reset_seconds: until the bucket is full again.
        retry_seconds: how long to wait; 0: the request is within the limit.
        until: what `take_instead` needs.
    """

    remaining: int
    reset_seconds: int
    retry_seconds: int
    until: int = 0


class Limiter:
    """Counts requests by bucket and caller.

    Args:
        cache: where the counts are shared between processes.
        clock: seconds, for the counts of this process alone.

    Attributes:
        refused: sessions that are counted by network.
    """

    def __init__(self, cache: Cache, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._cache = cache
        self._clock = clock
        self._local: OrderedDict[tuple[str, str], int] = OrderedDict()
        self.refused_sessions = RefusedSessions()
        self._lock = threading.Lock()

    def consume(self, name: str, who: str, bucket: Bucket) -> LimitState:
        """Take one request from the caller's bucket.

        Args:
            name: the bucket's name in `x-rate-limit`.
            who: an account id or a client network.
        """
        key = f"{self._cache.prefix}:limit:{name}:{who}"
        interval, tolerance = _rate(bucket)
        answer = self._cache.execute(lambda client: _ask(client, key, interval, tolerance))
        if answer is None:
            return _taken(self._take_here(name, who, interval, tolerance))
        self._remember(name, who, answer)
        return _taken(answer)

    def consume_and_read(
        self, name: str, who: str, bucket: Bucket, keys: Callable[[redis.Redis], Sequence[str]]
    ) -> tuple[LimitState, list[bytes | None] | None]:
        """As `take`, and in the same round trip read keys.

        Args:
            keys: gets the client that reads them.

        Returns:
            What is left, and the values; None in their place when Redis is away.
        """
        key = f"{self._cache.prefix}:limit:{name}:{who}"
        interval, tolerance = _rate(bucket)
        answer = self._cache.execute(lambda client: _ask_and_read(client, key, interval, tolerance, keys(client)))
        if answer is None:
            return _taken(self._take_here(name, who, interval, tolerance)), None
        counts, values = answer
        self._remember(name, who, counts)
        return _taken(counts), values

    def transfer(self, name: str, who: str, bucket: Bucket, taken: LimitState, other: str) -> LimitState:
        """Give back a request that was taken, and take it from another caller's bucket, in one round trip.

        It is given back as far as it has not come back by itself meanwhile.

        Args:
            taken: what `take` returned for it, with the same arguments.
            other: who is counted in its place.
        """
        key, theirs = (f"{self._cache.prefix}:limit:{name}:{caller}" for caller in (who, other))
        interval, tolerance = _rate(bucket)
        answer = self._cache.execute(lambda client: _ask_instead(client, key, theirs, interval, tolerance, taken.until))
        self._give_back_here(name, who, interval, None if answer else taken.until)
        if answer is None:
            return _taken(self._take_here(name, other, interval, tolerance))
        self._remember(name, other, answer)
        return _taken(answer)

    def _give_back_here(self, name: str, who: str, interval: int, until: int | None) -> None:
        now = int(self._clock() * 1e6)
        with self._lock:
            held = self._local.get((name, who), now)
            if held > now and (until is None or (held - until) % interval == 0):
                self._local[(name, who)] = max(held - interval, now)

    def _take_here(self, name: str, who: str, interval: int, tolerance: int) -> Counts:
        now = int(self._clock() * 1e6)
        with self._lock:
            arrival = max(self._local.pop((name, who), now), now)
            wait = arrival + interval - tolerance - now
            taken = arrival if wait > 0 else arrival + interval
            self._keep((name, who), taken, now)
        if wait > 0:
            return 0, arrival - now, wait, 0
        return (tolerance - (taken - now)) // interval, taken - now, 0, taken

    def _remember(self, name: str, who: str, counts: Counts) -> None:
        """Keep what Redis has counted: when it goes away, nobody is given a second full bucket by this process."""
        now = int(self._clock() * 1e6)
        with self._lock:
            # Answers may be remembered in another order than they were given in.
            self._keep((name, who), max(self._local.pop((name, who), now), now + counts[1]), now)

    def _keep(self, key: tuple[str, str], arrival: int, now: int) -> None:
        self._local[key] = arrival
        # Two of the oldest for each that comes: what is full again goes, so that no more stay than asked of late.
        for oldest in tuple(itertools.islice(self._local, 2)):
            if self._local[oldest] <= now or len(self._local) > _MAX_LOCAL:
                del self._local[oldest]


def _rate(bucket: Bucket) -> tuple[int, int]:
    """Return GCRA's interval and tolerance in microseconds: whole ones, since fractions would miscount what is left."""
    interval = math.ceil(bucket.seconds * 1_000_000 / bucket.count)
    return interval, interval * bucket.size


def _taken(counts: Counts) -> LimitState:
    remaining, reset, wait, until = counts
    return LimitState(remaining, math.ceil(reset / 1e6), math.ceil(wait / 1e6), until)


def _ask(client: redis.Redis, key: str, interval: int, tolerance: int) -> Counts:
    try:
        answer = client.evalsha(SCRIPT_SHA, 1, key, interval, tolerance)
    except redis.exceptions.NoScriptError:
        answer = client.eval(SCRIPT, 1, key, interval, tolerance)
    return _counts(answer)


def _ask_instead(client: redis.Redis, key: str, theirs: str, interval: int, tolerance: int, until: int) -> Counts:
    with client.pipeline(transaction=False) as pipe:
        pipe.eval(GIVE_BACK_SCRIPT, 1, key, interval, until)
        pipe.eval(SCRIPT, 1, theirs, interval, tolerance)
        return _counts(pipe.execute()[-1])


def _ask_and_read(
    client: redis.Redis, key: str, interval: int, tolerance: int, keys: Sequence[str]
) -> tuple[Counts, list[bytes | None]]:
    with client.pipeline(transaction=False) as pipe:
        pipe.evalsha(SCRIPT_SHA, 1, key, interval, tolerance)
        pipe.mget(keys)
        counts, values = pipe.execute(raise_on_error=False)
    if isinstance(counts, redis.exceptions.NoScriptError):
        counts = client.eval(SCRIPT, 1, key, interval, tolerance)
    for answer in (counts, values):
        if isinstance(answer, Exception):
            raise answer
    return _counts(counts), mget_values(values, len(keys))


def _counts(answer: Any) -> Counts:
    left, reset, wait, until = answer
    return int(left), int(reset), int(wait), int(until)
