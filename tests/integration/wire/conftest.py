"""Fixtures of the hostile tests: the small document of tests/sample_contract, served by both ways in."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from app.database import Database, run
from app.factory import build_dependencies
from app.observability.logging import configure
from models.record import database as proxy
from tests import leaks, sample_contract
from tests.integration.wire.wishes import Caller
from tests.people import make_account
from tests.servers import Servers
from tests.service import Service, config_for
from tests.service import running as serving

DOCUMENT = Path(sample_contract.__file__).parent / "document" / "openapi.yaml"
HANDLERS = "tests.sample_contract.handlers"


@pytest.fixture(scope="session", autouse=True)
def plain_log() -> None:
    """Log as in production: the traces of what breaks on purpose take longest when they are made beautiful."""
    configure(config_for(DATABASE_URL="postgresql://nowhere/charter"), descriptor=leaks.LOG)


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
    running.clock.stop()
    yield running
    running.clock.reset()
    proxy.initialize(None)


@pytest.fixture(scope="session")
def probing(gateway: str, servers: Servers) -> Iterator[Service]:
    """The small document, on a database that each test replaces."""
    url = servers.clone()
    config = config_for(DATABASE_URL=url, CHARTER_GATEWAY=gateway)
    with serving(config, document=DOCUMENT, handlers_package=HANDLERS) as service:
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


@pytest.fixture
def caller(probes: Service, password_hash: str) -> Iterator[Caller]:
    """Make somebody, signed in, and return their client."""
    with contextlib.ExitStack() as clients:

        def sign_in(name: str = "alice", service: Service = probes) -> httpx.Client:
            user_id, session_id = make_account(name, "user", password_hash, now=probes.clock()), uuid4()
            run(
                """
                INSERT INTO sessions (id, user_id, generation, key_id, idle_expires_at, expires_at, address, network)
                VALUES (%s, %s, 1, 'k1', now() + interval '9 days', now() + interval '9 days', '::1', '::')
                """,
                (session_id, user_id),
            )
            return clients.enter_context(service.client(token_of(service, user_id, session_id)))

        yield sign_in
        probes.clock.reset()


def token_of(service: Service, user_id: UUID, session_id: UUID) -> str:
    return build_dependencies(service.config, {}, clock=service.clock).access_tokens.issue(user_id, session_id)


@pytest.fixture
def alice(caller: Caller) -> httpx.Client:
    return caller()
