"""The Redis client: short waits, and a pause after a failure so that a slow Redis costs one wait, not one a request."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import redis
import structlog
from redis.client import Pipeline

T = TypeVar("T")

PAUSE_SECONDS = 1.0

_RUN = re.compile(rb"^run_id:([0-9a-zA-Z]+)\r?$", re.MULTILINE)

log = structlog.get_logger("charter.cache")


def mget_values(answer: Any, number: int) -> list[bytes | None]:
    """Return the answer to MGET.

    Raises:
        TypeError: it is not a value or nothing for each key.
    """
    if not isinstance(answer, list) or len(answer) != number:
        raise TypeError("no answer to MGET")
    if not all(value is None or isinstance(value, bytes) for value in answer):
        raise TypeError("no values of ours")
    return answer


class _Pipeline(Pipeline):
    """A pipeline that is executed once, on the connection of its client."""

    def reset(self) -> None:  # type: ignore[override]  # the stubs take it for the command RESET
        """Leave the connection with the client; redis-py would return it to the pool."""
        self.connection = None
        super().reset()


class _Client(redis.Redis):
    """The client of one thread; it keeps its connection until the thread closes it or the process ends."""

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Return a pipeline on the connection of this client.

        redis-py would take another connection from the pool, and that one may lead to a later run of the server than
        the one whose key names the caller has just asked for.
        """
        pipeline = _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipeline.connection = self.connection
        return pipeline

    def __del__(self) -> None:
        """Leave the connection in the pool's list.

        redis-py would return it, and wait for the lock of the pool. It would wait forever if the interpreter has
        stopped the thread that holds the lock, as it does with daemon threads when the process ends.
        """


def server_run_id(client: redis.Redis) -> str:
    """Return what tells the life of this server from its earlier ones, and from that of a replica in its place.

    Empty where the server does not say.
    """
    return str(getattr(client.connection, "server_run", ""))


class Cache:
    """A connection to Redis for each thread, which all know when Redis is away.

    Args:
        url: redis://, rediss:// or unix://; empty: always away.
        timeout_ms: longest wait for a connection or an answer.
        prefix: first part of every key.
        on_failure: called for each question that got no answer.
    """

    def __init__(
        self, url: str, *, timeout_ms: int, prefix: str, on_failure: Callable[[], object] | None = None
    ) -> None:
        self.prefix = prefix
        self._on_failure = on_failure
        self.configured = bool(url)
        self._pause_until = 0.0
        self._away = False
        self._lock = threading.Lock()
        self._mine = threading.local()
        # Raised by a failure: connections of earlier epochs are not used again.
        self._epoch = 0
        self._url, self._seconds = url, timeout_ms / 1000
        self._pool = self._new_pool() if url else None

    def execute(self, question: Callable[[redis.Redis], T]) -> T | None:
        """Put a question to Redis; None when it is away, was away a moment ago, or answers with an error.

        Args:
            question: gets the client; one round trip.
        """
        if self._pool is None or time.monotonic() < self._pause_until:
            return None
        try:
            answer = question(self._client(self._pool))
        except Exception as error:  # noqa: BLE001 (away, slow, full or no Redis at all: whatever it is, we go without it)
            self._mark_away(error)
            if self._on_failure is not None:
                self._on_failure()
            return None
        if self._away:
            self._mark_back()
        return answer

    def is_up(self) -> bool:
        """Ask for a sign of life, for the health report."""
        return self.execute(lambda client: client.ping()) is not None

    @contextmanager
    def separate_client(self) -> Iterator[redis.Redis]:
        """Give a client with a connection of its own; its failures do not count as those of the cache."""
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

    def _new_pool(self) -> redis.ConnectionPool:
        return redis.ConnectionPool.from_url(
            self._url,
            socket_timeout=self._seconds,
            socket_connect_timeout=self._seconds,
            retry=None,
            redis_connect_func=_greet,
        )

    def _client(self, pool: redis.ConnectionPool) -> redis.Redis:
        # A client that keeps its connection spares the pool's check-out, which costs as much as the question.
        epoch, client = getattr(self._mine, "held", (None, None))
        if client is None or epoch != self._epoch:
            if client is not None:
                client.close()
            client = _Client(connection_pool=pool, single_connection_client=True)
            self._mine.held = (self._epoch, client)
        return client

    def _mark_away(self, error: Exception) -> None:
        with self._lock:
            self._pause_until = time.monotonic() + PAUSE_SECONDS
            self._epoch += 1
            first, self._away = not self._away, True
        if first:
            log.warning("cache_away", error=type(error).__name__, fix="start Redis or check REDIS_URL")

    def _mark_back(self) -> None:
        with self._lock:
            was_away, self._away = self._away, False
        if was_away:
            log.info("cache_back")


def _greet(connection: Any) -> None:
    """Do what redis-py does on a new connection, and ask the server for its run."""
    connection.on_connect()
    connection.send_command("INFO", "server", check_health=False)
    try:
        found = _RUN.search(connection.read_response())
    except redis.exceptions.ConnectionError:
        raise
    except (redis.exceptions.ResponseError, TypeError):  # not allowed, or no such command
        found = None
    connection.server_run = found[1].decode() if found else ""
