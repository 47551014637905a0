"""The Redis client: short timeouts, and a pause after a failure, so that a slow Redis delays one request, not all."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

if TYPE_CHECKING:
    import redis

    from app.cache.connections import Client

T = TypeVar("T")

PAUSE_SECONDS = 1.0

log = structlog.get_logger("charter.cache")


def mget_values(response: Any, number: int) -> list[bytes | None]:
    """Return the response to MGET.

    Args:
        response: may be an error that the client returned instead of raising it.

    Raises:
        TypeError: it is not a list with one value or None for each key.
    """
    if isinstance(response, Exception):
        raise response
    if not isinstance(response, list) or len(response) != number:
        raise TypeError("The response to MGET has another length than the request.")
    if not all(value is None or isinstance(value, bytes) for value in response):
        raise TypeError("The response to MGET has a value that is not bytes.")
    return response


def server_run_id(client: "redis.Redis") -> str:
    """Return the run id of the server, which changes when it restarts or a replica replaces it.

    Empty if the server does not send one.
    """
    return str(getattr(client.connection, "server_run", ""))


class RedisClient:
    """One connection to Redis for each thread; all threads share the knowledge that Redis is unavailable.

    Args:
        url: redis://, rediss:// or unix://; empty: Redis is always unavailable.
        timeout_ms: longest wait for a connection or a response.
        prefix: first part of every key.
        on_failure: called for each command that failed.
    """

    def __init__(
        self, url: str, *, timeout_ms: int, prefix: str, on_failure: Callable[[], object] | None = None
    ) -> None:
        self.prefix = prefix
        self._on_failure = on_failure
        self.configured = bool(url)
        self._pause_until = 0.0
        self._unavailable = False
        self._lock = threading.Lock()
        self._of_thread = threading.local()
        # A failure increases it; connections of earlier epochs are not used again.
        self._epoch = 0
        self._url, self._seconds = url, timeout_ms / 1000
        self._pool = self._new_pool() if url else None

    def execute(self, command: "Callable[[Client], T]") -> T | None:
        """Call a function with the Redis client; return None if Redis is or was just unavailable, or returns an error.

        Args:
            command: called with the client; it makes one round trip.
        """
        if self._pool is None or time.monotonic() < self._pause_until:
            return None
        try:
            response = command(self._client(self._pool))
        except Exception as error:  # noqa: BLE001 (unavailable, slow, full or not a Redis: in every case we go on without it)
            self._mark_unavailable(error)
            if self._on_failure is not None:
                self._on_failure()
            return None
        if self._unavailable:
            self._mark_available()
        return response

    def is_up(self) -> bool:
        """Return whether Redis responds to a ping, for the health report."""
        return self.execute(lambda client: client.ping()) is not None

    @contextmanager
    def separate_client(self) -> "Iterator[redis.Redis]":
        """Yield a client with a separate connection; its failures do not count as failures of the cache."""
        import redis

        pool = self._new_pool()
        try:
            with redis.Redis(connection_pool=pool, single_connection_client=True) as client:
                yield client
        finally:
            pool.disconnect()

    def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            self._pool.disconnect()

    def _new_pool(self) -> "redis.ConnectionPool":
        # Where no Redis is configured, nothing of redis-py is imported.
        from app.cache.connections import new_pool

        return new_pool(self._url, self._seconds)

    def _client(self, pool: "redis.ConnectionPool") -> "Client":
        # The client keeps its connection: taking one from the pool costs as much as the command.
        epoch, client = getattr(self._of_thread, "client", (None, None))
        if client is None or epoch != self._epoch:
            if client is not None:
                client.close()
            from app.cache.connections import Client

            client = Client(connection_pool=pool, single_connection_client=True)
            self._of_thread.client = (self._epoch, client)
        return client

    def _mark_unavailable(self, error: Exception) -> None:
        with self._lock:
            self._pause_until = time.monotonic() + PAUSE_SECONDS
            self._epoch += 1
            is_first, self._unavailable = not self._unavailable, True
        if is_first:
            log.warning("cache_away", error=type(error).__name__, fix="start Redis or check REDIS_URL")

    def _mark_available(self) -> None:
        with self._lock:
            was_unavailable, self._unavailable = self._unavailable, False
        if was_unavailable:
            log.info("cache_back")
