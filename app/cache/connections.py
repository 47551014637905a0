"""Connections to Redis, as the client of the cache needs them. To import this takes a tenth of a second."""

import re
from typing import Any

import redis
from redis.client import Pipeline

_RUN_ID = re.compile(rb"^run_id:([0-9a-zA-Z]+)\r?$", re.MULTILINE)
_UNLIMITED = 2**31
# Each thread has a connection with a buffer of this size, which is four times as large in redis-py. Few responses are
# larger, and those take more than one read.
_READ_BYTES = 16 * 1024


class _Pipeline(Pipeline):
    """A pipeline that is executed once, on the connection of its client."""

    def reset(self) -> None:  # type: ignore[override]  # the stubs take it for the command RESET
        """Leave the connection with the client; redis-py would return it to the pool."""
        self.connection = None
        super().reset()


class Client(redis.Redis):
    """The client of one thread; it keeps its connection until the thread closes it or the process ends."""

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Return a pipeline on the connection of this client.

        redis-py would take another connection from the pool, and that one may lead to a later run of the server than
        the one whose key names the caller has just asked for.
        """
        pipeline = _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipeline.connection = self.connection
        return pipeline

    def send(self, commands: bytes, number: int) -> list[Any]:
        """Send packed commands at once, and return their responses in order.

        redis-py's `execute_command` and pipelines do the same, and need more than twice the time of the processor.

        Args:
            commands: made with `app.cache.commands`.
            number: how many there are.

        Returns:
            One response for each command; a `ResponseError` for a command that Redis rejected.

        Raises:
            redis.RedisError: there is no response, or it is not one of Redis.
        """
        connection: Any = self.connection
        connection.send_packed_command((commands,))
        responses: list[Any] = []
        for _ in range(number):
            try:
                responses.append(connection.read_response())
            except redis.exceptions.ResponseError as error:
                responses.append(error)
        if connection.should_reconnect():  # the server has said that it will go away
            connection.disconnect()
            connection.connect()
        return responses

    def __del__(self) -> None:
        """Leave the connection in the pool's list.

        redis-py would return it, and wait for the lock of the pool. It would wait forever if the interpreter has
        stopped the thread that holds the lock, as it does with daemon threads when the process ends.
        """


def new_pool(url: str, seconds: float) -> redis.ConnectionPool:
    """Return a pool of connections that know the run id of their server.

    Args:
        seconds: longest wait for a connection or a response.
    """
    return redis.ConnectionPool.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        socket_read_size=_READ_BYTES,
        # The number of threads is the limit: redis-py's own, of a hundred, is lower than WORKER_THREADS may be.
        max_connections=_UNLIMITED,
        retry=None,
        redis_connect_func=_on_connect,
    )


def _on_connect(connection: Any) -> None:
    """Do what redis-py does on a new connection, and read the run id of the server."""
    connection.on_connect()
    connection.send_command("INFO", "server", check_health=False)
    try:
        match = _RUN_ID.search(connection.read_response())
    except redis.exceptions.ConnectionError:
        raise
    except (redis.exceptions.ResponseError, TypeError):  # the command is not allowed or unknown
        match = None
    connection.server_run = match[1].decode() if match else ""
