"""A write that is repeated under its Idempotency-Key is done once, and answered as it was the first time."""

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import httpx
import pytest

from app.database import Database, run
from app.factory import build_tools
from models.record import database as proxy
from tests.command import ROOT, clean_environment
from tests.integration.wire.conftest import DOCUMENT, HANDLERS
from tests.people import make_account
from tests.service import SECRET, Service, settings_for
from tests.service import running as serving
from tests.surface.handlers import probes as handlers
from tests.wire import data, decisions, events, refused

OTHER_SECRET = "f4e1a7c02b9d4c5e8a6f3b7d1c9e0a2b5d8f6c4e"
Caller = Callable[..., httpx.Client]


@pytest.fixture
def caller(probes: Service, password_hash: str) -> Iterator[Caller]:
    """Make somebody, signed in, and return his client."""
    with contextlib.ExitStack() as clients:

        def sign_in(name: str = "alice", service: Service = probes) -> httpx.Client:
            user_id, session_id = make_account(name, "user", password_hash, now=probes.clock()), uuid4()
            run(
                """
                INSERT INTO sessions (id, user_id, generation, key_id, idle_expires_at, expires_at, address, network)
                VALUES (%s, %s, 1, 'k1', now() + interval '9 days', now() + interval '9 days', '::1', '::')
                """,
                (session_id, user_id),
            )
            return clients.enter_context(service.client(token_of(service, user_id, session_id)))

        yield sign_in
        probes.clock.reset()


def token_of(service: Service, user_id: UUID, session_id: UUID) -> str:
    return build_tools(service.settings, {}, clock=service.clock).access_tokens.issue(user_id, session_id)


@pytest.fixture
def alice(caller: Caller) -> httpx.Client:
    return caller()


def wish(client: httpx.Client, how: str = "right", key: str = "k", path: str = "/v1/wishes") -> httpx.Response:
    return client.post(path, json={"how": how}, headers={"Idempotency-Key": key})


def keep(client: httpx.Client, path: str = "/v1/wishes/7", how: str = "right", **headers: str) -> httpx.Response:
    return client.put(path, json={"how": how}, headers={name.replace("_", "-"): text for name, text in headers.items()})


def done() -> int:
    """Return how often something was done."""
    return int(run("SELECT count(*) FROM sign_in_attempts")[0][0])


def replayed(answer: httpx.Response, first: httpx.Response) -> None:
    """Assert that an answer repeats the first, and that nothing of it but its request id is new."""
    assert answer.status_code == first.status_code
    assert answer.content == first.content
    assert answer.headers["idempotency-replayed"] == "true"
    kept = ("etag", "content-type", "location")
    assert [answer.headers.get(name) for name in kept] == [first.headers.get(name) for name in kept]
    assert answer.headers["x-request-id"] != first.headers["x-request-id"]
    assert decisions(answer.headers["x-request-id"]) == [("allowed", None)]
    assert events(answer.headers["x-request-id"]) == []


def test_a_repetition_gets_the_first_answer_and_does_nothing(alice: httpx.Client) -> None:
    first = wish(alice)
    again = wish(alice)

    assert data(first) == {"word": "right"}
    assert "idempotency-replayed" not in first.headers
    replayed(again, first)
    assert done() == 1


def test_without_a_key_every_request_is_done(alice: httpx.Client) -> None:
    for _ in range(2):
        answer = alice.post("/v1/wishes", json={"how": "right"})
        assert "idempotency-replayed" not in answer.headers
    assert done() == 2


def test_work_that_needs_no_transaction_is_kept_too(alice: httpx.Client) -> None:
    first = wish(alice, "nothing")
    replayed(wish(alice, "nothing"), first)
    assert events(first.headers["x-request-id"]) == [("grant_wish", "succeeded", None)]


def test_a_demanded_key_must_be_there(alice: httpx.Client) -> None:
    answer = keep(alice)

    refused(answer, 400, "VALIDATION_ERROR", "Idempotency-Key")
    assert decisions(answer.headers["x-request-id"]) == [("allowed", None)]
    assert events(answer.headers["x-request-id"]) == []
    assert data(keep(alice, Idempotency_Key="k"))
    assert done() == 1


@pytest.mark.parametrize("key", ["", "two words", "k" * 256, "tab\there", b"\xc3\xa9", b"\xff", "a, b"])
def test_a_key_that_is_none_is_refused_by_name(alice: httpx.Client, key: str | bytes) -> None:
    answer = alice.post("/v1/wishes", json={"how": "right"}, headers={"Idempotency-Key": key})

    refused(answer, 400, "VALIDATION_ERROR", "Idempotency-Key")
    assert done() == 0


def test_a_key_may_hold_every_visible_character_and_comes_once(alice: httpx.Client) -> None:
    key = "".join(chr(code) for code in range(0x21, 0x7F))
    for good in (key, "k" * 255):
        first = wish(alice, key=good)
        replayed(wish(alice, key=good), first)
    twice = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    refused(alice.post("/v1/wishes", json={"how": "right"}, headers=twice), 400, "VALIDATION_ERROR", "Idempotency-Key")


def test_another_request_under_the_same_key_is_refused_and_recorded(alice: httpx.Client) -> None:
    wish(alice)

    answer = wish(alice, "nothing")

    refused(answer, 422, "IDEMPOTENCY_KEY_REUSED")
    assert decisions(answer.headers["x-request-id"]) == [("allowed", None)]
    assert events(answer.headers["x-request-id"]) == [("grant_wish", "failed", "idempotency_key_reused")]
    assert done() == 1


def test_path_and_query_tell_requests_apart_and_spelling_and_headers_do_not(alice: httpx.Client) -> None:
    first = keep(alice, "/v1/wishes/7?loud=false", Idempotency_Key="k")

    for path in ("/v1/wishes/8", "/v1/wishes/7?loud=true"):
        refused(keep(alice, path, Idempotency_Key="k"), 422, "IDEMPOTENCY_KEY_REUSED")
    replayed(keep(alice, "/v1/wishes/%37", Idempotency_Key="k", If_Match='"3"'), first)
    spaced = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    replayed(alice.put("/v1/wishes/7", content=b' { "how" : "\\u0072ight" } ', headers=spaced), first)
    assert done() == 1


def test_callers_and_operations_have_keys_of_their_own(alice: httpx.Client, caller: Caller) -> None:
    for client, path in ((alice, "/v1/wishes"), (caller("bob"), "/v1/wishes"), (alice, "/v1/relics")):
        assert "idempotency-replayed" not in wish(client, path=path).headers
    keep(alice, Idempotency_Key="k")
    assert done() == 4


@pytest.mark.parametrize("how", ["documented_refusal", "crash", "wrong_type"])
def test_a_failure_keeps_nothing_and_leaves_the_key_free(alice: httpx.Client, how: str) -> None:
    failed = wish(alice, how)
    assert failed.status_code >= 400
    assert done() == 0

    answer = wish(alice)

    assert data(answer)
    assert "idempotency-replayed" not in answer.headers
    assert done() == 1


def test_an_answer_is_kept_for_its_time_and_no_longer(alice: httpx.Client, probes: Service) -> None:
    probes.clock.stop()
    # The token would not live that long.
    hours = probes.settings.idempotency_hours
    first = wish(alice)
    run("UPDATE idempotency_keys SET expires_at = %s + interval '1 second'", (probes.clock(),))
    replayed(wish(alice), first)

    probes.clock.advance(seconds=1)
    other = wish(alice, "nothing")

    assert data(other)
    assert "idempotency-replayed" not in other.headers
    assert run("SELECT expires_at = %s + interval '1 hour' * %s FROM idempotency_keys", (probes.clock(), hours)) == [
        (True,)
    ]
    replayed(wish(alice, "nothing"), other)


def test_an_undone_transaction_claims_its_key_again(alice: httpx.Client) -> None:
    handlers._UNDONE_ONCE.clear()
    first = wish(alice, "undone_once")

    assert data(first)
    assert handlers._UNDONE_ONCE
    replayed(wish(alice, "undone_once"), first)
    assert done() == 1


def test_a_twin_that_comes_while_the_first_is_at_work_is_told_to_come_again(alice: httpx.Client) -> None:
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(wish, alice, "hold")
        handlers.WRITTEN.wait(10)
        twin = wish(alice, "hold")
        handlers.GO_ON.wait(10)

    refused(twin, 409, "IDEMPOTENCY_IN_PROGRESS")
    assert twin.headers["retry-after"] == "1"
    assert events(twin.headers["x-request-id"]) == [("grant_wish", "failed", "idempotency_in_progress")]
    assert data(first.result()) == {"word": "right"}
    replayed(wish(alice, "hold"), first.result())
    assert done() == 1
    # No connection was left in a transaction.
    assert run("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'") == [(0,)]


def test_twins_at_once_are_done_once(alice: httpx.Client) -> None:
    start = threading.Barrier(20)

    def one(_: int) -> httpx.Response:
        start.wait(10)
        return wish(alice)

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(one, range(20)))

    assert {answer.status_code for answer in answers} <= {200, 409}
    made = [answer for answer in answers if answer.status_code == 200]
    assert len([answer for answer in made if "idempotency-replayed" not in answer.headers]) == 1
    assert len({answer.content for answer in made}) == 1
    assert done() == 1


def test_a_change_of_the_callers_account_does_not_make_a_claim_wait(alice: httpx.Client, database: Database) -> None:
    other = database.connect_apart()
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
    variables = {"DATABASE_URL": database.url, "CHARTER_GATEWAY": probes.settings.gateway}
    words = [sys.executable, "-m", "tests.surface"]
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
    answer = wish(alice, "die")

    assert answer.json()["data"] == {"word": "right"}
    assert answer.headers["idempotency-replayed"] == "true"
    assert events(answer.headers["x-request-id"]) == []
    assert events(answer.json()["meta"]["request_id"]) == [("grant_wish", "succeeded", None)]
    assert done() == 1


def test_a_change_of_secret_turns_no_repetition_into_another_request(
    alice: httpx.Client, probes: Service, database: Database
) -> None:
    first = wish(alice)
    changed = {"JWT_SECRET": OTHER_SECRET, "JWT_SECRET_PREVIOUS": SECRET, "CHARTER_GATEWAY": probes.settings.gateway}
    settings = settings_for(DATABASE_URL=database.url, **changed)
    with serving(settings, document=DOCUMENT, handlers_package=HANDLERS) as service:
        proxy.initialize(database)
        with service.client(alice.headers["Authorization"].split()[1]) as client:
            replayed(wish(client), first)
            refused(wish(client, "nothing"), 422, "IDEMPOTENCY_KEY_REUSED")
            second = wish(client, key="l")
            replayed(wish(client, key="l"), second)
    assert done() == 2
