"""The world of the tests that go through every operation: one for each module and way in."""

from collections.abc import Iterator

import pytest

from app.database import Database
from models.record import database as proxy
from tests.integration.every_operation.world import World
from tests.servers import Servers
from tests.service import Service


@pytest.fixture(scope="module")
def prepared(running: Service, servers: Servers, password_hash: str) -> Iterator[World]:
    """The world, made once."""
    url = servers.clone()
    database = Database(url, size=8)
    proxy.initialize(database)
    running.clock.reset()
    servers.empty_redis()
    made = World(running, password_hash)
    yield made
    made.close()
    database.close()
    database.reset()
    proxy.initialize(None)
    servers.drop(url)


@pytest.fixture
def world(prepared: World) -> Iterator[World]:
    """The world as it was made, whatever the test before did to it."""
    prepared.put_back()
    yield prepared
    prepared.service.clock.reset()
