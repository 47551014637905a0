"""A mock that listens on the loopback, with the people of the other tests."""

from collections.abc import Iterator

import pytest

from tests.integration.mock.mocked import MockPeople, MockService


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
