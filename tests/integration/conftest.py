"""Fixtures of the tests that speak to a running Charter, once for each way in."""

from collections.abc import Iterator

import pytest

from app.database import Database
from app.embedded import start_valkey
from tests import leaks
from tests.gateways import TESTED
from tests.people import PASSWORD, People
from tests.servers import Servers, for_services
from tests.service import Service, config_for


class Services:
    """The two services of this process, started when first asked for."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._running: dict[str, tuple[Service, str]] = {}

    def __getitem__(self, gateway: str) -> Service:
        if gateway not in self._running:
            # Its own database is only a place to start with: each test puts its own there.
            url = self._servers.clone()
            cache = for_services(self._servers.empty_redis())
            config = config_for(DATABASE_URL=url, REDIS_URL=cache, CHARTER_GATEWAY=gateway)
            self._running[gateway] = (Service(config), url)
        return self._running[gateway][0]

    def close(self) -> None:
        for service, url in self._running.values():
            service.close()
            self._servers.drop(url)


@pytest.fixture(scope="session")
def services(servers: Servers) -> Iterator[Services]:
    running = Services(servers)
    yield running
    running.close()


@pytest.fixture(scope="session", params=TESTED)
def gateway(request: pytest.FixtureRequest) -> str:
    """The gateway under test."""
    return str(request.param)


@pytest.fixture(scope="session")
def running(gateway: str, services: Services) -> Service:
    """The service with this gateway."""
    return services[gateway]


@pytest.fixture
def service(running: Service, database: Database, servers: Servers) -> Iterator[Service]:
    """The running service, on a database and a cache of the test's own, with its clock at the present."""
    cache = servers.empty_redis()
    running.clock.reset()
    yield running
    running.clock.reset()
    if cache:
        leaks.refuse("\n".join(leaks.cached(cache)), "Valkey")


@pytest.fixture(scope="session")
def password_hash() -> str:
    from app.security.passwords import Passwords

    return Passwords(15, 256, 4).hash(PASSWORD)


@pytest.fixture
def people(service: Service, password_hash: str) -> Iterator[People]:
    """Ada, Alice, Bob, Mallory and Gus."""
    made = People(service, password_hash)
    yield made
    made.close()


@pytest.fixture(scope="module")
def own_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Valkey of the module's own, which its tests may damage."""
    server = start_valkey(tmp_path_factory.mktemp("valkey"))
    if server is None:
        pytest.skip("NOT PROVEN: there is no Valkey on this machine")
    yield server.url
    server.stop()
