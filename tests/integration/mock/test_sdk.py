"""The Python package works with the mock as with a server: its own tests, against the mock."""

import pytest

from tests.integration.mock.mocked import MockPeople, MockService
from tests.integration.sdk_python.conftest import aconnect, ada, archives, connect, package, requests, sdk
from tests.integration.sdk_python.test_account_life import (
    test_a_naive_time_is_refused_before_anything_is_sent,
    test_an_update_is_made_again_when_another_change_came_in_between,
    test_an_update_that_always_loses_ends_with_the_refusal,
    test_every_refusal_of_a_life_has_its_class_and_its_facts,
    test_the_facts_beside_a_result,
    test_the_life_of_an_account,
    test_the_same_for_asyncio,
    test_what_does_not_match_the_document_is_told_for_each_field,
)
from tests.integration.sdk_python.test_readme import test_every_sample_runs

__all__ = [
    "aconnect",
    "ada",
    "archives",
    "connect",
    "package",
    "requests",
    "sdk",
    "test_a_naive_time_is_refused_before_anything_is_sent",
    "test_an_update_is_made_again_when_another_change_came_in_between",
    "test_an_update_that_always_loses_ends_with_the_refusal",
    "test_every_refusal_of_a_life_has_its_class_and_its_facts",
    "test_every_sample_runs",
    "test_the_facts_beside_a_result",
    "test_the_life_of_an_account",
    "test_the_same_for_asyncio",
    "test_what_does_not_match_the_document_is_told_for_each_field",
]


@pytest.fixture
def service(mock: MockService) -> MockService:
    """The mock in the place of a server."""
    return mock


@pytest.fixture
def people(mock_people: MockPeople) -> MockPeople:
    """Those of the mock."""
    return mock_people
