"""The probes of the health report: short questions to the database and the cache, and the checks in the background."""

from app.cache.check import find_cache_fault
from app.cache.client import RedisClient
from app.database import run, time_limit
from app.errors import Unavailable
from app.services.health import BackgroundCheck, CheckResult, Probes, check_database

_PROBE_SECONDS = 1.0


def build_probes(redis: RedisClient, every: float = 5) -> Probes:
    """Return what the health report checks.

    Args:
        every: seconds between two background checks.
    """

    def database() -> bool:
        try:
            with time_limit(_PROBE_SECONDS):
                return run("SELECT 1", retry_on_disconnect=True) == [(1,)]
        except Unavailable:
            return False

    return Probes(
        database=database,
        cache=lambda: redis.is_up() if redis.configured else None,
        database_check=BackgroundCheck("database", check_database, every_seconds=every),
        cache_check=BackgroundCheck("cache", lambda: CheckResult(find_cache_fault(redis)), every_seconds=every)
        if redis.configured
        else None,
    )
