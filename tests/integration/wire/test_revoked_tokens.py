"""A token that opens nothing any more uses up nothing of its owner's rate limit, only of its own client's."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from app.database import Database, run
from tests.people import People, Person
from tests.servers import Servers
from tests.service import Service, config_for
from tests.service import running as serving
from tests.wire import data

BUCKET = 10


@pytest.fixture(params=["with redis", "without"])
def small(
    request: pytest.FixtureRequest, gateway: str, database_url: str, servers: Servers, database: Database
) -> Iterator[Service]:
    """A service with few writes an hour."""
    redis_url = servers.empty_redis() if request.param == "with redis" else ""
    config = config_for(
        DATABASE_URL=database_url, CHARTER_GATEWAY=gateway, REDIS_URL=redis_url, LIMIT_WRITE=f"{BUCKET}/3600"
    )
    with serving(config) as service:
        yield service


def write(service: Service, token: str) -> httpx.Response:
    with service.client(token) as client:
        return client.patch("/v1/users/me", json={"display_name": "Alice"})


def revoke(owner: Person) -> None:
    run("UPDATE sessions SET ended_at = now(), end_reason = 'revoked' WHERE user_id = %s", (owner.id,))


def suspend_and_restore(owner: Person) -> None:
    revoke(owner)
    run("UPDATE users SET status = 'suspended' WHERE id = %s", (owner.id,))


@pytest.mark.parametrize("end", [revoke, suspend_and_restore])
def test_a_token_that_opens_nothing_takes_nothing_from_its_owner(
    small: Service, password_hash: str, end: Callable[[Person], None]
) -> None:
    people = People(small, password_hash)
    stolen = people.alice.sign_in()["access_token"]
    end(people.alice)

    thefts = [write(small, stolen) for _ in range(BUCKET)]
    with ThreadPoolExecutor(8) as crowd:
        thefts += crowd.map(lambda _: write(small, stolen), range(2 * BUCKET))

    # Who holds it is limited in turn.
    assert Counter(theft.status_code for theft in thefts) == {401: BUCKET, 429: 2 * BUCKET}
    assert thefts[0].headers["ratelimit"].startswith(f'"write";r={BUCKET - 1};')
    run("UPDATE users SET status = 'active' WHERE id = %s", (people.alice.id,))
    response = write(small, people.alice.sign_in()["access_token"])
    data(response)
    assert response.headers["ratelimit"].startswith(f'"write";r={BUCKET - 1};')
    people.close()


def test_a_crowd_with_one_takes_nothing_either(small: Service, password_hash: str) -> None:
    people = People(small, password_hash)
    stolen, own = (people.alice.sign_in()["access_token"] for _ in range(2))
    run("UPDATE sessions SET ended_at = now() WHERE id = (SELECT min(id::text)::uuid FROM sessions)")

    with ThreadPoolExecutor(8) as crowd:
        thefts = Counter(
            response.status_code for response in crowd.map(lambda _: write(small, stolen), range(3 * BUCKET))
        )

    assert thefts[401] >= BUCKET
    assert thefts[401] + thefts[429] == 3 * BUCKET
    assert write(small, own).headers["ratelimit"].startswith(f'"write";r={BUCKET - 1};')
    people.close()


def test_what_is_refused_for_want_of_a_right_counts_as_before(small: Service, password_hash: str) -> None:
    people = People(small, password_hash)
    with small.client(people.mallory.sign_in()["access_token"]) as client:
        responses = [client.post("/v1/roles", json={"name": "mine", "permissions": []}) for _ in range(BUCKET + 1)]

    assert [response.status_code for response in responses] == [403] * BUCKET + [429]
    people.close()
