"""Fixtures of the hostile tests: callers without a token, with forged ones, and the service with other settings."""

from collections.abc import Iterator

import httpx
import pytest

from tests.integration.hostile.forger import Forger
from tests.integration.hostile.thief import Thief
from tests.integration.operations.conftest import anonymous, variant
from tests.people import People
from tests.wire import data

__all__ = ["anonymous", "variant"]


@pytest.fixture
def forger(people: People) -> Forger:
    """Has seen a token of Ada's; the lists of the tests say where they have the secret too."""
    return Forger(people.ada.sign_in()["access_token"])


@pytest.fixture
def thief(anonymous: httpx.Client, people: People, forger: Forger) -> Iterator[Thief]:
    """Sends what the forger made, to have Mallory made an admin in Ada's name."""
    thief = Thief(anonymous, people)
    yield thief
    # What was refused was refused for the forgery alone.
    data(thief.send(f"Bearer {forger.genuine}"))
