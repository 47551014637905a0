"""Fixtures of the tests of one operation: callers without a token, other settings, and an unavailable database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx
import pytest

from app.database import Database
from models.record import database as proxy
from tests.service import Service, config_for
from tests.service import running as serving

Variant = Callable[..., AbstractContextManager[Service]]
Away = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def anonymous(service: Service) -> Iterator[httpx.Client]:
    """A client without a token."""
    with service.client() as client:
        yield client


@pytest.fixture
def variant(service: Service, database_url: str) -> Variant:
    """Run a second service for the length of a block, on the same database and in the same mode.

    It takes settings by variable name, and has a clock of its own.
    """

    @contextmanager
    def run_variant(**variables: str) -> Iterator[Service]:
        common = {
            "DATABASE_URL": database_url,
            "REDIS_URL": service.config.redis_url,
            "CHARTER_GATEWAY": service.config.gateway,
        }
        ours = proxy.obj
        try:
            with serving(config_for(**{**common, **variables})) as other:
                yield other
        finally:
            proxy.initialize(ours)

    return run_variant


@pytest.fixture
def database_away(service: Service) -> Away:
    """Put the database out of the service's reach for the length of a block."""

    @contextmanager
    def away() -> Iterator[None]:
        ours = proxy.obj
        proxy.initialize(Database("postgresql:///gone?host=/nowhere", size=2))
        try:
            yield
        finally:
            proxy.initialize(ours)

    return away
