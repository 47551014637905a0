"""A request that got 503 at its deadline was not carried out: tried on every write, just before its commit.

A thread is held when it has run its last statement, until the client has its 503. What it does then is its own affair;
nothing of it may stay, but for what the trail says about it.
"""

import dataclasses
import threading
import time
from collections.abc import Iterator

import pytest

from app.database import Database
from app.identifiers import new_id
from models.record import database as proxy
from tests.integration.conftest import Services
from tests.integration.every_operation.described import OPERATIONS, Described
from tests.integration.every_operation.requests import request_for
from tests.integration.every_operation.world import World
from tests.service import Service, config_for
from tests.service import running as running_service
from tests.wire import events, refused

DEADLINE_SECONDS = 0.2
# On a busy machine a request may not come as far as its last statement.
TRIES = 10
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
            self._open.wait(20)


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """One way in: wire/test_commits_at_the_deadline.py goes through both."""
    return services["compiled"]


@pytest.fixture(scope="module")
def hasty(prepared: World) -> Iterator[Service]:
    """A service on the world's database that gives a request hardly any time."""
    config = config_for(DATABASE_URL=prepared.database.url, CHARTER_GATEWAY=prepared.service.config.gateway)
    with running_service(dataclasses.replace(config, request_seconds=DEADLINE_SECONDS)) as made:
        proxy.initialize(prepared.database)
        yield made
    proxy.initialize(prepared.database)


def wait_until_nobody_works(database: Database) -> None:
    deadline = time.monotonic() + 20
    while database._open != len(database._idle):
        assert time.monotonic() < deadline, "a thread is still at work"
        time.sleep(0.005)


@pytest.mark.parametrize("described", WRITES, ids=lambda described: described.name)
def test_nothing_of_a_write_stays_that_was_answered_503(described: Described, world: World, hasty: Service) -> None:
    token = None if described.policy.public else world.tokens["admin"]
    before = without_attempts(world)

    for _ in range(TRIES):
        request_id = str(new_id())
        headers = {"X-Request-Id": request_id, **({"Idempotency-Key": "late"} if described.policy.idempotency else {})}
        request = request_for(described, world).but(token=token, headers=headers)
        with hasty.client() as client, Gate(world.database) as gate:
            response = request.send(client)
        wait_until_nobody_works(world.database)

        refused(response, 503, "UNAVAILABLE")
        assert without_attempts(world) == before
        if gate.held.is_set():
            break
        world.put_back()

    assert gate.held.is_set(), "the deadline came before the last statement each time"
    assert [(outcome, reason) for _, outcome, reason in events(request_id)] == [("failed", "deadline")]


def without_attempts(world: World) -> dict[str, str]:
    """Return what the tables hold, but for the counts of sign-ins: these are kept of refused ones too."""
    return {table: digest for table, digest in world.fingerprint().items() if table != "sign_in_attempts"}
