"""No write leaves a cached read behind: after each operation that writes, every cached read is as the database has it.

Both kinds are found in the document, so that one that joins is held to it without a line here.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.every_operation.described import OPERATIONS, Described
from tests.integration.every_operation.requests import request_for
from tests.integration.every_operation.world import World

CACHED = [described for described in OPERATIONS if described.policy.cache]
WRITES = [described for described in OPERATIONS if not described.policy.safe]
READER = "tailored"


@pytest.fixture(autouse=True)
def with_a_cache(world: World) -> None:
    if not world.service.config.redis_url:
        pytest.skip("no Valkey on this machine")


def reads(world: World) -> Iterator[tuple[str, Any]]:
    """Yield what each cached read shows, of the owner and of who writes."""
    for described in CACHED:
        for whose in ("owner", "admin"):
            request = request_for(described, world).but(token=world.tokens[READER])
            if "user_id" in request.values:
                request = request.but(values={"user_id": str(world.people[whose].id)})
            response = request.send(world.client)
            yield (
                f"{described.name} {whose}",
                (response.status_code, response.headers.get("etag"), response.json()["data"]),
            )


@pytest.mark.parametrize("described", WRITES, ids=lambda described: described.name)
def test_every_cached_read_is_fresh_after_a_write(described: Described, world: World) -> None:
    world.grant(*{permission for read in CACHED for permission in read.policy.permissions})
    assert dict(reads(world)) == dict(reads(world))
    token = None if described.policy.public else world.tokens["admin"]

    response = request_for(described, world).but(token=token).send(world.client)

    assert response.status_code == described.success, response.text
    shown = dict(reads(world))
    world.forget()
    assert shown == dict(reads(world))


@pytest.mark.parametrize("described", CACHED, ids=lambda described: described.name)
def test_a_cached_answer_may_be_kept_by_the_caller_and_a_refusal_by_nobody(described: Described, world: World) -> None:
    world.grant(*described.policy.permissions)
    request = request_for(described, world).but(token=world.tokens[READER])
    first, second = request.send(world.client), request.send(world.client)
    etag = first.headers["etag"]
    unchanged = request.but(headers={"If-None-Match": etag}).send(world.client)
    refused = request.but(query={"nonsense": "1"}).send(world.client)

    assert first.json()["data"] == second.json()["data"]
    assert [response.status_code for response in (first, second, unchanged, refused)] == [200, 200, 304, 400]
    for response in (first, second, unchanged):
        assert response.headers["cache-control"] == "private, no-cache"
        assert "Authorization" in response.headers["vary"]
        assert response.headers["etag"] == etag
    assert refused.headers["cache-control"] == "no-store"


def test_nothing_else_may_be_kept(world: World) -> None:
    for described in OPERATIONS:
        if described.policy.safe and not described.policy.cache:
            request = request_for(described, world).but(token=world.tokens["admin"])
            assert request.send(world.client).headers["cache-control"] == "no-store", described.name
