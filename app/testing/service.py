"""A running server for tests: the whole application behind a real socket, with a clock that tests move."""

import secrets
import socket
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn

from app.config import Config
from app.factory import create_app
from app.gateway.http.protocol import protocol_factory
from app.observability import logging

_LONGEST_START_SECONDS = 60
_WIDE = "100000/60"


class Clock:
    """The present moment of the server and of the database, which a test can stop and move.

    Example:
        `clock.stop()`, then `clock.advance(days=1)`.
    """

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._stopped: datetime | None = None

    def __call__(self) -> datetime:
        """Return the aware present moment in UTC."""
        return (self._stopped or datetime.now(UTC)) + self._ahead

    def moment(self) -> datetime | None:
        """Return what the database takes for the present; None while this is the real time."""
        return self() if self._stopped or self._ahead else None

    def stop(self) -> None:
        """Stand still; `advance` still moves the time."""
        self._stopped = datetime.now(UTC)

    def advance(self, **span: float) -> None:
        """Move on by the arguments of a timedelta, such as minutes=16."""
        self._ahead += timedelta(**span)

    def reset(self) -> None:
        """Return to the real time."""
        self._ahead, self._stopped = timedelta(), None


def config_for(database_url: str, redis_url: str, more: Mapping[str, str]) -> Config:
    """Return a configuration with cheap password hashes and wide rate limits.

    Args:
        more: environment variables that replace those of this function.
    """
    variables = {
        "CHARTER_ENV": "test",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "JWT_SECRET": secrets.token_hex(32),
        "REFRESH_KEYS": f"k1:{secrets.token_hex(32)}",
        "BCRYPT_COST": "4",
        "LOG_LEVEL": "error",
        "CACHE_REPLAY_SECONDS": "3600",
        "HEALTH_SECONDS": "3600",
        # A busy machine responds late, and a test is not about that.
        "REDIS_TIMEOUT_MS": "2000",
    }
    buckets = Config.from_environment(variables).buckets
    wide = {f"LIMIT_{name.upper()}": _WIDE for name in buckets}
    return Config.from_environment({**variables, **wide, **more})


class Service:
    """The application, which listens on a free port of the loopback until it is closed.

    Args:
        clock: its clock; None: a new one.
        log: the descriptor that it logs to.
        options: more arguments of `make_app`, such as `project`.

    Attributes:
        url: where it listens.
        clock: its clock.
        app: the application.
    """

    def __init__(self, config: Config, *, clock: Clock | None = None, log: int = 2, **options: Any) -> None:
        self.config = config
        self.clock = clock or Clock()
        logging.configure(config, descriptor=log)
        self.app = self.make_app(**options)
        protocol: Any = protocol_factory(config)  # uvicorn calls it as it would a class
        # Said in full: asyncio sends small responses at once only where the protocol is named.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                self.app,
                http=protocol,
                loop="asyncio",
                lifespan="on",
                ws="none",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
            )
        )
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        latest = time.monotonic() + _LONGEST_START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > latest:
                raise RuntimeError("the server did not start")
            time.sleep(0.005)

    def make_app(self, **options: Any) -> Any:
        """Return the application to serve."""
        return create_app(self.config, clock=self.clock, **options)

    def client(self, token: str | None = None) -> httpx.Client:
        """Return a client of this server, with an access token or without."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # There is no TLS here, and loading its certificates would take 50 ms each time.
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=False)  # noqa: S501

    def close(self) -> None:
        """Stop listening and wait for the end."""
        self._server.should_exit = True
        self._thread.join(timeout=20)
        self._socket.close()
