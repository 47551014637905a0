"""A request that got 503 at its deadline was not carried out: tried on every write, just before its commit.

A thread is held when it has run its last statement, until the client has its 503. What it does then is its own affair;
nothing of it may stay, but for what the trail says about it.
"""

import contextlib
import dataclasses
import functools
import threading
from collections.abc import Callable, Iterator

import pytest

from app.database import Database
from app.identifiers import new_id
from models.record import database as proxy
from tests.integration.conftest import Services
from tests.integration.every_operation.described import OPERATIONS, Described
from tests.integration.every_operation.requests import request_for
from tests.integration.every_operation.world import World
from tests.refresh_tokens import former
from tests.service import Service, config_for
from tests.service import running as running_service
from tests.waiting import until
from tests.wire import events, refused

# The next is tried where a busy machine does not come as far as the last statement.
DEADLINES = (0.2, 0.8, 3.2, 12.8)
WRITES = [found for found in OPERATIONS if not found.policy.safe]


class Gate:
    """Holds each thread that has written the event of its success."""

    def __init__(self, database: Database) -> None:
        self._hooks = database.query_hooks
        self._open = threading.Event()
        self.held = threading.Event()

    def __enter__(self) -> "Gate":
        self._hooks.append(self._hold)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.set()
        self._hooks.remove(self._hold)

    def _hold(self, query) -> None:
        if "record_event" in query.sql and "succeeded" in query.params:
            self.held.set()
            self._open.wait(60)


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """One way in: wire/test_commits_at_the_deadline.py goes through both."""
    return services["compiled"]


Hasty = Callable[[float], Service]


@pytest.fixture(scope="module")
def hasty(prepared: World) -> Iterator[Hasty]:
    """Services on the world's database that give a request so many seconds, each started when it is first asked for."""
    config = config_for(DATABASE_URL=prepared.database.url, CHARTER_GATEWAY=prepared.service.config.gateway)
    with contextlib.ExitStack() as stack:

        @functools.cache
        def start(seconds: float) -> Service:
            made = stack.enter_context(running_service(dataclasses.replace(config, request_seconds=seconds)))
            proxy.initialize(prepared.database)
            return made

        yield start
    proxy.initialize(prepared.database)


@pytest.mark.parametrize("described", WRITES, ids=lambda described: described.name)
def test_nothing_of_a_write_stays_that_was_answered_503(described: Described, world: World, hasty: Hasty) -> None:
    token = None if described.policy.public else world.tokens["admin"]
    before = without_attempts(world)

    for seconds in DEADLINES:
        request_id = str(new_id())
        headers = {"X-Request-Id": request_id, **({"Idempotency-Key": "late"} if described.policy.idempotency else {})}
        request = request_for(described, world).but(token=token, headers=headers)
        if described.name == "refresh":  # others need no transaction: wire/test_commits_at_the_deadline.py
            request = request.but(body={"refresh_token": former(world.service.config, request.body["refresh_token"])})
        with hasty(seconds).client() as client, Gate(world.database) as gate:
            response = request.send(client)
        until(lambda: world.database._open == len(world.database._idle), lambda: "a thread is still at work")

        refused(response, 503, "UNAVAILABLE")
        assert without_attempts(world) == before
        if gate.held.is_set():
            break
        world.put_back()

    assert gate.held.is_set(), "the deadline came before the last statement each time"
    # The thread has let go of its connection after the rollback, and takes one again for the row.
    rows = until(lambda: events(request_id))
    assert [(row.outcome, row.reason) for row in rows] == [("failed", "deadline")]


def without_attempts(world: World) -> dict[str, str]:
    """Return what the tables hold, but for the counts of sign-ins: these are kept of refused ones too."""
    return {table: digest for table, digest in world.fingerprint().items() if table != "sign_in_attempts"}
