"""Fixtures of the hostile tests: the small document of tests/surface, served by both ways in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database import Database
from app.observability.logging import configure
from models.record import database as proxy
from tests import leaks, surface
from tests.integration.conftest import GATEWAYS
from tests.servers import Servers
from tests.service import Service, settings_for
from tests.service import running as serving

DOCUMENT = Path(surface.__file__).parent / "document" / "openapi.yaml"
HANDLERS = "tests.surface.handlers"


@pytest.fixture(scope="session", autouse=True)
def plain_log() -> None:
    """Log as in production: the traces of what breaks on purpose take longest when they are made beautiful."""
    configure(settings_for(DATABASE_URL="postgresql://nowhere/charter"), descriptor=leaks.LOG)


@pytest.fixture(scope="session")
def any_database(servers: Servers) -> Iterator[Database]:
    """A database whose rows no test reads."""
    url = servers.clone()
    yield (made := Database(url, size=8))
    made.reset()
    servers.drop(url)


@pytest.fixture
def door(running: Service, any_database: Database) -> Iterator[Service]:
    """The running service, where nothing in the database matters: it has none of the test's own."""
    proxy.initialize(any_database)
    yield running
    proxy.initialize(None)


@pytest.fixture(scope="session", params=GATEWAYS)
def probing(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Service]:
    """The small document, on a database that each test replaces."""
    url = servers.clone()
    settings = settings_for(DATABASE_URL=url, CHARTER_GATEWAY=request.param)
    with serving(settings, document=DOCUMENT, handlers_package=HANDLERS) as service:
        yield service
    servers.drop(url)


@pytest.fixture
def probes(probing: Service, database: Database) -> Service:
    """The small document, on a database of the test's own."""
    return probing


@pytest.fixture
def probe_door(probing: Service, any_database: Database) -> Iterator[Service]:
    """The small document, where nothing in the database matters."""
    proxy.initialize(any_database)
    yield probing
    proxy.initialize(None)


@pytest.fixture(params=GATEWAYS)
def gateway(request: pytest.FixtureRequest) -> str:
    """A way in, for tests that start a service with settings of their own."""
    return str(request.param)
