"""A write that is repeated under its Idempotency-Key is done once, and answered as it was the first time."""

import httpx
import pytest

from app.database import run
from tests.integration.wire.wishes import Caller, done, keep, replayed, wish
from tests.sample_contract.handlers import probes as handlers
from tests.service import Service
from tests.wire import Decision, Event, data, decisions, events, refused


def test_a_repetition_gets_the_first_answer_and_does_nothing(alice: httpx.Client) -> None:
    first = wish(alice)
    again = wish(alice)

    assert data(first) == {"word": "right"}
    assert "idempotency-replayed" not in first.headers
    replayed(again, first)
    assert done() == 1


def test_without_a_key_every_request_is_done(alice: httpx.Client) -> None:
    for _ in range(2):
        response = alice.post("/v1/wishes", json={"how": "right"})
        assert "idempotency-replayed" not in response.headers
    assert done() == 2


def test_work_that_needs_no_transaction_is_kept_too(alice: httpx.Client) -> None:
    first = wish(alice, "nothing")
    replayed(wish(alice, "nothing"), first)
    assert events(first.headers["x-request-id"]) == [Event(action="grant_wish", outcome="succeeded")]


def test_a_demanded_key_must_be_there(alice: httpx.Client) -> None:
    response = keep(alice)

    refused(response, 400, "VALIDATION_ERROR", "Idempotency-Key")
    assert decisions(response.headers["x-request-id"]) == [Decision(outcome="allowed")]
    assert events(response.headers["x-request-id"]) == []
    assert data(keep(alice, Idempotency_Key="k"))
    assert done() == 1


@pytest.mark.parametrize("key", ["", "two words", "k" * 256, "tab\there", b"\xc3\xa9", b"\xff", "a, b"])
def test_a_key_that_is_none_is_refused_by_name(alice: httpx.Client, key: str | bytes) -> None:
    response = alice.post("/v1/wishes", json={"how": "right"}, headers={"Idempotency-Key": key})

    refused(response, 400, "VALIDATION_ERROR", "Idempotency-Key")
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

    response = wish(alice, "nothing")

    refused(response, 422, "IDEMPOTENCY_KEY_REUSED")
    assert decisions(response.headers["x-request-id"]) == [Decision(outcome="allowed")]
    assert events(response.headers["x-request-id"]) == [
        Event(action="grant_wish", outcome="failed", reason="idempotency_key_reused")
    ]
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

    response = wish(alice)

    assert data(response)
    assert "idempotency-replayed" not in response.headers
    assert done() == 1


def test_what_would_refuse_it_by_now_does_not_come_before_a_repetition(alice: httpx.Client) -> None:
    first = wish(alice, "be_the_first")

    assert data(first)
    replayed(wish(alice, "be_the_first"), first)
    refused(wish(alice, "be_the_first", key="l"), 409, "ROLE_IN_USE")


def test_a_report_that_is_no_success_is_not_kept(alice: httpx.Client) -> None:
    for number in (1, 2):
        response = wish(alice, path="/health/wishes")
        assert (response.status_code, response.json()) == (503, {"word": "right"})
        assert "idempotency-replayed" not in response.headers
        assert done() == number
    assert run("SELECT count(*) FROM idempotency_keys") == [(0,)]


def test_an_answer_is_kept_for_its_time_and_no_longer(alice: httpx.Client, probes: Service) -> None:
    probes.clock.stop()
    # The token would not live that long.
    hours = probes.config.idempotency_hours
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


@pytest.mark.parametrize(
    "change",
    [
        """body = convert_to(replace(convert_from(body, 'UTF8'), '"right"', '3'), 'UTF8')""",
        "status = 201",
        """headers = headers || '[["location", "/v1/wishes/1"]]'""",
    ],
)
def test_an_answer_that_the_document_no_longer_describes_is_not_sent_again(alice: httpx.Client, change: str) -> None:
    wish(alice)
    run(f"UPDATE idempotency_keys SET {change}")

    response = wish(alice)

    refused(response, 500, "INTERNAL_ERROR")
    assert events(response.headers["x-request-id"]) == [
        Event(action="grant_wish", outcome="failed", reason="response_mismatch")
    ]
    assert done() == 1
