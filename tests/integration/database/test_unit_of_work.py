"""`on_begin` of a unit of work: called as soon as the transaction begins, part of it, and able to end it."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from app.context.event import Event
from app.database import Database, run, transaction, unit_of_work
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response
from app.pipeline.steps.run_handler import make
from app.services.audit_events import write_event
from tests.integration.database.test_connections import INSERT, count
from tests.unit.made import make_context, make_policy

DEADLOCK = "DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$"


class Stop(Exception):
    pass


def writing(calls: list[int], error: Exception | None = None) -> Callable[[], None]:
    def first() -> None:
        calls.append(len(calls))
        run(INSERT, ("first",))
        if error:
            raise error

    return first


def test_it_comes_once_before_the_work_and_is_committed_with_it(database: Database) -> None:
    calls: list[int] = []
    with unit_of_work(on_begin=writing(calls)):
        assert calls == []
        with transaction():
            assert calls == [0]
            run(INSERT, ("work",))
            with transaction():
                run(INSERT, ("more",))
        with transaction():
            run(INSERT, ("last",))
        assert count(database) == 0
    assert calls == [0]
    assert count(database) == 4


def test_work_without_a_transaction_calls_nothing(database: Database) -> None:
    calls: list[int] = []
    with unit_of_work(on_begin=writing(calls)):
        run("SELECT 1")
    assert calls == []


def test_what_it_raises_leaves_the_block_and_undoes_it(database: Database) -> None:
    with pytest.raises(Stop), unit_of_work(on_begin=writing([], Stop())), transaction():
        pytest.fail("the work began")
    assert count(database) == 0
    with transaction():
        run(INSERT, ("later",))
    assert count(database) == 1


def test_a_transaction_that_begins_after_a_failed_one_calls_again(database: Database) -> None:
    calls: list[int] = []
    with unit_of_work(on_begin=writing(calls)):
        with pytest.raises(Stop), transaction():
            raise Stop
        with transaction():
            run(INSERT, ("again",))
    assert calls == [0, 1]
    assert count(database) == 2


def test_an_attempt_after_a_deadlock_begins_with_the_event_as_the_steps_left_it(database: Database) -> None:
    """What the first attempt has drafted may not have happened in the second."""
    seen: list[Event] = []

    def run_handler(context: RequestContext) -> None:
        seen.append(replace(context.event))
        if len(seen) == 1:
            context.event.details, context.event.reason = {"role": "clerk"}, "beyond_actor"
            context.event.target_id = "another"
            with transaction():
                run(DEADLOCK)

    dependencies = SimpleNamespace(cache=None, test_now=None, config=SimpleNamespace(idempotency_hours=1))
    operation: Any = SimpleNamespace(
        policy=make_policy(method="patch", safe=False),
        run_handler=run_handler,
        render=lambda context, result: Response(204, [], b""),
        check_stored=None,
        runtime=SimpleNamespace(dependencies=dependencies, audit_client_key=b"key", write_event=write_event),
    )
    target = Event(target_type="role", target_id="clerk")

    make(operation)(make_context(event=replace(target)))

    assert seen == [target, target]
    assert run("SELECT outcome, target_id, details, reason FROM audit_events") == [("succeeded", "clerk", None, None)]
