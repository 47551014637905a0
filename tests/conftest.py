"""Fixtures of every test: servers, and a database and a cache of its own for each."""

import contextlib
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from app.database import Database, database_id
from models.record import database as proxy
from tests import gateways, leaks, quick_starts
from tests.command import end_servers
from tests.folders import remove
from tests.servers import PLACE, Servers, place_for_servers
from tests.stored import CachedValue

# How fast this machine is fails no test.
settings.register_profile("charter", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("charter")
_run = contextlib.ExitStack()
_module: Path | None = None


def pytest_configure(config: pytest.Config) -> None:
    """Start, in the process that hands tests out to others, the servers that these will share."""
    # A run under nohup ignores this signal, and so would every server that a test starts and stops by it.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    quick_starts.prepare()
    shares = getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput")
    if shares and not config.option.collectonly:
        owner = Servers(_run.enter_context(place_for_servers()))
        _run.callback(owner.stop)
        owner.start()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to `make prove` the second gateway, and what depends on the speed of the machine (`pytest -m measured`)."""

    def is_left_out(item: pytest.Item) -> bool:
        measured = not config.option.markexpr and item.get_closest_marker("measured") is not None
        return measured or gateways.is_left_out(item)

    config.hook.pytest_deselected(items=[item for item in items if is_left_out(item)])
    items[:] = [item for item in items if not is_left_out(item)]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop them, and what failed tests have left."""
    end_servers()
    _run.close()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Forget the secrets of the module before this one, and what another test did to the log."""
    global _module  # noqa: PLW0603  # pytest keeps no state for a plugin
    leaks.restore_log()
    if item.path != _module:
        leaks.forget()
        _module = item.path


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that printed or logged a secret, and show what the services logged beside a failure."""
    report = yield
    log = leaks.logged()
    if report.failed:
        report.sections.append(("Log of the services", log))
    try:
        leaks.refuse("".join([log, *(text for _, text in report.sections if report.passed)]), "what the test printed")
    except leaks.Leak as leak:
        report.outcome, report.longrepr = "failed", str(leak)
    return report


@pytest.fixture(scope="session", autouse=True)
def data_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Remove what the embedded servers of tests have kept outside the folders that they were given."""
    yield
    for folder in tmp_path_factory.getbasetemp().iterdir():
        remove(folder)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL with the migrated template, and Valkey."""
    with contextlib.ExitStack() as stack:
        shared = os.environ.get(PLACE)
        running = Servers(Path(shared) if shared else stack.enter_context(place_for_servers()))
        stack.callback(running.stop)
        running.start()
        running.make_template()
        yield running
        leaks.refuse(running.log(), "the log of PostgreSQL")


@pytest.fixture
def lent(servers: Servers) -> Iterator[CachedValue]:
    """A migrated database of the test's own, and the sessions that are at rest in it."""
    with servers.lend() as lent:
        yield lent


@pytest.fixture
def database_url(lent: CachedValue) -> str:
    """A migrated database of the test's own."""
    return lent.url


@pytest.fixture
def database(lent: CachedValue) -> Iterator[Database]:
    """The test's database, bound as the application's."""
    bound = lent.open()
    proxy.initialize(bound)
    database_id()  # a worker knows it from its start
    yield bound
    lent.close(bound)
    proxy.initialize(None)


@pytest.fixture
def valkey_url(servers: Servers) -> Iterator[str]:
    """An empty Valkey database; the test is skipped where there is no Valkey."""
    url = servers.empty_redis()
    if not url:
        pytest.skip("no Valkey on this machine")
    yield url
    leaks.refuse("\n".join(leaks.cached(url)), "Valkey")
