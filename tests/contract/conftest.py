"""Fixtures of the contract tests: the services of the integration tests, and a stage to try requests on."""

from collections.abc import Iterator

import pytest

from app.database import Database
from models.record import database as proxy
from tests.contract.stage import Stage
from tests.integration.conftest import gateway, password_hash, running, service, services
from tests.servers import Servers
from tests.service import Service

__all__ = ["gateway", "password_hash", "running", "service", "services"]


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest, running: Service, servers: Servers, password_hash: str) -> Iterator[Stage]:
    """What the document's examples speak of; its parameter says who acts: admin or user."""
    url = servers.clone()
    database = Database(url, size=8)
    proxy.initialize(database)
    running.clock.reset()
    yield Stage(request.param, password_hash)
    database.close()
    database.reset()
    proxy.initialize(None)
    servers.drop(url)
