"""A running Charter for tests: the real application behind a real socket, with a clock that tests move."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn

from app.config import Config
from app.factory import create_app
from app.gateway.http.protocol import protocol_factory
from app.observability import logging
from tests import leaks
from tests.limits import WIDE_LIMITS
from tests.waiting import until

SECRET, REFRESH_SECRET, _ = leaks.ALWAYS
REFRESH_KEYS = f"k1:{REFRESH_SECRET}"


class Clock:
    """The present moment, as the tests want it.

    Attributes:
        wrong: by how much the machine's clock is ahead of everybody else's.
    """

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._stopped: datetime | None = None
        self.wrong = timedelta()

    def __call__(self) -> datetime:
        return (self._stopped or datetime.now(UTC)) + self._ahead + self.wrong

    def moment(self) -> datetime | None:
        """Return what the database is to take for the present: where time was not moved, what its clock says."""
        return self() - self.wrong if self._stopped or self._ahead else None

    def stop(self) -> None:
        """Stand still, so that a slow machine does not use up what a test measures; `advance` still moves."""
        self._stopped = datetime.now(UTC)

    def advance(self, **span: float) -> None:
        """Move on by a timedelta's arguments, such as minutes=16."""
        self._ahead += timedelta(**span)

    def wrong_by(self, **span: float) -> None:
        """Have the machine tell a wrong time, which the database and other machines do not share."""
        self.wrong = timedelta(**span)

    def reset(self) -> None:
        """Return to the real moment, and go on."""
        self._ahead, self._stopped, self.wrong = timedelta(), None, timedelta()


def config_for(**variables: str) -> Config:
    """Return settings for a test: cheap hashes, wide rate limits, and whatever else is given by variable name."""
    return Config.from_environment(
        {
            "CHARTER_ENV": "test",
            "JWT_SECRET": SECRET,
            "REFRESH_KEYS": REFRESH_KEYS,
            "BCRYPT_COST": "4",
            "LOG_LEVEL": "debug",
            "LOG_FORMAT": "json",
            # Background tasks that a test waits for are run by the test; here they would come in between.
            "CACHE_REPLAY_SECONDS": "3600",
            "HEALTH_SECONDS": "3600",
            # On a busy machine Redis responds late, and what is not stored for that reason is no fault.
            "REDIS_TIMEOUT_MS": "2000",
            **WIDE_LIMITS,
            **variables,
        }
    )


class Service:
    """An application that listens on a free port of the loopback until it is closed.

    Attributes:
        url: where it listens.
        clock: its clock.
    """

    def __init__(self, config: Config, **options: Any) -> None:
        self.config = config
        self.clock = Clock()
        logging.configure(config, descriptor=leaks.LOG)
        self.app = self.make_app(**options)
        # Said in full: asyncio sends small answers at once only where the protocol is named.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                self.app,
                http=protocol_factory(config),
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
        until(lambda: self._server.started or not self._thread.is_alive())
        if not self._server.started:
            raise RuntimeError("the service did not start")

    def make_app(self, **options: Any) -> Any:
        """Return the application to serve."""
        return create_app(self.config, clock=self.clock, **options)

    def client(self, token: str | None = None) -> httpx.Client:
        """Return a client of this service, with an access token or without."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # There is no TLS here, and loading its certificates would take 50 ms each time.
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=30, verify=False, event_hooks={"response": [leaks.learn]}
        )

    def close(self) -> None:
        """Stop listening and wait for the end."""
        self._server.should_exit = True
        self._thread.join(timeout=20)


@contextmanager
def running(config: Config, **options: Any) -> Iterator[Service]:
    """Run a service for the length of a block."""
    service = Service(config, **options)
    try:
        yield service
    finally:
        service.close()
