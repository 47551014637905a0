"""A response that no Charter server sends raises an error of the package, whatever is in it."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.integration.sdk_python.test_failures import JSON, envelope, failure, other_server

DEEP = b"[" * 200_000 + b"]" * 200_000


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":' + DEEP + b"}",
        b'{"data":{},"meta":{"version":"1.0"},"errors":' + DEEP + b"}",
        b'{"data":' + b"9" * 6000 + b"}",
        b'{"\xff',
        b'{"data":NaN,"meta":{"version":"1.0"}}',
        b'{"data":[],"meta":{"version":"1.0"}}',
        b'{"data":{},"meta":[]}',
    ],
    ids=["deep", "deep-errors", "long-number", "not-utf-8", "not-a-number", "list", "meta-list"],
)
@pytest.mark.parametrize("status", [200, 401, 500])
def test_a_body_that_cannot_be_read(sdk: Any, status: int, body: bytes) -> None:
    assert isinstance(failure(sdk, (status, JSON, body)), sdk.UnexpectedResponse)


# The same table as in sdk/typescript/tests/refused.test.ts: the packages agree.
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999999999", None),
        ("Mon, 01 Jan 2024 00:00:00 -2400", None),
        ("Mon, 99 Jan 2024 99:99:99 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 0),
        ("Mon, 01 Jan 0001 00:00:00 +0100", 0),
        ("99999999999999999999 Jan 2024 00:00:00 GMT", None),
        ("-5", None),
        ("1.5", None),
        ("1, 2", None),
        ("soon", None),
        ("soon 1", None),
        ("in 5 seconds", None),
        ("2001-01-01", None),
        ("Jan 1 2001", None),
        ("inf", None),
        ("+1", None),
        ("1e1", None),
        ("", None),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 2**31),
        ("2147483647", 2**31 - 1),
        ("9" * 20, 2**31),
        ("9" * 400, 2**31),
        ("9" * 5000, 2**31),
    ],
    ids=lambda value: str(value)[:48],
)
def test_the_seconds_of_a_retry_after(sdk: Any, text: str, seconds: float | None) -> None:
    caught = failure(sdk, (503, {**JSON, "Retry-After": text}, envelope("UNAVAILABLE")))
    assert isinstance(caught, sdk.Unavailable)
    assert caught.retry_after == seconds


def test_a_wait_that_no_clock_can_measure_is_not_begun(sdk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", _refuse)
    busy = (503, {**JSON, "Retry-After": "9" * 5000}, envelope("UNAVAILABLE"))
    with (
        other_server(busy) as (url, seen),
        sdk.Charter(url, max_wait=float("inf")) as client,
        pytest.raises(sdk.Unavailable),
    ):
        client.me.get_me()
    assert len(seen) == 1


def _refuse(seconds: float) -> None:
    raise AssertionError(f"It waits {seconds} seconds.")


@pytest.fixture
def alive(sdk: Any) -> Iterator[Any]:
    """What a healthy server says, with headers that cannot be read."""
    headers = {
        **JSON,
        "RateLimit": f'"ip";r={"9" * 5000};t=1',
        "RateLimit-Policy": f'"ip";q={"9" * 5000};w=1',
    }
    with other_server((200, headers, b'{"status": "ok"}')) as (url, _), sdk.Charter(url) as client:
        yield client.health.with_response.get_liveness()


def test_a_rate_limit_that_cannot_be_read_is_none(alive: Any) -> None:
    assert isinstance(alive.raw, httpx.Response)
    assert alive.rate_limit is None


def test_a_304_that_was_not_asked_for(sdk: Any) -> None:
    with other_server((304, {}, b"")) as (url, _), httpx.Client(verify=False) as http:
        client = sdk.Charter(url, http_client=http)
        with pytest.raises(sdk.UnexpectedResponse, match="304 that was not asked for"):
            client.me.get_me()
        with pytest.raises(sdk.UnexpectedResponse, match="304 that was not asked for"):
            client.me.with_response.get_me()
        assert client.me.with_response.get_me(if_none_match='"1"').not_modified
