"""Refreshes that share a statement: each is made once or not at all, with its event, after its response was checked."""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psycopg2
import pytest

from app.clock import system_clock
from app.config import Config
from app.database import Database, jobs, run
from app.database.jobs import Job
from app.errors import AppError, Internal, InvalidRefreshToken, Unavailable
from app.factory import build_redis_client, build_runtime
from app.identifiers import new_id
from app.observability.metrics import Metrics
from app.pipeline.batching import BatchedStep, BatchedWork, begin_batch
from app.pipeline.compile import compile_operations
from app.pipeline.contract import read_contract
from app.pipeline.operation import CompiledOperation
from app.pipeline.request_context import RequestContext
from app.pipeline.steps import proposal
from app.security.client_address import Client
from app.security.refresh_tokens import RefreshTokens
from app.services import rotations
from tests.people import People
from tests.refresh_tokens import former
from tests.service import config_for
from tests.unit.made import make_context

EVENTS = "SELECT outcome, coalesce(reason, details ->> 'kind') FROM audit_events WHERE request_id = %s ORDER BY id"
SESSIONS = "SELECT generation, ended_at IS NOT NULL FROM sessions WHERE user_id = %s"
Compile = Callable[[Config], CompiledOperation]


@pytest.fixture
def config(database: Database) -> Config:
    return config_for(DATABASE_URL=database.url)


@pytest.fixture
def compiled(database: Database) -> Compile:
    def compile_refresh(config: Config) -> CompiledOperation:
        metrics = Metrics()
        contract = read_contract(config)
        redis = build_redis_client(config, metrics)
        runtime = build_runtime(config, contract, redis, metrics, system_clock)
        return compile_operations({"refresh": contract.operations["refresh"]}, runtime)["refresh"]

    return compile_refresh


@pytest.fixture
def operation(compiled: Compile, config: Config) -> CompiledOperation:
    return compiled(config)


@pytest.fixture
def sent(database: Database, people: People) -> Iterator[list[str]]:
    """The statements that are sent from now on."""
    found: list[str] = []

    def keep(event: Any) -> None:
        found.append(event.sql)

    database.query_hooks.append(keep)
    yield found
    database.query_hooks.remove(keep)


def asking(token: str, **more: Any) -> RequestContext:
    body = json.dumps({"refresh_token": token}).encode()
    return make_context(request_id=str(new_id()), caller=None, arguments=None, raw_body=body, **more)


def work(operation: CompiledOperation, context: RequestContext) -> BatchedWork:
    return BatchedWork(operation.begin(context), context, Job(context.request_id, seconds=60))


def token_of(one: BatchedWork) -> str:
    found: str = json.loads(one().body)["data"]["refresh_token"]
    return found


def step_of(operation: CompiledOperation) -> BatchedStep:
    [step] = [
        step
        for step in operation.steps
        if isinstance(step, BatchedStep) and step.round_trip.__module__ == proposal.__name__
    ]
    return step


def test_one_statement_makes_the_refreshes_of_several_sessions(
    people: People, operation: CompiledOperation, sent: list[str]
) -> None:
    everybody = [people.ada, people.alice, people.bob]
    contexts = [asking(who.sign_in()["refresh_token"]) for who in everybody]
    sent.clear()

    works = [work(operation, context) for context in contexts]
    begin_batch(works)

    assert sent == [rotations._MAKE_ALL]
    assert len({token_of(one) for one in works}) == 3
    assert sent == [rotations._MAKE_ALL], "nothing else was needed"
    for who, context in zip(everybody, contexts, strict=True):
        assert run(SESSIONS, (who.id,)) == [(2, False)]
        assert run(EVENTS, (context.request_id,)) == [("succeeded", "rotated")]
        assert context.query_count == 1


def test_the_same_token_twice_in_a_batch_gets_the_same_response_twice(
    people: People, operation: CompiledOperation
) -> None:
    token = people.alice.sign_in()["refresh_token"]
    contexts = [asking(token) for _ in range(3)]

    works = [work(operation, context) for context in contexts]
    begin_batch(works)

    assert len({token_of(one) for one in works}) == 1
    assert run(SESSIONS, (people.alice.id,)) == [(2, False)]
    kinds = [run(EVENTS, (context.request_id,)) for context in contexts]
    assert sorted(kinds) == [[("succeeded", "grace")], [("succeeded", "grace")], [("succeeded", "rotated")]]


def test_what_is_not_as_proposed_is_decided_alone_and_hinders_nobody(
    people: People, operation: CompiledOperation, config: Config
) -> None:
    tokens = {who.name: who.sign_in()["refresh_token"] for who in (people.ada, people.alice, people.bob, people.gus)}
    run("UPDATE sessions SET ended_at = now(), ends_by = now() WHERE user_id = %s", (people.bob.id,))
    run("UPDATE users SET status = 'suspended' WHERE id = %s", (people.gus.id,))
    foreign = RefreshTokens([("k1", "f" * 40)]).derive(new_id(), 1, "k1", people.ada.id)
    own = RefreshTokens(config.refresh_keys)
    asked: list[tuple[str, list[tuple[str, str]]]] = [
        (tokens["alice"], [("succeeded", "rotated")]),
        (tokens["bob"], [("failed", "ended")]),
        (tokens["gus"], [("failed", "suspended")]),
        (foreign, [("failed", "never_issued")]),
        (own.derive(new_id(), 1, "k1", people.ada.id), [("failed", "session_unknown")]),
        ("nonsense", [("failed", "malformed_token")]),
        (former(config, tokens["ada"]), [("succeeded", "rotated")]),
    ]
    contexts = [asking(token) for token, _ in asked]

    works = [work(operation, context) for context in contexts]
    begin_batch(works)

    for one, context, (_, expected) in zip(works, contexts, asked, strict=True):
        if expected[0][0] == "succeeded":
            assert one().status == 200
        else:
            with pytest.raises(InvalidRefreshToken):
                one()
        assert run(EVENTS, (context.request_id,)) == expected


def test_what_postgresql_rejects_of_one_is_no_error_of_the_others(people: People, operation: CompiledOperation) -> None:
    strange = Client("127.0.0.1", "127.0.0.1", "a\0b")
    ours = asking(people.alice.sign_in()["refresh_token"])
    theirs = asking(people.bob.sign_in()["refresh_token"], client=strange)

    works = [work(operation, context) for context in (ours, theirs)]
    begin_batch(works)

    assert works[0]().status == 200
    assert run(EVENTS, (ours.request_id,)) == [("succeeded", "rotated")]
    with pytest.raises(Exception, match="NUL"):
        works[1]()
    assert run(SESSIONS, (people.bob.id,)) == [(1, False)]


def test_a_session_that_somebody_holds_is_waited_for_by_its_own_request_alone(
    people: People, operation: CompiledOperation, database_url: str, sent: list[str]
) -> None:
    alice, bob = (asking(who.sign_in()["refresh_token"]) for who in (people.alice, people.bob))
    works = [work(operation, context) for context in (alice, bob)]
    with contextlib.closing(psycopg2.connect(database_url)) as holder:
        with holder.cursor() as cursor:
            cursor.execute("SELECT FROM sessions WHERE user_id = %s FOR UPDATE", (people.alice.id,))
        begin_batch(works)
        assert run(SESSIONS, (people.bob.id,)) == [(2, False)]
        assert run(SESSIONS, (people.alice.id,)) == [(1, False)]
        holder.rollback()

    assert [one().status for one in works] == [200, 200]
    assert run(EVENTS, (alice.request_id,)) == [("succeeded", "rotated")]


def test_a_response_that_the_document_does_not_describe_rotates_nothing(
    people: People, compiled: Compile, config: Config, sent: list[str]
) -> None:
    context = asking(people.alice.sign_in()["refresh_token"])
    one = work(compiled(replace(config, access_token_seconds=-1)), context)
    sent.clear()

    begin_batch([one])

    assert rotations._MAKE_ALL not in sent
    with pytest.raises(Internal):
        one()
    assert run(SESSIONS, (people.alice.id,)) == [(1, False)]


def test_a_mistake_in_what_proposes_is_recorded_as_one_in_the_handler_is(
    people: People, database: Database, config: Config
) -> None:
    def fail(context: Any, body: Any) -> None:
        raise LookupError("mine")

    metrics = Metrics()
    contract = read_contract(config)
    runtime = build_runtime(config, contract, build_redis_client(config, metrics), metrics, system_clock)
    mistaken = replace(contract.operations["refresh"], proposer=fail)
    context = asking(people.alice.sign_in()["refresh_token"])
    one = work(compile_operations({"refresh": mistaken}, runtime)["refresh"], context)

    begin_batch([one])

    with pytest.raises(LookupError):
        one()
    assert run(EVENTS, (context.request_id,)) == [("failed", "internal_error")]
    assert run(SESSIONS, (people.alice.id,)) == [(1, False)]


def test_a_request_that_was_given_up_before_the_statement_has_used_nothing_up(
    people: People, operation: CompiledOperation
) -> None:
    step, job = step_of(operation), Job("r", seconds=60)
    context = asking(people.alice.sign_in()["refresh_token"])
    context.arguments, context.body = {}, json.loads(context.raw_body)
    jobs.set_current(job)
    try:
        written = step.prepare(context)
        assert written is not None
        assert job.cancel()
        assert step.round_trip([written]) == [None]
    finally:
        jobs.set_current(None)

    assert run(SESSIONS, (people.alice.id,)) == [(1, False)]


@pytest.mark.parametrize("is_good", [True, False])
def test_a_request_cannot_be_given_up_once_the_statement_was_sent_unless_it_did_nothing(
    people: People, operation: CompiledOperation, database: Database, is_good: bool
) -> None:
    context = asking(people.alice.sign_in()["refresh_token"])
    if not is_good:
        run("UPDATE sessions SET ended_at = now(), ends_by = now()")
    one = work(operation, context)
    cancelled: list[bool] = []
    database.query_hooks.append(
        lambda event: cancelled.append(one.job.cancel()) if event.sql == rotations._MAKE_ALL else None
    )

    begin_batch([one])

    assert cancelled == [False]
    if is_good:
        assert one().status == 200
    else:
        assert one.job.cancel("deadline")
        with pytest.raises((AppError, Unavailable)):
            one()
