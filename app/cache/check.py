"""A deeper look at Redis than a ping: everything that is done with it is done once, on keys that are gone soon after.

It has a connection of its own. What it finds does not keep requests from a cache that serves them in part.
"""

from uuid import uuid4

import redis

from app.cache.client import Cache
from app.cache.limiter import SCRIPT, SCRIPT_SHA

_LIVE_MS = 1000
# It runs somebody's script, which ends.
_BUSY = "BUSY"
# A bucket of one request in a second.
_INTERVAL = 1_000_000


def find_cache_fault(cache: Cache) -> str | None:
    """Return why Redis does not do all that is asked of it, such as that it is full or a replica; None when it does.

    Raises:
        redis.RedisError, OSError: it does not answer, or not in time.
    """
    try:
        with cache.separate_client() as client:
            run_all_commands(client, prefix=cache.prefix)
    except redis.exceptions.ResponseError as error:
        told = (str(error).splitlines() or [""])[0]
        if told.startswith(_BUSY):
            raise
        return f"{type(error).__name__}: {told}"
    return None


def run_all_commands(client: redis.Redis, *, prefix: str) -> None:
    """Do what limiter and store do.

    Raises:
        redis.RedisError: one of it was refused, or there was no answer.
    """
    name = f"{prefix}:health:{uuid4()}"
    counter, tag, entry = f"{name}:limit", f"{name}:tag", f"{name}:entry"
    with client.pipeline(transaction=False) as pipe:
        pipe.ping()
        pipe.set(tag, b"version", nx=True, px=_LIVE_MS)
        pipe.set(entry, b"value", px=_LIVE_MS)
        pipe.expire(tag, 1)
        pipe.mget([entry, tag])
        pipe.eval(SCRIPT, 1, counter, _INTERVAL, _INTERVAL)
        pipe.evalsha(SCRIPT_SHA, 1, counter, _INTERVAL, _INTERVAL)
        pipe.execute()
