"""Decisions that share a statement: each request has its own, and its own row in the trail (laws 4 and 5)."""

import contextlib
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.clock import system_clock
from app.context.event import Event
from app.database import Database, run
from app.database.jobs import Job
from app.errors import AppError, Forbidden, NotFound, SessionEnded, StepUpRequired
from app.factory import build_redis_client, build_runtime
from app.identifiers import new_id
from app.observability.metrics import Metrics
from app.pipeline.batching import BatchedWork, begin_batch
from app.pipeline.compile import compile_operations
from app.pipeline.contract import read_contract
from app.pipeline.operation import CompiledOperation
from app.pipeline.request_context import Caller, RequestContext
from app.pipeline.steps.authorization import STATEMENT, decider
from app.security.client_address import Client
from app.services import user_rows
from app.services.audit_events import write_event
from tests.people import People, Person
from tests.service import config_for
from tests.unit.made import make_context
from tests.waiting import until

DECISIONS = "SELECT action, outcome, reason FROM audit_events WHERE request_id = %s AND permission IS NOT NULL"
WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
def operations(database: Database) -> dict[str, CompiledOperation]:
    config, metrics = config_for(DATABASE_URL=database.url), Metrics()
    contract = read_contract(config)
    redis = build_redis_client(config, metrics)
    return compile_operations(contract.operations, build_runtime(config, contract, redis, metrics, system_clock))


def session_of(person: Person) -> UUID:
    person.sign_in()
    newest: UUID = run("SELECT id FROM sessions WHERE user_id = %s ORDER BY id DESC LIMIT 1", (person.id,))[0][0]
    return newest


def request_of(person: Person, session_id: UUID, **more: Any) -> RequestContext:
    return make_context(request_id=str(new_id()), caller=Caller(person.id, session_id), arguments=None, **more)


def work(operation: CompiledOperation, context: RequestContext) -> BatchedWork:
    return BatchedWork(operation.begin(context), context, Job(context.request_id, seconds=60))


def status_of(one: BatchedWork) -> int | type[AppError]:
    try:
        return one().status
    except AppError as error:
        return type(error)


def test_one_statement_decides_for_everybody_and_each_as_if_alone(
    people: People, database: Database, operations: dict[str, CompiledOperation]
) -> None:
    sessions = {who.name: session_of(who) for who in (people.ada, people.alice, people.bob, people.gus)}
    run("UPDATE sessions SET ended_at = now(), ends_by = now() WHERE id = %s", (sessions["bob"],))
    run("UPDATE users SET status = 'suspended' WHERE id = %s", (people.gus.id,))
    path = {"user_id": str(people.ada.id)}
    asked: list[tuple[str, RequestContext, int | type[AppError], tuple[str, str, str | None]]] = [
        ("get_me", request_of(people.ada, sessions["ada"]), 200, ("get_me", "allowed", None)),
        ("get_user", request_of(people.ada, sessions["ada"], path_values=path), 200, ("get_user", "allowed", None)),
        (
            "get_user",
            request_of(people.ada, sessions["ada"], path_values={"user_id": str(new_id())}),
            NotFound,
            ("get_user", "allowed", None),
        ),
        (
            "get_user",
            request_of(people.alice, sessions["alice"], path_values=path),
            Forbidden,
            ("get_user", "denied", "permission_missing"),
        ),
        ("get_me", request_of(people.bob, sessions["bob"]), SessionEnded, ("get_me", "denied", "session_ended")),
        ("get_me", request_of(people.gus, sessions["gus"]), SessionEnded, ("get_me", "denied", "account_suspended")),
        ("get_me", request_of(people.alice, sessions["ada"]), SessionEnded, ("get_me", "denied", "session_unknown")),
        ("get_me", request_of(people.alice, sessions["alice"]), 200, ("get_me", "allowed", None)),
    ]
    sent: list[str] = []
    database.query_hooks.append(lambda event: sent.append(event.sql))

    works = [work(operations[name], context) for name, context, _, _ in asked]
    begin_batch(works)

    assert sent == [STATEMENT, user_rows.GET], "the second one reads the accounts of the two who may see one"
    assert [status_of(one) for one in works] == [expected for _, _, expected, _ in asked]
    for _, context, _, row in asked:
        assert run(DECISIONS, (context.request_id,)) == [row]
        assert context.query_count >= 1 or row[1] == "denied"


def test_cached_responses_are_read_in_the_same_batch_and_each_with_its_own_tags(
    people: People, operations: dict[str, CompiledOperation]
) -> None:
    alice, bob = session_of(people.alice), session_of(people.bob)
    run(
        "INSERT INTO pending_invalidations (id, tag, created_at) VALUES (%s, %s, now())",
        (new_id(), f"user:{people.bob.id}"),
    )

    def reading(who: Person, session_id: UUID) -> RequestContext:
        return request_of(who, session_id, path_values={"user_id": str(who.id)})

    contexts = [reading(people.alice, alice), reading(people.bob, bob), request_of(people.alice, alice)]
    names = ["get_profile", "get_profile", "get_me"]
    works = [work(operations[name], context) for name, context in zip(names, contexts, strict=True)]
    begin_batch(works)

    assert [status_of(one) for one in works] == [200, 200, 200]
    assert [context.is_pending for context in contexts] == [False, True, False]


def told(person: Person, session_id: UUID, **more: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "session_id": session_id,
        "user_id": person.id,
        "permission": "account:read",
        "decision_id": new_id(),
        "request_id": str(new_id()),
        "action": "get_me",
        "client_id": new_id(),
        "address": "127.0.0.1",
    }
    return plain | more


def test_what_postgresql_rejects_of_one_is_no_error_of_the_others(people: People) -> None:
    session = session_of(people.alice)
    requests = [told(people.alice, session), told(people.alice, session, recency=2**31), told(people.alice, session)]

    first, second, third = decider(STATEMENT)(requests)

    assert first[0] == third[0] == people.alice.id
    assert isinstance(second, Exception)
    for request, rows in zip(requests, (1, 0, 1), strict=True):
        assert len(run(DECISIONS, (request["request_id"],))) == rows


@pytest.mark.parametrize("length", [256, 257, 8000])
def test_a_decision_about_a_long_name_is_recorded(people: People, length: int) -> None:
    name = secrets.token_hex(length)[:length]
    request = told(people.alice, session_of(people.alice), target_type="bill", target_id=name)

    [row] = decider(STATEMENT)([request])

    assert row[0] == people.alice.id
    assert run("SELECT target_id FROM audit_events WHERE id = %s", (request["decision_id"],)) == [(name[:256],)]


def test_an_event_about_a_long_name_is_recorded(people: People) -> None:
    name = secrets.token_hex(4000)
    event = Event(people.alice.id, "user", "bill", name)
    write_event(
        event,
        action="get_bill",
        outcome="succeeded",
        reason=None,
        request_id="long",
        client=Client("127.0.0.1", "127.0.0.1", None),
        key=b"k",
        now=None,
    )

    assert run("SELECT target_id FROM audit_events WHERE request_id = 'long'") == [(name[:256],)]


def test_a_batch_is_repeated_on_a_new_connection_and_writes_each_row_once(people: People, database: Database) -> None:
    session = session_of(people.alice)
    requests = [told(people.alice, session) for _ in range(3)]
    with contextlib.closing(database.connect_outside_pool()) as other:
        run("SELECT 1")
        other.cursor().execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    rows = decider(STATEMENT)(requests)

    assert [row[0] for row in rows] == [people.alice.id] * 3
    for request in requests:
        assert len(run(DECISIONS, (request["request_id"],))) == 1


def test_batches_take_the_rows_of_new_clients_in_one_order(people: People, database: Database) -> None:
    """Two that took them in opposite orders would wait for each other until PostgreSQL ends one of them."""
    session = session_of(people.alice)
    small, large = sorted(new_id() for _ in range(2))
    insert = "INSERT INTO audit_clients (id, address, created_at) VALUES (%s, '127.0.0.1', now())"
    with contextlib.closing(database.connect_outside_pool()) as other, ThreadPoolExecutor(1) as threads:
        other.autocommit = False
        other.cursor().execute("SET LOCAL lock_timeout = '200ms'")
        other.cursor().execute(insert, (small,))
        requests = [told(people.alice, session, client_id=which) for which in (large, small)]
        deciding = threads.submit(decider(STATEMENT), requests)
        until(lambda: run(WAITING) != [(0,)])
        other.cursor().execute(insert, (large,))
        other.commit()

    assert [row[0] for row in deciding.result(10)] == [people.alice.id] * 2


def test_requests_in_a_crowd_get_their_own_responses(people: People) -> None:
    """Over HTTP, as many at once as threads can send."""
    everyone = [people.ada, people.alice, people.bob, people.mallory, people.gus]
    for who in everyone:
        who.sign_in()
    start = threading.Barrier(20)

    def ask(number: int) -> tuple[UUID, str, str]:
        who = everyone[number % len(everyone)]
        with who.service.client((who.tokens or {})["access_token"]) as client:
            start.wait(10)
            responses = [client.get("/v1/users/me") for _ in range(20)]
        return who.id, *({response.json()["data"]["id"] for response in responses}), str(len(responses))

    with ThreadPoolExecutor(20) as threads:
        seen = list(threads.map(ask, range(20)))

    assert all(str(mine) == theirs for mine, theirs, _ in seen)
    assert run("SELECT count(*), count(DISTINCT request_id) FROM audit_events WHERE action = 'get_me'") == [(400, 400)]


def test_an_ended_session_in_a_batch_is_counted_by_network_and_the_others_are_not(
    people: People, operations: dict[str, CompiledOperation]
) -> None:
    alice, bob = session_of(people.alice), session_of(people.bob)
    run("UPDATE sessions SET ended_at = now(), ends_by = now() WHERE id = %s", (bob,))
    contexts = [request_of(people.alice, alice), request_of(people.bob, bob)]
    works = [work(operations["get_me"], context) for context in contexts]
    begin_batch(works)

    assert [status_of(one) for one in works] == [200, SessionEnded]
    assert [context.account_limit is None for context in contexts] == [False, False]


def test_a_recent_sign_in_is_asked_of_each_by_its_own_rule(
    people: People, operations: dict[str, CompiledOperation]
) -> None:
    stepped = [
        name for name, operation in operations.items() if operation.policy.step_up and not operation.policy.owner
    ]
    if not stepped:
        stepped = [name for name, operation in operations.items() if operation.policy.step_up]
    session = session_of(people.ada)
    run("UPDATE sessions SET created_at = created_at - %s WHERE id = %s", (timedelta(days=9), session))
    context = request_of(people.ada, session, path_values={"user_id": str(people.ada.id)})
    works = [work(operations[stepped[0]], context), work(operations["get_me"], request_of(people.ada, session))]
    begin_batch(works)

    assert [status_of(one) for one in works] == [StepUpRequired, 200]
