"""A PostgreSQL that hangs: every wait for it has an end, and the service works again as soon as it does."""

import contextlib
import random
import threading
import time
from collections.abc import Iterator

import psycopg2
import pytest

from app.cache.client import RedisClient
from app.config import Config
from app.database import Database, bind, connection, run, take_query_count, time_limit, transaction
from app.database.migrator import migrate
from app.database.watchdog import PooledConnection, Watchdog
from app.errors import Unavailable
from app.services.probes import build_probes
from models.record import database as proxy
from tests.frozen import Frozen, relayed
from tests.service import config_for, running
from tests.threads import in_threads
from tests.waiting import until


@pytest.fixture(scope="module")
def hanging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frozen]:
    server = Frozen(tmp_path_factory.mktemp("frozen"))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def server(hanging: Frozen) -> Iterator[Frozen]:
    """The server, bound with statements of a second at most."""
    database = bound_to(hanging.url)
    try:
        yield hanging
    finally:
        hanging.thaw()
        database.close()
        database.reset()
        proxy.initialize(None)


def bound_to(url: str, *, limit_statements: bool = True) -> Database:
    config = Config(database_url=url, database_statement_seconds=1, database_connect_seconds=2)
    return bind(config, size=8, limit_statements=limit_statements)


@contextlib.contextmanager
def expect_cut(reason: str = "database") -> Iterator[None]:
    with pytest.raises(Unavailable) as caught:
        yield
    assert caught.value.reason == reason


def test_a_statement_to_a_frozen_server_ends_and_the_next_one_works_once_it_is_back(server: Frozen) -> None:
    with connection():
        run("SELECT 1")
        server.freeze()
        with expect_cut():
            run("SELECT 1")
        server.thaw()
        assert run("SELECT 1") == [(1,)]


def test_so_does_one_over_tcp(server: Frozen) -> None:
    with relayed(server.url) as url:
        database = bound_to(url)
        run("SELECT 1")
        server.freeze()
        with expect_cut():
            run("SELECT 1")
        server.thaw()
        assert run("SELECT 1") == [(1,)]
        database.reset()


def test_a_statement_under_way_is_cut_off_in_every_thread_and_not_repeated(server: Frozen) -> None:
    def wait() -> None:
        with expect_cut():
            run("SELECT pg_sleep(30)", retry_on_disconnect=True)
        assert take_query_count() == 1

    in_threads(6, wait)
    assert run("SELECT 1") == [(1,)]


def test_one_overdue_statement_spares_the_next_ones_the_idle_connections(server: Frozen) -> None:
    together = threading.Barrier(4)

    def hold() -> None:
        with connection():
            together.wait(5)

    in_threads(4, hold)
    server.freeze()
    with expect_cut():
        run("SELECT 1")
    assert not proxy.obj._idle


def test_connecting_to_a_frozen_server_ends(server: Frozen) -> None:
    server.freeze()
    with expect_cut():
        run("SELECT 1")
    server.thaw()
    assert run("SELECT 1") == [(1,)]


def test_a_transaction_cut_off_before_its_commit_is_unavailable(server: Frozen) -> None:
    run("SELECT 1")
    server.freeze()
    with expect_cut(), transaction():
        run("SELECT 1")


def test_a_commit_cut_off_leaves_the_outcome_open(server: Frozen) -> None:
    with expect_cut(reason="commit_unknown"), transaction():
        run("SELECT txid_current()")
        server.freeze()
    server.thaw()
    assert run("SELECT 1") == [(1,)]


def test_a_rollback_cut_off_hides_no_error(server: Frozen) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        run("SELECT txid_current()")
        server.freeze()
        raise ZeroDivisionError


@pytest.mark.parametrize("warm", [True, False])
def test_the_probe_of_health_answers_in_a_second_or_so(server: Frozen, warm: bool) -> None:
    probe = build_probes(RedisClient(None, timeout_ms=100, prefix="charter")).database
    database = Database(server.url, size=2)
    proxy.initialize(database)
    if warm:
        assert probe()
    server.freeze()
    assert not probe()
    server.thaw()
    assert probe()
    database.reset()


def test_a_block_may_have_more_time_than_a_statement_and_no_more_than_the_block_around_it(server: Frozen) -> None:
    with time_limit(30):
        run("SELECT pg_sleep(1.2)")
        with expect_cut(), time_limit(0.3), time_limit(30):
            run("SELECT pg_sleep(5)")


def test_long_work_is_not_bounded(server: Frozen) -> None:
    database = bound_to(server.url, limit_statements=False)
    assert len(run("SELECT pg_sleep(1.2)")) == 1
    database.reset()


def test_no_statement_is_cut_off_for_the_one_before_it(server: Frozen) -> None:
    database = Database(server.url, size=8, statement_seconds=0.03)
    proxy.initialize(database)
    outcomes: set[bool] = set()

    def hammer() -> None:
        with connection():
            for _ in range(60):
                try:
                    run("SELECT pg_sleep(%s)", (random.uniform(0.02, 0.032),))
                    outcomes.add(True)
                except Unavailable:
                    outcomes.add(False)
                with time_limit(30):
                    assert run("SELECT 1") == [(1,)]

    with time_limit(30):
        in_threads(8, hammer)
    assert False in outcomes
    database.reset()


def test_a_cut_that_comes_too_late_spares_the_next_statement(server: Frozen) -> None:
    watch = Watchdog(60)
    with contextlib.closing(psycopg2.connect(server.url, connection_factory=PooledConnection)) as conn:
        assert watch.end(watch.begin(conn, None))
        with watch._lock:
            overdue = watch.begin(conn, time.monotonic())
            time.sleep(0.2)  # the watch has chosen it, and waits for the lock
            assert watch.end(overdue)
            following = watch.begin(conn, None)
        time.sleep(0.1)
        conn.cursor().execute("SELECT 1")
        assert watch.end(following)


def test_statements_in_time_are_left_alone(server: Frozen) -> None:
    def hammer() -> None:
        for _ in range(300):
            assert run("SELECT 1") == [(1,)]
        assert len(run("SELECT pg_sleep(0.6)")) == 1

    in_threads(4, hammer)


def test_the_watch_goes_home_without_work_and_comes_back(server: Frozen) -> None:
    def watched() -> int:
        return sum(thread.name == "database-watch" for thread in threading.enumerate())

    before = watched()
    database = Database(server.url, size=1, statement_seconds=0.2)
    proxy.initialize(database)
    for _ in range(2):
        with expect_cut():
            run("SELECT pg_sleep(5)")
        assert until(lambda: watched() <= before)
    database.dispose()
    with expect_cut():
        run("SELECT pg_sleep(5)")
    database.reset()


def test_a_service_answers_throughout_and_can_be_ended(server: Frozen) -> None:
    migrate(Database(server.url, size=2), report=lambda _: None)
    config = config_for(
        DATABASE_URL=server.url, DATABASE_STATEMENT_SECONDS="1", DATABASE_CONNECT_SECONDS="2", REQUEST_SECONDS="15"
    )
    sign_in = {"email": "alice@example.com", "password": "correct horse battery staple"}
    with running(config) as service, service.client() as client:
        assert client.get("/health").json()["checks"]["database"] == "ok"
        server.freeze()
        assert client.get("/health").json()["checks"]["database"] == "error"
        response = client.post("/v1/auth/login", json=sign_in)
        assert (response.status_code, "Retry-After" in response.headers) == (503, True)
        server.thaw()
        assert client.get("/health").json()["checks"]["database"] == "ok"
        assert client.post("/v1/auth/login", json=sign_in).status_code == 401
        server.freeze()
        service.close()
