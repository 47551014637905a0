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
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from app.cache.client import RedisClient, mget_values
from app.cache.commands import pack_arguments, pack_command
from app.cache.rejected_sessions import RejectedSessions
from app.config import Bucket

if TYPE_CHECKING:
    import redis

    from app.cache.connections import Client

# A key holds the theoretical arrival time of the next request, in whole microseconds of Redis's own clock. A value that
# no limiter can have written, such as text, is ignored and overwritten.
# Returns a text: requests left, microseconds until the bucket is full, to wait or 0, and the new arrival time or 0. A
# text is read in less than half the time that a list of four numbers takes.
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
if wait > 0 then return string.format('0 %.0f %.0f 0', arrival - now, wait) end
arrival = arrival + interval
redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
local left = math.floor((tolerance - (arrival - now)) / interval)
return string.format('%.0f %.0f 0 %.0f', left, arrival - now, arrival)
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

_EVALSHA = pack_arguments(b"EVALSHA", SCRIPT_SHA.encode(), b"1")
_ARGUMENTS = 6  # EVALSHA, the digest, the number of keys, the key, interval and tolerance

Counts = tuple[int, int, int, int]  # as the script returns them
KeysAndValues = tuple[Sequence[bytes], list[bytes | None]]


class LimitState(NamedTuple):
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


class Consumption(NamedTuple):
    """A request that is to be counted.

    Attributes:
        name: the name of the bucket in `x-rate-limit`.
        caller: an account id or a client network.
        read_keys: called with the client; returns keys of the cache to read in the same round trip. None: none.
    """

    name: str
    caller: str
    bucket: Bucket
    read_keys: "Callable[[Client], Sequence[bytes]] | None" = None


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
        return self.consume_all([Consumption(name, caller, bucket)])[0][0]

    def consume_all(self, wanted: Sequence["Consumption"]) -> list[tuple[LimitState, KeysAndValues | None]]:
        """Consume one request of each of these buckets, and read the keys that belong to them, in one round trip.

        Returns:
            For each its state, and its keys with their values; None in place of these if it has no keys or Redis is
            unavailable.
        """
        prefix = self._cache.prefix
        requests = [
            (f"{prefix}:limit:{one.name}:{one.caller}".encode(), _rate(one.bucket), one.read_keys) for one in wanted
        ]
        responses: Sequence[tuple[Counts | None, KeysAndValues | None]] | None = self._cache.execute(
            lambda client: _consume_all(client, requests)
        )
        if responses is None:
            responses = [(None, None)] * len(wanted)
        return [
            (self._counted(one.name, one.caller, rate, counts), found)
            for one, (_, rate, _), (counts, found) in zip(wanted, requests, responses, strict=True)
        ]

    def transfer(self, name: str, caller: str, bucket: Bucket, consumed: LimitState, other: str) -> LimitState:
        """Give back a consumed request, and consume one of another caller's bucket, in one round trip.

        Nothing is given back if the bucket has been full in the meantime.

        Args:
            consumed: what `consume` returned for the request with the same arguments.
            other: the caller that the request counts for instead.
        """
        keys = [f"{self._cache.prefix}:limit:{name}:{each}" for each in (caller, other)]
        rate = _rate(bucket)
        counts = self._cache.execute(lambda client: _transfer(client, keys, rate, consumed.arrival))
        self._give_back_locally(name, caller, rate.interval, None if counts else consumed.arrival)
        return self._counted(name, other, rate, counts)

    def _counted(self, name: str, caller: str, rate: "_Rate", counts: Counts | None) -> LimitState:
        """Return the state by the count of Redis; if there is none, count here."""
        if counts is None:
            counts = self._consume_locally(name, caller, rate.interval, rate.tolerance)
        else:
            self._remember(name, caller, counts)
        remaining, reset, wait, arrival = counts
        return LimitState(remaining, math.ceil(reset / 1e6), math.ceil(wait / 1e6), arrival)

    def _give_back_locally(self, name: str, caller: str, interval: int, consumed: int | None) -> None:
        now = int(self._clock() * 1e6)
        with self._lock:
            arrival = self._local.get((name, caller), now)
            if arrival > now and (consumed is None or (arrival - consumed) % interval == 0):
                self._local[(name, caller)] = max(arrival - interval, now)

    def _consume_locally(self, name: str, caller: str, interval: int, tolerance: int) -> Counts:
        now = int(self._clock() * 1e6)
        with self._lock:
            held = self._local.pop((name, caller), None)
            arrival = max(held or now, now)
            wait = arrival + interval - tolerance - now
            new = arrival if wait > 0 else arrival + interval
            self._local[(name, caller)] = new
            if held is None:
                self._forget_oldest(now)
        if wait > 0:
            return 0, arrival - now, wait, 0
        return (tolerance - (new - now)) // interval, new - now, 0, new

    def _remember(self, name: str, caller: str, counts: Counts) -> None:
        """Store the count of Redis, so that this process gives no second full bucket when Redis is unavailable."""
        now = int(self._clock() * 1e6)
        with self._lock:
            held = self._local.pop((name, caller), None)
            # Threads may store responses in another order than Redis sent them.
            self._local[(name, caller)] = max(held or now, now + counts[1])
            if held is None:
                self._forget_oldest(now)

    def _forget_oldest(self, now: int) -> None:
        # Check two of the oldest for each new one: buckets that are full again are removed, so the table stays small.
        for oldest in tuple(itertools.islice(self._local, 2)):
            if self._local[oldest] <= now or len(self._local) > _MAX_LOCAL:
                del self._local[oldest]


class _Rate(NamedTuple):
    """A bucket as the script takes it: in whole microseconds, since fractions would give wrong counts.

    Attributes:
        interval: between two requests at the rate of the bucket.
        tolerance: how long the whole bucket takes to fill.
        packed: both, as the last arguments of the script.
    """

    interval: int
    tolerance: int
    packed: bytes


# The key of the bucket, its rate, and what reads the keys of the cache.
_Request = tuple[bytes, _Rate, "Callable[[Client], Sequence[bytes]] | None"]


@cache
def _rate(bucket: Bucket) -> _Rate:
    interval = math.ceil(bucket.seconds * 1_000_000 / bucket.count)
    tolerance = interval * bucket.size
    return _Rate(interval, tolerance, pack_arguments(b"%d" % interval, b"%d" % tolerance))


def _consume_all(client: "Client", requests: "Sequence[_Request]") -> list[tuple[Counts, KeysAndValues | None]]:
    commands = []
    read = []
    for key, rate, read_keys in requests:
        commands.append(b"*%d\r\n%b%b%b" % (_ARGUMENTS, _EVALSHA, pack_arguments(key), rate.packed))
        keys = read_keys(client) if read_keys is not None else None
        read.append(keys)
        if keys is not None:
            commands.append(pack_command(b"MGET", *keys))
    responses = iter(client.send(b"".join(commands), len(commands)))
    found: list[tuple[Counts, KeysAndValues | None]] = []
    for (key, rate, _), keys in zip(requests, read, strict=True):
        counts = _counts(client, next(responses), key, rate)
        found.append((counts, None if keys is None else (keys, mget_values(next(responses), len(keys)))))
    return found


def _transfer(client: "redis.Redis", keys: Sequence[str], rate: _Rate, consumed: int) -> Counts:
    with client.pipeline(transaction=False) as pipe:
        pipe.eval(GIVE_BACK_SCRIPT, 1, keys[0], rate.interval, consumed)
        pipe.eval(SCRIPT, 1, keys[1], rate.interval, rate.tolerance)
        return _parse(pipe.execute()[-1])


def _counts(client: "redis.Redis", response: Any, key: bytes, rate: _Rate) -> Counts:
    """Return the counts in a response of the script; if Redis does not know it, send it in full."""
    if isinstance(response, Exception):
        from redis.exceptions import NoScriptError

        if not isinstance(response, NoScriptError):
            raise response
        response = client.eval(SCRIPT, 1, key, rate.interval, rate.tolerance)
    return _parse(response)


def _parse(response: Any) -> Counts:
    remaining, reset, wait, arrival = map(int, response.split())
    return remaining, reset, wait, arrival
