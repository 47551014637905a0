"""Law 9: a request that got 503 was not carried out, whether the deadline came first or the commit."""

import dataclasses
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest

from app.database import Database, run
from models.record import database as proxy
from tests import leaks
from tests.gateways import TESTED
from tests.integration.wire.test_deadlines import LOGIN, Asking
from tests.people import PASSWORD, People
from tests.servers import Servers
from tests.service import Service, config_for
from tests.service import running as serving
from tests.waiting import until
from tests.wire import data, events, refused

# Within the first, a busy machine too comes as far as a COMMIT.
REQUEST_SECONDS, STATEMENT_SECONDS = 2.0, 2.6
USERS, REFRESH = "/v1/users", "/v1/auth/refresh"
# Held up until the test lets go of the lock: the COMMIT itself, of a transaction that has made an account or a refresh.
SLOW_COMMIT = """
CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER wait_at_commit AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION wait_at_commit();
CREATE CONSTRAINT TRIGGER wait_at_commit AFTER UPDATE ON sessions DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION wait_at_commit();
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.15); RETURN NEW; END $$;
CREATE TRIGGER dawdle BEFORE INSERT ON users FOR EACH ROW WHEN (NEW.email = 'slow@example.com')
EXECUTE FUNCTION dawdle();
"""


@pytest.fixture(scope="module", params=TESTED)
def hasty(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Service]:
    """A service that gives a request little time, and a statement a little more."""
    url = servers.clone()
    database = Database(url, size=1)
    database.connect()
    database.execute_sql(SLOW_COMMIT)
    database.reset()
    config = dataclasses.replace(
        config_for(DATABASE_URL=url, CHARTER_GATEWAY=request.param),
        request_seconds=REQUEST_SECONDS,
        database_statement_seconds=STATEMENT_SECONDS,
    )
    with serving(config) as service:
        yield service
    proxy.initialize(None)
    servers.drop(url)


@pytest.fixture(scope="module")
def people(hasty: Service, password_hash: str) -> Iterator[People]:
    made = People(hasty, password_hash)
    yield made
    made.close()


@contextmanager
def held(url: str, statement: str) -> Iterator[None]:
    """Hold what the statement locks."""
    connection = psycopg2.connect(url)
    try:
        connection.cursor().execute(statement)
        yield
    finally:
        connection.close()


def wait_until(holds: str, *params: object) -> None:
    """Return when a query says so."""
    until(lambda: run(holds, params)[0][0])


def nobody_works() -> None:
    wait_until(
        "SELECT count(*) = 0 FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
    )


def somebody_waits_at_commit(query: str = "COMMIT") -> None:
    wait_until(
        "SELECT count(*) > 0 FROM pg_stat_activity"
        " WHERE datname = current_database() AND strpos(query, %s) > 0 AND wait_event = 'advisory'",
        query,
    )


def accounts(name: str) -> int:
    return int(run("SELECT count(*) FROM users WHERE email = %s", (f"{name}@example.com",))[0][0])


def new(name: str) -> dict[str, str]:
    return {"email": f"{name}@example.com", "password": PASSWORD, "role": "guest"}


def create(people: People, name: str) -> Asking:
    token = people.ada.tokens or people.ada.sign_in()
    headers = {"Authorization": f"Bearer {token['access_token']}", "X-Request-Id": name, "Idempotency-Key": name}
    return Asking(people._service, method="POST", url=USERS, json=new(name), headers=headers)


def test_what_waited_for_a_lock_past_the_deadline_is_undone(hasty: Service, people: People) -> None:
    sign_in = {"method": "POST", "url": LOGIN, "json": {"email": people.alice.email, "password": PASSWORD}}
    people.ada.sign_in()
    sessions = "SELECT count(*) FROM sessions"
    before = run(sessions)
    with held(hasty.config.database_url, "LOCK TABLE users, sessions IN SHARE ROW EXCLUSIVE MODE"):
        asked = [Asking(hasty, **sign_in, headers={"X-Request-Id": "waits"}), create(people, "waits-too")]
        for asking in asked:
            asking.join(timeout=20)
            assert asking.response is not None
            refused(asking.response, 503, "UNAVAILABLE")
    nobody_works()

    assert run(sessions) == before
    assert accounts("waits-too") == 0
    for request_id in ("waits", "waits-too"):
        # The thread that was given up writes the row, after the response.
        rows = until(lambda name=request_id: events(name))  # type: ignore[misc]
        assert [(row.outcome, row.reason) for row in rows] == [("failed", "deadline")]
    data(hasty.client().request(**sign_in))
    again = create(people, "waits-too")
    again.join(timeout=20)
    assert again.response is not None
    data(again.response, 201)


def test_a_refresh_that_waited_for_the_trail_past_the_deadline_has_used_nothing_up(
    hasty: Service, people: People
) -> None:
    token = people.alice.sign_in()["refresh_token"]
    sessions = "SELECT * FROM sessions ORDER BY id"
    before = run(sessions)
    with held(hasty.config.database_url, "LOCK TABLE charter_audit_entries IN SHARE MODE"):
        asking = Asking(hasty, method="POST", url=REFRESH, json={"refresh_token": token}, headers={"X-Request-Id": "r"})
        asking.join(timeout=20)
        assert asking.response is not None
        refused(asking.response, 503, "UNAVAILABLE")
    nobody_works()

    assert run(sessions) == before
    rows = until(lambda: events("r"))
    assert [(row.outcome, row.reason) for row in rows] == [("failed", "deadline")]
    data(hasty.client().post(REFRESH, json={"refresh_token": token}))


def test_a_commit_that_is_under_way_at_the_deadline_is_waited_for(hasty: Service, people: People) -> None:
    people.ada.sign_in()
    with held(hasty.config.database_url, "SELECT pg_advisory_xact_lock(4711)"):
        asking = create(people, "in-time")
        somebody_waits_at_commit()
        asking.join(timeout=REQUEST_SECONDS)  # past the deadline of a request that has been under way for a while
        assert asking.response is None
    asking.join(timeout=20)

    assert asking.response is not None
    assert data(asking.response, 201)["email"] == "in-time@example.com"
    assert accounts("in-time") == 1


def test_a_refresh_that_is_being_committed_at_the_deadline_is_answered(hasty: Service, people: People) -> None:
    token = people.alice.sign_in()["refresh_token"]
    with held(hasty.config.database_url, "SELECT pg_advisory_xact_lock(4711)"):
        asking = Asking(hasty, method="POST", url=REFRESH, json={"refresh_token": token}, headers={"X-Request-Id": "c"})
        somebody_waits_at_commit("charter_refresh_sessions")
        asking.join(timeout=REQUEST_SECONDS)
        assert asking.response is None
    asking.join(timeout=20)

    assert asking.response is not None
    data(asking.response)
    assert [(row.outcome, row.reason) for row in events("c")] == [("succeeded", None)]


def test_a_commit_that_nobody_sees_the_end_of_is_the_one_503_that_may_have_been_carried_out(
    hasty: Service, people: People
) -> None:
    people.ada.sign_in()
    with held(hasty.config.database_url, "SELECT pg_advisory_xact_lock(4711)"):
        asking = create(people, "unknown")
        asking.join(timeout=20)
        assert asking.response is not None
        refused(asking.response, 503, "UNAVAILABLE")
    nobody_works()

    assert accounts("unknown") == 1
    assert [(row.outcome, row.reason) for row in events("unknown")][-1] == ("failed", "commit_unknown")
    again = create(people, "unknown")
    again.join(timeout=20)
    assert again.response is not None
    assert again.response.headers["idempotency-replayed"] == "true"
    assert accounts("unknown") == 1


def test_a_slow_query_says_which_request_it_was_run_for(hasty: Service, people: People) -> None:
    people.ada.sign_in()
    leaks.logged()

    asking = create(people, "slow")
    asking.join(timeout=20)

    lines = [json.loads(line) for line in leaks.logged().splitlines()]
    told = [line for line in lines if line["event"] == "slow_query" and "INSERT INTO users" in line["statement"]]
    assert [(line["request_id"], line["operation_id"]) for line in told] == [("slow", "create_user")]


def test_what_is_answered_503_at_the_end_of_the_server_is_undone(
    gateway: str, database_url: str, password_hash: str
) -> None:
    config = config_for(DATABASE_URL=database_url, CHARTER_GATEWAY=gateway, REQUEST_SECONDS="60")
    held_up = threading.Event()

    with serving(config) as service:
        service._server.config.timeout_graceful_shutdown = 1
        made = People(service, password_hash)
        made.ada.sign_in()

        def hold(query) -> None:
            if "record_event" in query.sql and "succeeded" in query.params:
                held_up.set()
                let_go.wait(20)

        let_go = threading.Event()
        proxy.obj.query_hooks.append(hold)
        asking = create(made, "at-the-end")
        assert held_up.wait(20)
        made.close()
        closing = threading.Thread(target=service.close)
        closing.start()
        asking.join(timeout=20)
        let_go.set()
        closing.join(timeout=20)
        nobody_works()

        assert asking.response is not None
        refused(asking.response, 503, "UNAVAILABLE")
        assert accounts("at-the-end") == 0
