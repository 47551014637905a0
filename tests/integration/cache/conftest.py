"""Fixtures for the tests of the cache: a profile to read and write, control over its statements, a fragile Redis."""

import os
import re
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from app.cache import client as cache_client
from app.cache.client import RedisClient
from app.cache.store import CacheStore
from app.database import Database, database_id
from app.embedded import start_valkey
from app.services import invalidations
from models.record import database as proxy
from tests.integration.conftest import Services
from tests.people import People, Person
from tests.servers import for_tests
from tests.service import Service, config_for
from tests.service import running as serving
from tests.waiting import until
from tests.wire import data

FAILURES = "charter_cache_failures_total"
CORRUPT = 'charter_cache_reads_total{outcome="corrupt",policy="profile"}'


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
    return CacheStore(cache, database_id=database_id, release="another", secret=b"its own")


@contextmanager
def another_worker(**variables: str) -> Iterator[Service]:
    """Run a service on the database of this test."""
    before = proxy.obj
    with serving(config_for(DATABASE_URL=before.url, **variables)) as service:
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


class Fragile:
    """A separate Valkey that the tests stop and start; its service makes no pause after a failure."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.start()

    def start(self) -> None:
        server = start_valkey(self._place)
        assert server is not None, "no Valkey on this machine"
        self.stop, self.url = server.stop, server.url
        self.client = redis.Redis.from_url(self.url)
        self._pid = int(self.client.info("server")["process_id"])

    @contextmanager
    def frozen(self) -> Iterator[None]:
        os.kill(self._pid, signal.SIGSTOP)
        yield
        os.kill(self._pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def fragile() -> Iterator[Fragile]:
    with tempfile.TemporaryDirectory(prefix="charter-fragile-", ignore_cleanup_errors=True) as place:
        valkey = Fragile(Path(place))
        yield valkey
        valkey.client.close()
        valkey.stop()


@pytest.fixture(scope="module")
def shaken(running: Service, fragile: Fragile) -> Iterator[Service]:
    """A service on the fragile Valkey; each test gives it another database."""
    before, url = proxy.obj, running.config.database_url
    with serving(config_for(DATABASE_URL=url, REDIS_URL=fragile.url, REDIS_TIMEOUT_MS="100")) as service:
        proxy.initialize(before)
        yield service


class Reader:
    """Alice's profile, read and changed through one service."""

    def __init__(self, service: Service, profile: Profile, statements: Statements) -> None:
        tokens = profile.owner.tokens or profile.owner.sign_in()
        self.client = service.client(tokens["access_token"])
        self._profile = profile
        self._statements = statements

    def read(self) -> tuple[str, bool]:
        """Return the name in the response, and whether it came from the cache."""
        before = len(self._statements.ran)
        shown = self._profile.read(self.client)
        return shown, len(self._statements.ran) - before == 1

    def write(self, name: str) -> None:
        assert self.client.patch("/v1/users/me", json={"display_name": name}).status_code == 200

    def replay(self, fragile: Fragile) -> None:
        """Invalidate the pending tags, as each worker does from time to time."""
        cache = RedisClient(fragile.url, timeout_ms=2000, prefix="charter")
        store = CacheStore(cache, database_id=database_id, release="another", secret=b"its own")
        invalidations.invalidate_pending(cache=store, linger_seconds=60)
        invalidations.invalidate_pending(cache=store, linger_seconds=-1)

    def metric(self, name: str) -> float:
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.client.get("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else 0.0


@pytest.fixture
def reader(
    shaken: Service, fragile: Fragile, profile: Profile, statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> Reader:
    monkeypatch.setattr(cache_client, "PAUSE_SECONDS", 0.0)
    fragile.client.config_set("maxmemory", 0)
    fragile.client.flushall()
    made = Reader(shaken, profile, statements)
    # On a busy machine Redis may be too late once, and then the value is not stored.
    until(lambda: made.read() == ("Alice", True))
    return made
