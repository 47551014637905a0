"""Fixtures for the tests of the cache: a profile to read and write, and control over its statements."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import redis

from app.cache.client import RedisClient
from app.cache.store import CacheStore
from app.database import Database, database_id
from models.record import database as proxy
from tests.integration.conftest import Services
from tests.people import People, Person
from tests.servers import for_tests
from tests.service import Service, config_for, running
from tests.wire import data


@pytest.fixture(scope="session", name="running")
def running_service(services: Services) -> Service:
    """The service with the default gateway: the cache does not depend on the gateway."""
    return services["compiled"]


@pytest.fixture
def valkey(service: Service) -> Iterator[redis.Redis]:
    """A client of the Valkey that the service uses."""
    if not service.config.redis_url:
        pytest.skip("no Valkey on this machine")
    with redis.Redis.from_url(for_tests(service.config.redis_url)) as client:
        yield client


@pytest.fixture
def store(service: Service, valkey: redis.Redis) -> CacheStore:
    """The cache as another worker of the same deployment sees it."""
    config = service.config
    cache = RedisClient(config.redis_url, timeout_ms=2000, prefix=config.redis_prefix)
    return CacheStore(cache, database_id=database_id, release="another")


@contextmanager
def another_worker(**variables: str) -> Iterator[Service]:
    """Run a service on the database of this test."""
    before = proxy.obj
    with running(config_for(DATABASE_URL=before.url, **variables)) as service:
        # The service that started last sets the database of this whole process.
        proxy.initialize(before)
        yield service


class Profile:
    """The profile of one person, as the API shows it."""

    def __init__(self, owner: Person) -> None:
        self.owner = owner
        self.url = f"/v1/users/{owner.id}/profile"
        self.tag = f"user:{owner.id}"

    def read(self, client: httpx.Client | None = None) -> Any:
        """Return the name in the profile."""
        return data((client or self.owner.api).get(self.url))["display_name"]

    def write(self, name: str) -> httpx.Response:
        """Change the name in the profile."""
        return self.owner.api.patch("/v1/users/me", json={"display_name": name})


@pytest.fixture
def profile(people: People) -> Profile:
    return Profile(people.alice)


class Statements:
    """The statements that the service runs, and a way to stop a thread right after one of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.ran: list[str] = []
        database.query_hooks.append(self._note)
        self._stops: list[tuple[str, threading.Event, threading.Event]] = []

    def _note(self, query: Any) -> None:
        self.ran.append(query.sql)
        for stop in self._stops:
            part, reached, go_on = stop
            if part in query.sql:
                self._stops.remove(stop)
                reached.set()
                assert go_on.wait(20)
                return

    @contextmanager
    def stopped_after(self, part: str, work: Callable[[], Any]) -> Iterator[list[Any]]:
        """Run work in a thread, stop it after its first statement with this part, and let it end after the block.

        Yields:
            A list that has the outcome after the block.
        """
        reached, go_on, outcome = threading.Event(), threading.Event(), []
        self._stops.append((part, reached, go_on))
        thread = threading.Thread(target=lambda: outcome.append(work()))
        thread.start()
        try:
            assert reached.wait(20)
            yield outcome
        finally:
            go_on.set()
            thread.join(20)

    def count(self, work: Callable[[], Any]) -> int:
        """Return how many statements a piece of work takes."""
        before = len(self.ran)
        work()
        return len(self.ran) - before

    def close(self) -> None:
        self._database.query_hooks.remove(self._note)


@pytest.fixture
def statements(service: Service, database: Database) -> Iterator[Statements]:
    noted = Statements(database)
    yield noted
    noted.close()
