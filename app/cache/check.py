"""A health check of Redis beyond a ping: it runs every command that we use once, on keys that expire soon.

It has a separate connection. Its result does not stop requests from using a cache that works in part.
"""

from typing import TYPE_CHECKING
from uuid import uuid4

from app.cache.client import RedisClient
from app.cache.limiter import SCRIPT, SCRIPT_SHA

if TYPE_CHECKING:
    import redis

_LIFETIME_MS = 1000
# Redis runs another script, which will end.
_BUSY = "BUSY"
# A bucket of one request in a second, in microseconds.
_INTERVAL = 1_000_000


def find_cache_fault(cache: RedisClient) -> str | None:
    """Return why Redis does not run all our commands, for example because it is full or a replica; None if it does.

    Raises:
        redis.RedisError, OSError: there is no response, or not in time.
    """
    from redis.exceptions import ResponseError

    try:
        with cache.separate_client() as client:
            run_all_commands(client, prefix=cache.prefix)
    except ResponseError as error:
        message = (str(error).splitlines() or [""])[0]
        if message.startswith(_BUSY):
            raise
        return f"{type(error).__name__}: {message}"
    return None


def run_all_commands(client: "redis.Redis", *, prefix: str) -> None:
    """Run all commands of the limiter and the store.

    Raises:
        redis.RedisError: a command was rejected, or there was no response.
    """
    name = f"{prefix}:health:{uuid4()}"
    counter, tag, entry = f"{name}:limit", f"{name}:tag", f"{name}:entry"
    with client.pipeline(transaction=False) as pipe:
        pipe.ping()
        pipe.set(tag, b"version", nx=True, px=_LIFETIME_MS)
        pipe.set(entry, b"value", px=_LIFETIME_MS)
        pipe.expire(tag, 1)
        pipe.mget([entry, tag])
        pipe.eval(SCRIPT, 1, counter, _INTERVAL, _INTERVAL)
        pipe.evalsha(SCRIPT_SHA, 1, counter, _INTERVAL, _INTERVAL)
        pipe.execute()
