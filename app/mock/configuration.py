"""The configuration of the mock: that of a server, with keys that are thrown away, and without database and Redis."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from app import declared_numbers
from app.config import Config

# What the environment of a real deployment may hold, and the mock must not use.
_LEFT_OUT = frozenset(
    {
        "CHARTER_ENV", "CHARTER_GATEWAY", "CHARTER_STATE", "CHARTER_ADMIN_EMAIL", "CHARTER_ADMIN_PASSWORD",
        "DATABASE_URL", "REDIS_URL", "JWT_SECRET", "JWT_SECRET_PREVIOUS", "REFRESH_KEYS", "METRICS_TOKEN",
        "METRICS_DIR", "HOST", "PORT", "WORKERS", "TRUSTED_PROXIES", "BCRYPT_COST",
    }
)  # fmt: skip
_WIDE = "10000/60"


class NotForProductionError(Exception):
    """The environment is that of a production."""


@dataclass(frozen=True, slots=True)
class MockOptions:
    """What a mock is told when it starts.

    Attributes:
        seed: decides what is made up; the same seed makes the same.
        accounts: how many accounts there are at the start.
        max_rows: rows of each kind that are kept.
        max_delay: the longest delay in seconds that a request may ask for.
    """

    seed: int = 1
    accounts: int = 45
    max_rows: int = 10_000
    max_delay: float = 10


def read_config(environ: Mapping[str, str], *, host: str, port: int) -> Config:
    """Return the configuration.

    Args:
        environ: limits, lifetimes, CORS and logging are read from it; rate limits that it does not name are wide.

    Raises:
        NotForProductionError: CHARTER_ENV is production.
        ConfigError: a variable is wrong.
    """
    if environ.get("CHARTER_ENV", "").strip() == "production":
        raise NotForProductionError
    kept = {name: value for name, value in environ.items() if name not in _LEFT_OUT and value.strip()}
    sent = kept.get("CORS_REQUEST_HEADERS", str(Config().cors_request_headers))
    read = kept.get("CORS_EXPOSED_HEADERS", str(Config().cors_exposed_headers))
    return Config.from_environment(
        {
            **{one.variable: _WIDE for one in declared_numbers.read().of("rate_limits")},
            # A request that asks for a delay holds one.
            "WORKER_THREADS": "64",
            **kept,
            # Pages may send the header that asks for a response, and read the one that says what was done.
            "CORS_REQUEST_HEADERS": f"{sent}, prefer",
            "CORS_EXPOSED_HEADERS": f"{read}, preference-applied",
            "CHARTER_ENV": "development",
            # Never connected to: nothing of the mock opens a connection.
            "DATABASE_URL": "postgresql:///",
            "JWT_SECRET": secrets.token_urlsafe(48),
            "REFRESH_KEYS": f"mock:{secrets.token_urlsafe(48)}",
            "BCRYPT_COST": "4",
            "HOST": host,
            "PORT": str(port),
        }
    )
