"""The reason of a failure may come from a request, by way of a team's code: it cannot swell the words of the trail."""

import secrets

import pytest

from app.database import Database, run
from app.services import audit_events
from charter import Client, Event

HERE = Client("192.0.2.1", "192.0.2.1", None)


@pytest.fixture(autouse=True)
def no_reasons_yet(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    monkeypatch.setattr(audit_events, "_reasons", set())


def write(reason: str | None, details: dict[str, object] | None = None) -> tuple[object, object]:
    event, request_id = Event(details=details), secrets.token_hex(8)
    audit_events.write_event(
        event,
        action="bill.paid",
        outcome="failed",
        reason=reason,
        request_id=request_id,
        client=HERE,
        key=b"k",
        now=None,
    )
    [row] = run("SELECT reason, details FROM audit_trail WHERE request_id = %s", (request_id,))
    return row


def labels() -> int:
    [(number,)] = run("SELECT count(*) FROM charter_audit_labels WHERE action = 'bill.paid'")
    return int(number)


@pytest.mark.parametrize("reason", [None, "card_declined", "no-funds", "402", "x" * 64])
def test_a_word_stays_as_it_is(reason: str | None) -> None:
    assert write(reason, {"n": 1}) == (reason, {"n": 1})


@pytest.mark.parametrize("reason", ["Declined", "no funds", "x" * 65, "a\nb", "é", secrets.token_hex(5000)])
def test_any_other_text_is_among_the_details(reason: str) -> None:
    before = labels()
    assert write(reason, {"n": 1}) == ("other", {"n": 1, "failure": reason})
    assert write(reason) == ("other", {"failure": reason})
    assert labels() - before == 1


def test_new_words_are_among_the_details_when_there_are_very_many() -> None:
    for number in range(audit_events.MAX_REASONS):
        assert audit_events._is_word(f"code_{number}")
    before = labels()

    assert [write(f"new_{number}")[0] for number in range(5)] == ["other"] * 5
    assert write("code_7") == ("code_7", None)
    assert labels() - before == 2
