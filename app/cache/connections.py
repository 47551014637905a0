"""Connections to Redis, as the client of the cache needs them. To import this takes a tenth of a second."""

import re
from typing import Any

import redis
from redis.client import Pipeline

_RUN_ID = re.compile(rb"^run_id:([0-9a-zA-Z]+)\r?$", re.MULTILINE)


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
