"""Connections: what happens when one is lost, and when the pool has no free one."""

import threading
from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit

import peewee
import pytest

from app.config import Config
from app.database import Database, bind, connection, explain_connection_error, on_commit, run, transaction, unit_of_work
from app.errors import Unavailable
from models.record import database as proxy
from tests.servers import with_database, with_query, with_user
from tests.threads import in_threads

INSERT = "INSERT INTO audit_clients (id, address) VALUES (gen_random_uuid(), %s)"
PID = "SELECT pg_backend_pid()"


def count(database: Database) -> int:
    """Count the rows on a separate connection, which sees only committed rows."""
    conn = database.connect_outside_pool()
    with conn.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_clients")
        (found,) = cursor.fetchone() or (-1,)
    conn.close()
    return int(found)


def kill(database: Database, pid: int) -> None:
    conn = database.connect_outside_pool()
    conn.cursor().execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    conn.close()


# Lost connections.


def test_a_connection_that_died_in_the_pool_is_not_handed_out(database: Database) -> None:
    ((pid,),) = run(PID)
    kill(database, pid)
    assert run(PID) != [(pid,)]


def test_a_repeatable_statement_survives_the_loss_of_its_connection(database: Database) -> None:
    with connection():
        ((pid,),) = run(PID)
        kill(database, pid)
        assert run(PID, retry_on_disconnect=True) != [(pid,)]
        assert run(PID) != [(pid,)]


def test_any_other_statement_is_unavailable_and_the_next_one_works(database: Database) -> None:
    with connection():
        ((pid,),) = run(PID)
        kill(database, pid)
        with pytest.raises(Unavailable) as caught:
            run(PID)
        assert caught.value.reason == "database"
        assert caught.value.headers["Retry-After"]
        assert run(PID) != [(pid,)]


def test_a_transaction_begins_on_a_fresh_connection_when_the_old_one_is_lost(database: Database) -> None:
    with connection():
        kill(database, run(PID)[0][0])
        with transaction():
            run(INSERT, ("a",))
    assert count(database) == 1


@pytest.mark.parametrize("again", [False, True])
def test_a_transaction_that_lost_its_connection_is_over_and_runs_nothing_more(database: Database, again: bool) -> None:
    with pytest.raises(Unavailable), transaction():
        run(INSERT, ("a",))
        kill(database, run(PID)[0][0])
        with pytest.raises(Unavailable):
            run(INSERT, ("b",), retry_on_disconnect=again)
        with pytest.raises(Unavailable):
            run(INSERT, ("c",), retry_on_disconnect=again)
    assert count(database) == 0
    run(INSERT, ("d",))
    assert count(database) == 1


@pytest.mark.parametrize("around", [transaction, unit_of_work])
def test_a_connection_lost_during_commit_leaves_the_outcome_open(
    database: Database, around: Callable[[], Iterator[object]]
) -> None:
    follows: list[int] = []
    with pytest.raises(Unavailable) as caught, around(), transaction():  # type: ignore[attr-defined]
        run(INSERT, ("a",))
        on_commit(lambda: follows.append(1))
        kill(database, run(PID)[0][0])
    assert caught.value.reason == "commit_unknown"
    with transaction():
        run(INSERT, ("b",))
    assert count(database) == 1
    assert follows == []


def test_a_unit_whose_connection_is_lost_can_still_record_its_failure(database: Database) -> None:
    with pytest.raises(Unavailable), unit_of_work(), transaction():
        kill(database, run(PID)[0][0])
        run(INSERT, ("a",))
    run(INSERT, ("failed event",))
    assert count(database) == 1


def test_every_idle_connection_may_die_at_once(database: Database) -> None:
    together = threading.Barrier(4)

    def hold() -> None:
        with connection():
            together.wait(5)

    in_threads(4, hold)
    conn = database.connect_outside_pool()
    conn.cursor().execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    conn.close()
    assert run("SELECT 1") == [(1,)]
    in_threads(4, hold)


# The pool.


def test_an_exhausted_pool_is_unavailable_and_no_hang(database: Database) -> None:
    small = Database(database.url, size=1, wait_seconds=0.05)
    proxy.initialize(small)
    refused: list[str] = []

    def ask() -> None:
        try:
            run("SELECT 1")
        except Unavailable as error:
            refused.append(str(error.reason))

    with connection():
        in_threads(1, ask)
    assert refused == ["database"]
    in_threads(1, ask)
    assert refused == ["database"]
    small.reset()


def test_who_waits_for_a_connection_gets_the_one_that_is_returned(database: Database) -> None:
    small = Database(database.url, size=1, wait_seconds=5)
    proxy.initialize(small)
    got: list[tuple[int, ...]] = []
    with connection():
        waiter = threading.Thread(target=lambda: got.extend(run("SELECT 1")))
        waiter.start()
    waiter.join(5)
    assert got == [(1,)]
    small.reset()


def test_a_connection_comes_back_without_an_open_or_failed_transaction(database: Database) -> None:
    first = run(PID)
    with connection():
        run("BEGIN")
        run(INSERT, ("a",))
    assert run(PID) == first
    with connection():
        run("BEGIN")
        with pytest.raises(peewee.DataError):
            run("SELECT 1 / 0")
    with connection():
        assert run("SELECT count(*) FROM audit_clients") == [(0,)]
        assert run(PID) == first


def test_a_server_that_has_become_a_standby_is_left(database: Database) -> None:
    first = run(PID)
    with connection(), pytest.raises(Unavailable):
        run("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'read_only_sql_transaction'; END $$")
    assert run(PID) != first


def test_connections_are_reused_and_nest(database: Database) -> None:
    with connection():
        first = run(PID)
        with connection():
            assert run(PID) == first
        assert run(PID) == first
    assert run(PID) == first


def test_a_reset_replaces_idle_connections_now_and_others_when_they_return(database: Database) -> None:
    with connection():
        held = run(PID)
        database.reset()
        assert run(PID) == held
    assert run(PID) != held


def test_a_fork_forgets_the_connections_without_closing_them(database: Database) -> None:
    parent = run(PID)
    kept = database._idle
    database.dispose()
    assert run(PID) != parent
    assert not kept[0].closed


def test_a_server_that_is_away_is_unavailable(database: Database) -> None:
    config = Config(database_url="postgresql://charter:sesame@127.0.0.1:1/charter", database_connect_seconds=1)
    bind(config, size=2)
    for attempt in (lambda: run("SELECT 1", retry_on_disconnect=True), lambda: connection().__enter__(), unit_of_one):
        with pytest.raises(Unavailable) as caught:
            attempt()
        line = explain_connection_error(caught.value)
        assert line == (
            "cannot reach PostgreSQL at 127.0.0.1:1/charter (Connection refused); start it or set DATABASE_URL"
        ), line


def unit_of_one() -> None:
    with unit_of_work(), transaction():
        run("SELECT 1")


def test_a_wrong_database_is_explained_without_the_password(database: Database) -> None:
    url = with_database(database.url, "nowhere")
    password = urlsplit(url).password or "sesame"
    if not urlsplit(url).password:
        url = with_user(url, "charter", password)
    bind(Config(database_url=url), size=1)
    with pytest.raises(Unavailable) as caught:
        run("SELECT 1")
    line = explain_connection_error(caught.value)
    assert "does not exist" in line
    assert "\n" not in line
    assert unquote(password) not in line


def test_libpq_parameters_of_the_url_are_kept(database: Database) -> None:
    bind(Config(database_url=with_query(database.url, application_name="ledger", connect_timeout="7")), size=1)
    assert run("SHOW application_name") == [("ledger",)]
