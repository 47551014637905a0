"""How long the Python package waits before it sends a call again."""

import importlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.integration.sdk_python.test_failures import JSON, envelope

REQUEST = httpx.Request("GET", "http://accounts/v1/users/me")
LOST = httpx.ReadError("cut", request=REQUEST)


def busy(seconds: str | None) -> httpx.Response:
    headers = JSON if seconds is None else {**JSON, "Retry-After": seconds}
    return httpx.Response(503, headers=headers, content=envelope("UNAVAILABLE"), request=REQUEST)


@pytest.fixture
def pauses(sdk: Any) -> Callable[..., list[float]]:
    """Return the pauses of many clients before the same retry, in order."""
    retries = importlib.import_module("charter_client._retries")
    operations = importlib.import_module("charter_client._operation")
    read = operations.Invocation(operations.Operation("get_me", "GET", "/v1/users/me", lambda data, _: data), "/")

    def measured(outcome: object, attempt: int, *, urgent: bool = False) -> list[float]:
        options = retries.Options(retries=9)
        given = (retries.pause_before_retry(read, outcome, attempt, options, urgent=urgent) for _ in range(200))
        return sorted(given)

    return measured


@pytest.mark.parametrize(
    ("outcome", "attempt", "urgent", "least", "most"),
    [
        (LOST, 0, False, 0.125, 0.25),
        (LOST, 1, False, 0.25, 0.5),
        (busy(None), 2, False, 0.5, 1),
        (LOST, 8, False, 4, 8),
        (LOST, 5, True, 1, 2),
        (busy("0"), 0, False, 0, 0.25),
        (busy("7"), 3, False, 7, 7.25),
    ],
)
def test_clients_that_failed_together_do_not_come_back_together(
    pauses: Callable[..., list[float]], outcome: object, attempt: int, urgent: bool, least: float, most: float
) -> None:
    measured = pauses(outcome, attempt, urgent=urgent)
    assert least <= measured[0] < measured[-1] <= most
    # Of 200 pauses, none in one of the outer quarters happens once in 10^24 runs.
    assert measured[0] < least + (most - least) / 4
    assert measured[-1] > most - (most - least) / 4
    assert len(set(measured)) > 100
