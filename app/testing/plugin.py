"""The fixtures: one server for all tests, and a database, people and a clock for each."""

import os
from collections.abc import Iterator, Mapping

import httpx
import pytest

from app.database import Database, database_id
from app.project import Project, ProjectError, find_project
from app.spec.document import DocumentError
from app.testing.checks import OPERATION, operations_of
from app.testing.people import People, hash_of_password
from app.testing.servers import Servers, running_servers
from app.testing.service import Clock, Service, config_for
from models.record import database as bound

_CONNECTIONS = 8


def project_of(config: pytest.Config) -> Project | None:
    """Return the project that the tests are in.

    Raises:
        UsageError: its pyproject.toml is wrong.
    """
    try:
        return find_project(os.environ, config.rootpath)
    except ProjectError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Call a test with the argument `charter_operation` once for each operation of the project."""
    if OPERATION in metafunc.fixturenames:
        policies = operations_of(project_of(metafunc.config))
        metafunc.parametrize(OPERATION, policies, ids=[policy.operation_id for policy in policies])


@pytest.fixture(scope="session")
def charter_project(pytestconfig: pytest.Config) -> Project | None:
    """The project that the tests are in."""
    return project_of(pytestconfig)


@pytest.fixture(scope="session")
def charter_servers(charter_project: Project | None) -> Iterator[Servers]:
    """PostgreSQL and Valkey, with the migrations of both sides in a database that is copied."""
    with running_servers(charter_project) as servers:
        yield servers


@pytest.fixture(scope="session")
def charter_settings() -> Mapping[str, str]:
    """Environment variables of the server; a project overrides this fixture to set some, such as LIMIT_WRITE."""
    return {}


@pytest.fixture(scope="session")
def charter_service(
    charter_servers: Servers, charter_project: Project | None, charter_settings: Mapping[str, str]
) -> Iterator[Service]:
    """The server of all tests."""
    url = charter_servers.clone()
    try:
        service = Service(config_for(url, charter_servers.redis_url, charter_settings), project=charter_project)
    except DocumentError as error:
        faults = "\n".join(map(str, error.faults))
        pytest.exit(f"The document has faults:\n{faults}", returncode=1)
    yield service
    service.close()
    charter_servers.drop(url)


@pytest.fixture
def database(charter_servers: Servers, charter_service: Service) -> Iterator[Database]:
    """A migrated database of the test's own, which the server uses, and so do services and queries in the test."""
    url = charter_servers.clone()
    own = Database(url, size=_CONNECTIONS)
    before = bound.obj
    bound.initialize(own)
    database_id()
    charter_servers.empty_redis()
    yield own
    bound.initialize(before)
    own.close()
    own.reset()
    charter_servers.drop(url)


@pytest.fixture
def clock(charter_service: Service) -> Iterator[Clock]:
    """The clock of the server and of the database: `clock.stop()`, `clock.advance(days=1)`."""
    charter_service.clock.reset()
    yield charter_service.clock
    charter_service.clock.reset()


@pytest.fixture(scope="session")
def charter_password_hash() -> str:
    """The stored text of everybody's password."""
    return hash_of_password()


@pytest.fixture
def people(charter_service: Service, database: Database, clock: Clock, charter_password_hash: str) -> Iterator[People]:
    """Ada (admin), Alice, Bob, Mallory (users) and Gus (guest), each made when first named: `people.alice.api`."""
    made = People(charter_service, charter_password_hash)
    yield made
    made.close()


@pytest.fixture
def api(charter_service: Service, database: Database) -> Iterator[httpx.Client]:
    """A client of the server that is not signed in."""
    with charter_service.client() as client:
        yield client
