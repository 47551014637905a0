"""Statements, transactions and units of work: what is committed, rolled back and repeated."""

import threading
from contextlib import closing

import peewee
import pytest

from app.config import Config
from app.database import (
    Database,
    bind,
    on_commit,
    retry_transaction,
    run,
    run_in_autocommit,
    take_query_count,
    transaction,
    unit_of_work,
)
from app.errors import Unavailable
from models import Role
from tests.threads import in_threads

INSERT = "INSERT INTO audit_clients (id, address) VALUES (gen_random_uuid(), %s)"
PID = "SELECT pg_backend_pid()"


def count(database: Database) -> int:
    """Count the rows on a separate connection, which sees only committed rows."""
    with closing(database.connect_outside_pool()) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_clients")
        (found,) = cursor.fetchone() or (-1,)
        return int(found)


# Statements and transactions.


def test_a_statement_alone_is_committed_at_once(database: Database) -> None:
    assert run(INSERT, ("a",)) == []
    assert count(database) == 1


def test_a_transaction_commits_at_its_end_and_not_before(database: Database) -> None:
    with transaction():
        run(INSERT, ("a",))
        assert count(database) == 0
    assert count(database) == 1


def test_an_exception_rolls_a_transaction_back(database: Database) -> None:
    with pytest.raises(KeyError), transaction():
        run(INSERT, ("a",))
        raise KeyError
    assert count(database) == 0


def test_an_inner_transaction_is_part_of_the_outer_one(database: Database) -> None:
    with pytest.raises(KeyError), transaction():
        with transaction():
            run(INSERT, ("a",))
        raise KeyError
    assert count(database) == 0


def test_a_swallowed_failure_of_an_inner_block_cannot_be_committed(database: Database) -> None:
    with pytest.raises(RuntimeError, match="was caught"), transaction():
        run(INSERT, ("a",))
        with pytest.raises(KeyError), transaction():
            raise KeyError
    assert count(database) == 0


def test_a_swallowed_error_of_a_statement_cannot_be_committed(database: Database) -> None:
    with pytest.raises(RuntimeError, match="was caught"), transaction():
        run(INSERT, ("a",))
        with pytest.raises(peewee.DataError):
            run("SELECT 1 / 0")
    assert count(database) == 0


def test_models_work_on_the_same_connection_and_transaction(database: Database) -> None:
    with transaction():
        run("UPDATE roles SET description = 'changed' WHERE name = 'guest'")
        with database.atomic():
            assert Role.get(Role.name == "guest").description == "changed"
    assert run("SELECT description FROM roles WHERE name = 'guest'") == [("changed",)]


def test_a_refused_statement_raises_the_error_of_its_kind(database: Database) -> None:
    with pytest.raises(peewee.IntegrityError) as caught:
        run("INSERT INTO roles (id, name, description) VALUES (gen_random_uuid(), 'admin', '')")
    assert getattr(caught.value.__cause__, "pgcode", None) == "23505"


# Units.


def test_a_unit_nobody_wrote_in_begins_nothing(database: Database) -> None:
    with unit_of_work() as work:
        run("SELECT 1")
        assert not work.in_transaction


def test_a_unit_commits_what_its_transactions_did(database: Database) -> None:
    with unit_of_work() as work:
        with transaction():
            run(INSERT, ("a",))
        assert work.in_transaction
        with transaction():
            run(INSERT, ("b",))
        run(INSERT, ("event row",))
        assert count(database) == 0
    assert count(database) == 3


def test_an_exception_after_the_transaction_still_rolls_the_unit_back(database: Database) -> None:
    with pytest.raises(KeyError), unit_of_work():
        with transaction():
            run(INSERT, ("a",))
        raise KeyError
    assert count(database) == 0


def test_a_write_before_the_transaction_begins_stays(database: Database) -> None:
    with pytest.raises(KeyError), unit_of_work():
        run_in_autocommit(INSERT, ("failed sign-in",))
        with transaction():
            raise KeyError
    assert count(database) == 1


def test_a_statement_that_must_stay_is_refused_inside_a_transaction(database: Database) -> None:
    with pytest.raises(RuntimeError, match="must run in autocommit"), transaction():
        run_in_autocommit(INSERT, ("a",))
    with pytest.raises(RuntimeError, match="must run in autocommit"), unit_of_work():
        with transaction():
            run(INSERT, ("a",))
        run_in_autocommit(INSERT, ("b",))
    assert count(database) == 0


def test_units_do_not_nest(database: Database) -> None:
    with unit_of_work(), pytest.raises(RuntimeError), unit_of_work():
        pass
    with transaction(), pytest.raises(RuntimeError), unit_of_work():
        pass
    with unit_of_work():
        pass


# After the commit.


def test_what_follows_a_commit_runs_after_it_and_once(database: Database) -> None:
    seen: list[int] = []
    with unit_of_work():
        with transaction():
            run(INSERT, ("a",))
            on_commit(lambda: seen.append(count(database)))
        assert seen == []
    assert seen == [1]
    with transaction():
        on_commit(lambda: seen.append(2))
    on_commit(lambda: seen.append(3))
    assert seen == [1, 2, 3]


def test_nothing_follows_a_rollback(database: Database) -> None:
    seen: list[int] = []
    for around in (transaction, unit_of_work):
        with pytest.raises(KeyError), around():
            on_commit(lambda: seen.append(1))
            raise KeyError
    with transaction():
        pass
    assert seen == []


def test_an_error_in_what_follows_is_logged_and_not_raised(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int] = []
    with transaction():
        run(INSERT, ("a",))
        on_commit(lambda: 1 // 0)
        on_commit(lambda: seen.append(1))
    assert seen == [1]
    assert "a commit hook failed" in caplog.text


# Contention and time.


def test_a_serialization_failure_is_repeated(database: Database) -> None:
    attempts: list[int] = []

    def rename() -> None:
        with transaction():
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            run("SELECT * FROM roles")
            attempts.append(1)
            if len(attempts) == 1:
                in_threads(1, lambda: run("UPDATE roles SET description = 'theirs' WHERE name = 'user'"))
            run("UPDATE roles SET description = description || ' and ours' WHERE name = 'user'")

    retry_transaction(rename)
    assert len(attempts) == 2
    assert run("SELECT description FROM roles WHERE name = 'user'") == [("theirs and ours",)]


def test_a_deadlock_is_repeated_until_both_are_done(database: Database) -> None:
    together = threading.Barrier(2)
    met = threading.local()

    def lock(first: str, second: str) -> None:
        with unit_of_work(), transaction():
            run("SET LOCAL deadlock_timeout = '20ms'")
            run("UPDATE roles SET description = description || '.' WHERE name = %s", (first,))
            if not hasattr(met, "once"):
                met.once = True
                together.wait(5)
            run("UPDATE roles SET description = description || '.' WHERE name = %s", (second,))

    names = iter([("user", "guest"), ("guest", "user")])

    def lock_both() -> None:
        first, second = next(names)
        retry_transaction(lambda: lock(first, second))

    in_threads(2, lock_both)
    assert run("SELECT count(*) FROM roles WHERE description LIKE '%..'") == [(2,)]


def test_contention_without_end_is_unavailable(database: Database) -> None:
    attempts: list[int] = []

    def fail() -> None:
        attempts.append(1)
        with transaction():
            run("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'serialization_failure'; END $$")

    with pytest.raises(Unavailable) as caught:
        retry_transaction(fail)
    assert (caught.value.reason, len(attempts)) == ("contention", 3)
    with pytest.raises(peewee.OperationalError), transaction():
        retry_transaction(fail)
    assert len(attempts) == 4


def test_no_other_error_is_repeated(database: Database) -> None:
    attempts: list[int] = []

    def fail() -> None:
        attempts.append(1)
        run("SELECT 1 / 0")

    with pytest.raises(peewee.DataError):
        retry_transaction(fail)
    assert len(attempts) == 1


@pytest.mark.parametrize(
    ("code", "reason"), [("57014", "database"), ("53100", "database"), ("25006", "database"), ("55P03", "lock_timeout")]
)
def test_what_may_work_later_is_unavailable(database: Database, code: str, reason: str) -> None:
    with pytest.raises(Unavailable) as caught:
        run(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$")
    assert caught.value.reason == reason
    assert run("SELECT 1") == [(1,)]


# What is watched.


def test_statements_are_counted_for_each_thread(database: Database) -> None:
    take_query_count()
    with transaction():
        run("SELECT 1")
        in_threads(1, lambda: run("SELECT 1"))
        Role.get(Role.name == "user")
    assert take_query_count() == 2
    assert take_query_count() == 0


def test_a_slow_statement_is_reported_without_its_values(database: Database) -> None:
    told: list[tuple[str, float]] = []
    config = Config(database_url=database.url, slow_query_ms=20)
    bind(config, size=1, on_slow_query=lambda sql, ms: told.append((sql, ms)))
    run("SELECT 1")
    run("SELECT pg_sleep(%s)", (0.03,))
    ((sql, ms),) = told
    assert (sql, ms >= 30) == ("SELECT pg_sleep(%s)", True)
