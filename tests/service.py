"""A running Charter for tests: the real application behind a real socket, with a clock that tests move."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx

from app.config import Config
from app.testing import service as testing
from tests import leaks
from tests.limits import WIDE_LIMITS

SECRET, REFRESH_SECRET, _ = leaks.ALWAYS
REFRESH_KEYS = f"k1:{REFRESH_SECRET}"


class Clock(testing.Clock):
    """The present moment, as the tests want it.

    Attributes:
        wrong: by how much the machine's clock is ahead of everybody else's.
    """

    def __init__(self) -> None:
        super().__init__()
        self.wrong = timedelta()

    def __call__(self) -> datetime:
        return super().__call__() + self.wrong

    def moment(self) -> datetime | None:
        """Return what the database is to take for the present: where time was not moved, what its clock says."""
        moved = super().moment()
        return moved - self.wrong if moved else None

    def wrong_by(self, **span: float) -> None:
        """Have the machine tell a wrong time, which the database and other machines do not share."""
        self.wrong = timedelta(**span)

    def reset(self) -> None:
        """Return to the real moment, and go on."""
        super().reset()
        self.wrong = timedelta()


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


class Service(testing.Service):
    """An application that logs where secrets are looked for, and whose clients learn them."""

    clock: Clock

    def __init__(self, config: Config, **options: Any) -> None:
        super().__init__(config, clock=Clock(), log=leaks.LOG, **options)
        leaks.keep_log(config)

    def client(self, token: str | None = None) -> httpx.Client:
        """Return a client of this service, with an access token or without."""
        client = super().client(token)
        client.event_hooks = {"response": [leaks.learn]}
        return client


@contextmanager
def running(config: Config, **options: Any) -> Iterator[Service]:
    """Run a service for the length of a block."""
    service = Service(config, **options)
    try:
        yield service
    finally:
        service.close()
