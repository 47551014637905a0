"""Wishes of the small document: what the tests of Idempotency-Key have done once, and how they tell."""

from collections.abc import Callable

import httpx

from app.database import run
from tests.wire import Decision, decisions, events

Caller = Callable[..., httpx.Client]


def wish(client: httpx.Client, how: str = "right", key: str = "k", path: str = "/v1/wishes") -> httpx.Response:
    return client.post(path, json={"how": how}, headers={"Idempotency-Key": key})


def keep(client: httpx.Client, path: str = "/v1/wishes/7", how: str = "right", **headers: str) -> httpx.Response:
    return client.put(path, json={"how": how}, headers={name.replace("_", "-"): text for name, text in headers.items()})


def done() -> int:
    """Return how often something was done."""
    return int(run("SELECT count(*) FROM sign_in_attempts")[0][0])


def replayed(response: httpx.Response, first: httpx.Response) -> None:
    """Assert that a response repeats the first, and that nothing of it but its request id is new."""
    assert response.status_code == first.status_code
    assert response.content == first.content
    assert response.headers["idempotency-replayed"] == "true"
    kept = ("etag", "content-type", "location")
    assert [response.headers.get(name) for name in kept] == [first.headers.get(name) for name in kept]
    assert response.headers["x-request-id"] != first.headers["x-request-id"]
    assert decisions(response.headers["x-request-id"]) == [Decision(outcome="allowed")]
    assert events(response.headers["x-request-id"]) == []
