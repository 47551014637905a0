"""A mock that listens on the loopback, with the people of the other tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.mock.mocked import MockPeople, MockService
from tests.people import People


@pytest.fixture(scope="session")
def listening() -> Iterator[MockService]:
    service = MockService()
    yield service
    service.close()


@pytest.fixture
def mock(listening: MockService) -> Iterator[MockService]:
    """The mock as it is after a start, with its clock at the present."""
    listening.clock.reset()
    listening.state.reset()
    yield listening
    listening.clock.reset()


@pytest.fixture
def mock_people(mock: MockService) -> Iterator[MockPeople]:
    """Ada, Alice, Bob, Mallory and Gus, in the mock."""
    made = MockPeople(mock)
    yield made
    made.close()


@pytest.fixture(params=["server", "mock"])
def people(request: pytest.FixtureRequest) -> Any:
    """The people of a server, then those of the mock."""
    return request.getfixturevalue("server_people" if request.param == "server" else "mock_people")


@pytest.fixture
def server_people(services: Any, database: Any, servers: Any, password_hash: str) -> Any:
    running = services["compiled"]
    servers.empty_redis()
    running.clock.reset()
    made = People(running, password_hash)
    yield made
    made.close()
    running.clock.reset()
