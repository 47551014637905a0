"""Peewee queries run as SQL text does: typed rows, one transaction, one count, the same errors."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC
from typing import Any, NamedTuple

import peewee
import pytest

from app.database import (
    Database,
    connection,
    execute,
    execute_in_autocommit,
    fetch,
    fetch_one,
    fetch_tuples,
    fetch_value,
    jobs,
    page_of,
    run,
    take_query_count,
    transaction,
    unit_of_work,
)
from app.errors import Unavailable
from app.identifiers import new_id
from app.results import MAX_COUNTED, Page
from models import AuditClient, PendingInvalidation, Role, RolePermission, User


class Held(NamedTuple):
    role: str
    permission: str


def clients() -> list[str]:
    return [address for (address,) in run("SELECT address FROM audit_clients ORDER BY address")]


def by_name(name: str) -> "peewee.ModelSelect[Role]":
    return Role.select().where(Role.name == name)


# What comes back.


def test_a_select_returns_instances_of_its_model(database: Database) -> None:
    roles = fetch(Role.select().order_by(Role.name))
    assert [role.name for role in roles] == ["admin", "guest", "user"]
    assert roles[0].holds_all is True
    assert roles[0].created_at.tzinfo is UTC


def test_a_moment_is_in_utc_whatever_the_zone_of_the_connection(database: Database) -> None:
    with transaction():
        run("SET LOCAL TIME ZONE 'Asia/Tokyo'")
        assert {role.created_at.tzinfo for role in fetch(Role.select())} == {UTC}


def test_a_page_has_some_rows_in_order_and_the_number_of_all(database: Database) -> None:
    page = page_of(Role.select().where(Role.name != "user").order_by(Role.name.desc()), Page(1, 1, "-name"))
    assert [role.name for role in page.items] == ["admin"]
    assert (page.total, page.total_is_exact) == (2, True)


def test_a_page_counts_to_a_limit(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.database.paging.MAX_COUNTED", 2)
    page = page_of(Role.select().order_by(Role.name), Page(0, 5, "name"))
    assert (len(page.items), page.total, page.total_is_exact) == (3, 2, False)
    assert MAX_COUNTED == 10_000


def test_a_join_fills_the_instance_that_is_joined(database: Database) -> None:
    held = fetch_one(
        RolePermission.select(RolePermission, Role).join(Role).where(RolePermission.permission == "profiles:read")
    )
    assert held is not None
    assert held.role.name == "user"


def test_what_was_not_joined_is_never_fetched_behind_the_back_of_the_caller(database: Database) -> None:
    [held] = fetch(RolePermission.select().where(RolePermission.permission == "profiles:read"))
    take_query_count()
    role = fetch_one(by_name("user"))
    assert role is not None
    assert held.role == role.id
    assert take_query_count() == 1


def test_columns_become_the_type_that_is_asked_for(database: Database) -> None:
    held = RolePermission.select(Role.name.alias("role"), RolePermission.permission).join(Role)
    query = held.where(RolePermission.permission == "profiles:read")
    assert fetch(query, Held) == [Held("user", "profiles:read")]
    assert fetch_one(query, Held) == Held("user", "profiles:read")
    assert fetch_tuples(query) == [("user", "profiles:read")]
    assert fetch_value(query) == "user"


def test_where_there_is_no_row_there_is_none(database: Database) -> None:
    assert fetch(by_name("nobody")) == []
    assert fetch_one(by_name("nobody")) is None
    assert fetch_value(by_name("nobody")) is None


@pytest.fixture
def in_transaction(database: Database) -> Iterator[None]:
    with transaction():
        yield


@pytest.mark.usefixtures("in_transaction")
def test_writes_return_rows_where_they_are_asked_for_and_numbers_else() -> None:
    made = fetch_one(AuditClient.insert(address="a").returning(AuditClient), AuditClient)
    assert made is not None
    assert (made.address, made.id.version) == ("a", 7)
    assert execute(AuditClient.insert(address="b")) == 1
    assert execute(AuditClient.insert_many([{"address": "c"}, {"address": "d"}])) == 2
    assert execute(AuditClient.insert(id=made.id, address="a").on_conflict_ignore()) == 0
    changed = AuditClient.update(user_agent="x").where(AuditClient.address << ["a", "b"])
    assert execute(changed) == 2
    assert {row.address for row in fetch(changed.returning(AuditClient.address), AuditClient)} == {"a", "b"}
    removed = AuditClient.delete().where(AuditClient.user_agent == "x").returning(AuditClient.address)
    assert sorted(fetch_tuples(removed)) == [("a",), ("b",)]
    assert execute(AuditClient.delete()) == 2
    assert execute(AuditClient.insert_many([])) == 0
    assert fetch(AuditClient.insert_many([]).returning(AuditClient), AuditClient) == []


WRITES = [AuditClient.insert(address="b"), AuditClient.update(user_agent="x"), AuditClient.delete()]
RETURNING = [query.returning(AuditClient.address) for query in WRITES]


@pytest.mark.parametrize("query", RETURNING, ids=["insert", "update", "delete"])
def test_execute_refuses_returning_before_anything_is_sent(database: Database, query: Any) -> None:
    execute_in_autocommit(AuditClient.insert(address="a"))
    take_query_count()
    with pytest.raises(TypeError, match="Use fetch"), transaction():
        execute(query)
    with pytest.raises(TypeError, match="Use fetch"):
        execute_in_autocommit(query)
    assert take_query_count() == 0


@pytest.mark.usefixtures("in_transaction")
@pytest.mark.parametrize("query", WRITES, ids=["insert", "update", "delete"])
def test_fetch_refuses_a_write_without_returning_before_it_is_sent(query: Any) -> None:
    take_query_count()
    for refuse in (lambda: fetch(query, AuditClient), lambda: fetch_one(query, AuditClient)):
        with pytest.raises(TypeError, match="use execute"):
            refuse()
    for fetch_some in (fetch_tuples, fetch_value):
        with pytest.raises(TypeError, match="use execute"):
            fetch_some(query)
    assert take_query_count() == 0


def test_a_query_that_is_run_again_asks_the_database_again(database: Database) -> None:
    query = AuditClient.select()
    assert fetch(query) == []
    run("INSERT INTO audit_clients (id, address) VALUES (gen_random_uuid(), 'a')")
    assert [client.address for client in fetch(query)] == ["a"]


@pytest.mark.usefixtures("in_transaction")
def test_the_database_says_when_a_row_was_made_that_does_not_say_it() -> None:
    made = fetch_one(PendingInvalidation.insert(tag="a").returning(PendingInvalidation), PendingInvalidation)
    assert made is not None
    assert run("SELECT now()") == [(made.created_at,)] == [(made.updated_at,)]


# Transactions, connections, errors.


def test_alone_it_is_committed_and_its_connection_returned(database: Database) -> None:
    execute_in_autocommit(AuditClient.insert(address="a"))
    assert database.state.closed
    with pytest.raises(KeyError), transaction():
        raise KeyError
    assert clients() == ["a"]


@pytest.mark.parametrize("inside", [unit_of_work, connection], ids=["unit of work", "connection"])
def test_a_write_outside_a_transaction_is_refused_before_it_is_sent(database: Database, inside: Any) -> None:
    writes: list[Callable[[], object]] = [
        lambda: execute(AuditClient.insert(address="a")),
        lambda: fetch(RETURNING[0], AuditClient),
        lambda: fetch_one(RETURNING[0], AuditClient),
        lambda: fetch_tuples(RETURNING[0]),
        lambda: fetch_value(RETURNING[0]),
    ]
    with inside():
        for write in writes:
            with pytest.raises(RuntimeError, match=r"transaction\(\).*execute_in_autocommit"):
                write()
    assert clients() == []


def test_a_write_in_autocommit_is_refused_where_a_rollback_would_undo_it(database: Database) -> None:
    with transaction(), pytest.raises(RuntimeError, match="must run in autocommit"):
        execute_in_autocommit(AuditClient.insert(address="a"))
    assert clients() == []


def test_a_write_in_autocommit_stays_although_its_unit_of_work_fails(database: Database) -> None:
    with pytest.raises(KeyError), unit_of_work():
        assert execute_in_autocommit(AuditClient.insert(address="a")) == 1
        raise KeyError
    assert clients() == ["a"]


def test_in_a_transaction_it_is_part_of_it(database: Database) -> None:
    with pytest.raises(KeyError), transaction():
        execute(AuditClient.insert(address="a"))
        assert [client.address for client in fetch(AuditClient.select())] == ["a"]
        raise KeyError
    assert clients() == []
    with unit_of_work() as work:
        fetch(AuditClient.select())
        assert not work.in_transaction
        with transaction():
            execute(AuditClient.insert(address="b"))
    assert clients() == ["b"]


def test_each_counts_as_one_statement(database: Database) -> None:
    take_query_count()
    fetch(by_name("user"))
    with transaction():
        execute(AuditClient.insert(address="a"))
        fetch_value(User.select(peewee.fn.count(User.id)))
    assert take_query_count() == 3


def test_errors_are_those_of_sql_text(database: Database) -> None:
    for query in (Role.insert(name="admin", description=""), Role.insert(id=new_id(), name=None, description="")):
        with pytest.raises(peewee.IntegrityError) as caught:
            execute_in_autocommit(query)
        assert getattr(caught.value.__cause__, "pgcode", "")[:2] == "23"
    with pytest.raises(RuntimeError, match="was caught"), transaction(), pytest.raises(peewee.IntegrityError):
        execute(Role.insert(name="admin", description=""))


def end_connection(database: Database) -> None:
    """End the connection that this thread holds, as a server that restarts does."""
    pid = run("SELECT pg_backend_pid()")[0][0]
    with closing(database.connect_outside_pool()) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


def test_a_lost_connection_is_unavailable_unless_the_query_may_run_twice(database: Database) -> None:
    with connection():
        end_connection(database)
        with pytest.raises(Unavailable) as caught:
            fetch(by_name("user"))
        assert caught.value.reason == "database"
        end_connection(database)
        assert [role.name for role in fetch(by_name("user"), retry_on_disconnect=True)] == ["user"]
    with transaction():
        pass
    with pytest.raises(Unavailable), transaction():
        end_connection(database)
        fetch(by_name("user"), retry_on_disconnect=True)


def test_a_query_that_deadlocks_alone_is_repeated(database: Database) -> None:
    # A trigger fails once, in the way that a deadlock does.
    run("CREATE SEQUENCE attempts")
    run(
        """
        CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('attempts') = 1 THEN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END IF;
            RETURN NEW;
        END $$
        """
    )
    run("CREATE TRIGGER fails BEFORE INSERT ON audit_clients FOR EACH ROW EXECUTE FUNCTION fail_once()")
    assert execute_in_autocommit(AuditClient.insert(address="a")) == 1
    assert clients() == ["a"]


def test_nothing_starts_after_the_deadline(database: Database) -> None:
    jobs.set_current(jobs.Job("late", seconds=0))
    try:
        with pytest.raises(Unavailable) as caught:
            fetch(Role.select())
    finally:
        jobs.set_current(None)
    assert caught.value.reason == "deadline"
