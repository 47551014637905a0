"""Repetitions that come too early, at once, or after a crash: the work is done once, and its response stays with it."""

import contextlib
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from app.database import Database, run
from models.record import database as proxy
from tests.command import ROOT, clean_environment
from tests.integration.wire.conftest import DOCUMENT, HANDLERS
from tests.integration.wire.wishes import done, replayed, wish
from tests.sample_contract.handlers import probes as handlers
from tests.service import SECRET, Service, config_for
from tests.service import running as serving
from tests.wire import Event, data, events, refused

OTHER_SECRET = "f4e1a7c02b9d4c5e8a6f3b7d1c9e0a2b5d8f6c4e"


def test_a_twin_that_comes_while_the_first_is_at_work_is_told_to_come_again(alice: httpx.Client) -> None:
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(wish, alice, "hold")
        handlers.WRITTEN.wait(10)
        twin = wish(alice, "hold")
        handlers.GO_ON.wait(10)

    refused(twin, 409, "IDEMPOTENCY_IN_PROGRESS")
    assert twin.headers["retry-after"] == "1"
    assert events(twin.headers["x-request-id"]) == [
        Event(action="grant_wish", outcome="failed", reason="idempotency_in_progress")
    ]
    assert data(first.result()) == {"word": "right"}
    replayed(wish(alice, "hold"), first.result())
    assert done() == 1
    # No connection was left in a transaction.
    assert run(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
    ) == [(0,)]


def test_twins_at_once_are_done_once(alice: httpx.Client) -> None:
    start = threading.Barrier(20)

    def one(_: int) -> httpx.Response:
        start.wait(10)
        return wish(alice)

    with ThreadPoolExecutor(20) as threads:
        responses = list(threads.map(one, range(20)))

    assert {response.status_code for response in responses} <= {200, 409}
    made = [response for response in responses if response.status_code == 200]
    assert len([response for response in made if "idempotency-replayed" not in response.headers]) == 1
    assert len({response.content for response in made}) == 1
    assert done() == 1


def test_a_change_of_the_callers_account_does_not_make_a_claim_wait(alice: httpx.Client, database: Database) -> None:
    other = database.connect_outside_pool()
    with contextlib.closing(other):
        other.autocommit = False
        other.cursor().execute("UPDATE users SET version = version + 1")
        assert data(wish(alice))


def test_who_lost_the_right_gets_no_replay(alice: httpx.Client) -> None:
    wish(alice)
    run("UPDATE users SET status = 'suspended'")

    refused(wish(alice), 401, "SESSION_ENDED")


def test_a_commit_whose_outcome_is_unknown_is_503_and_the_repetition_settles_it(alice: httpx.Client) -> None:
    refused(wish(alice, "lose_the_commit"), 503, "UNAVAILABLE")
    assert done() == 0
    assert data(wish(alice))
    assert done() == 1


def test_a_process_killed_between_commit_and_answer_has_done_it(
    alice: httpx.Client, probes: Service, database: Database
) -> None:
    variables = {"DATABASE_URL": database.url, "CHARTER_GATEWAY": probes.config.gateway}
    words = [sys.executable, "-m", "tests.sample_contract"]
    environment = clean_environment(**variables)
    with subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as doomed:
        assert doomed.stdout
        address = doomed.stdout.readline().strip()
        headers = {**alice.headers, "Idempotency-Key": "k"}
        with pytest.raises(httpx.TransportError):
            httpx.post(f"{address}/v1/wishes", json={"how": "die"}, headers=headers, timeout=30)
        assert doomed.wait(30) == -signal.SIGKILL
    assert done() == 1

    # Were it done here, it would end the tests.
    response = wish(alice, "die")

    assert response.json()["data"] == {"word": "right"}
    assert response.headers["idempotency-replayed"] == "true"
    assert events(response.headers["x-request-id"]) == []
    assert events(response.json()["meta"]["request_id"]) == [Event(action="grant_wish", outcome="succeeded")]
    assert done() == 1


def test_a_change_of_secret_turns_no_repetition_into_another_request(
    alice: httpx.Client, probes: Service, database: Database
) -> None:
    first = wish(alice)
    changed = {"JWT_SECRET": OTHER_SECRET, "JWT_SECRET_PREVIOUS": SECRET, "CHARTER_GATEWAY": probes.config.gateway}
    config = config_for(DATABASE_URL=database.url, **changed)
    with serving(config, document=DOCUMENT, handlers_package=HANDLERS) as service:
        proxy.initialize(database)
        with service.client(alice.headers["Authorization"].split()[1]) as client:
            replayed(wish(client), first)
            refused(wish(client, "nothing"), 422, "IDEMPOTENCY_KEY_REUSED")
            second = wish(client, key="l")
            replayed(wish(client, key="l"), second)
    assert done() == 2
