"""What a cached read costs: one statement, one round trip to Redis, and nothing of the entry is parsed."""

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from tests.integration.cache.conftest import Profile, Statements, another_worker
from tests.round_trips import RoundTrips, counted
from tests.service import Service
from tests.waiting import until


@pytest.fixture
def road(service: Service) -> Iterator[RoundTrips]:
    if not service.config.redis_url:
        pytest.skip("no Valkey on this machine")
    with counted(service.config.redis_url) as made:
        yield made


@pytest.mark.parametrize("condition", [None, '"0"', "*"], ids=["200", "200 to another tag", "304"])
def test_a_hit_is_one_statement_and_one_round_trip_and_parses_nothing(
    profile: Profile, statements: Statements, road: RoundTrips, monkeypatch: pytest.MonkeyPatch, condition: str | None
) -> None:
    parsed: list[Any] = []
    loads, token = orjson.loads, profile.owner.sign_in()["access_token"]
    headers = {"If-None-Match": condition} if condition else {}
    found: list[httpx.Response] = []

    def noting(text: Any) -> Any:
        parsed.append(text)
        return loads(text)

    # A thread has its own connection to Redis, and opens it in more than one round trip.
    variables = {"REDIS_URL": road.url, "WORKER_THREADS": "1", "REDIS_TIMEOUT_MS": "5000"}
    with another_worker(**variables) as worker, worker.client(token) as client:
        first = client.get(profile.url)
        monkeypatch.setattr(orjson, "loads", noting)

        def cost() -> tuple[int, int]:
            ran, trips = len(statements.ran), road.count
            found.append(client.get(profile.url, headers=headers))
            return len(statements.ran) - ran, road.count - trips

        # At first the background tasks of the server, which has just started, come in between.
        until(lambda: cost() == (1, 1))

    assert [text for text in parsed if b"Alice" in text] == []
    assert {each.status_code for each in found} == {304 if condition == "*" else 200}
    assert {each.headers["ETag"] for each in found} == {first.headers["ETag"]}
    for each in found if condition != "*" else ():
        assert each.json()["data"] == first.json()["data"]
        assert each.json()["meta"]["request_id"] == each.headers["X-Request-Id"] != first.headers["X-Request-Id"]
