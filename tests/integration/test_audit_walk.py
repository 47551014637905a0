"""Walking the audit trail by cursor: every row once, no matter who writes meanwhile, and nobody on another's way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from app.database import run
from models.record import database as proxy
from tests.people import People
from tests.rows import write_row
from tests.service import SECRET, Service, config_for, running
from tests.wire import data, refused

URL = "/v1/audit-events"
THEN = datetime(2026, 3, 5, 12, tzinfo=UTC)
PAST = {"until": "2026-04-01T00:00:00Z"}


def pagination(response: httpx.Response) -> dict[str, Any]:
    data(response)
    found: dict[str, Any] = response.json()["meta"]["pagination"]
    assert set(found) == {"limit", "next_cursor"}
    return found


def names(response: httpx.Response) -> list[str]:
    return [row["request_id"] for row in data(response)]


def fill(number: int) -> list[str]:
    """Write so many rows of one moment; return their request ids, newest first."""
    for n in range(number):
        write_row(f"r{n:03}", THEN + timedelta(milliseconds=n // 4), outcome="denied" if n % 2 else "allowed")
    ids = run("SELECT request_id FROM audit_events WHERE occurred_at < '2026-04-01' ORDER BY id DESC")
    return [request_id for (request_id,) in ids]


def walk(client: httpx.Client, **query: Any) -> Iterator[httpx.Response]:
    cursor = None
    for _ in range(100):
        response = client.get(URL, params={**query, **({"cursor": cursor} if cursor else {})})
        yield response
        cursor = pagination(response)["next_cursor"]
        if cursor is None:
            return
    pytest.fail("the walk does not end")


def test_a_page_holds_twenty_and_at_most_a_hundred(people: People) -> None:
    everything = fill(120)
    first = people.ada.api.get(URL, params=PAST)
    largest = people.ada.api.get(URL, params={**PAST, "limit": 100})

    assert (names(first), pagination(first)["limit"]) == (everything[:20], 20)
    assert (names(largest), pagination(largest)["limit"]) == (everything[:100], 100)


@pytest.mark.parametrize("limit", [1, 3, 4, 11, 12, 13])
def test_a_walk_meets_every_row_once_and_ends_with_no_cursor(people: People, limit: int) -> None:
    everything = fill(12)

    pages = [names(response) for response in walk(people.ada.api, **PAST, limit=limit)]

    assert [name for page in pages for name in page] == everything
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert len(pages[-1]) > 0


def test_rows_written_during_a_walk_are_neither_skipped_nor_repeated(people: People) -> None:
    people.ada.sign_in()
    fill(9)
    before = [str(row) for (row,) in run("SELECT id FROM audit_events ORDER BY id DESC")]

    met: list[str] = []
    for response in walk(people.ada.api, limit=2):
        met += [row["id"] for row in data(response)]
        people.ada.api.get("/v1/users/me")
        people.ada.api.patch("/v1/users/me", json={"bio": f"After {len(met)}."})
    again = [row["id"] for response in walk(people.ada.api, limit=100) for row in data(response)]

    assert met == before
    assert again[-len(before) :] == before
    # Of each page the look itself, reading oneself, and a change with its event.
    assert len(again) - len(before) == 4 * ((len(before) + 1) // 2)


def test_the_link_leads_to_the_next_page_with_all_its_filters(people: People) -> None:
    everything = [name for name in fill(12) if int(name[1:]) % 2]
    filters = {"since": "2026-03-05T14:00:00.0000000+02:00", "outcome": "denied", "action": "get_me", **PAST}

    first = people.ada.api.get(URL, params={**filters, "limit": 4})
    link = first.headers["link"]
    assert link.startswith(f"<{URL}?")
    assert link.endswith('>; rel="next"')
    second = people.ada.api.get(link[1:].partition(">")[0])

    assert names(first) + names(second) == everything
    assert pagination(second) == {"limit": 4, "next_cursor": None}
    assert "link" not in second.headers


def test_the_limit_may_change_on_the_way_and_the_same_moment_may_be_spelt_otherwise(people: People) -> None:
    everything = fill(12)
    first = people.ada.api.get(URL, params={**PAST, "limit": 2})
    cursor = pagination(first)["next_cursor"]

    following = {"limit": 5, "cursor": cursor, "until": "2026-04-01T02:00:00+02:00"}
    assert names(people.ada.api.get(URL, params=following)) == everything[2:7]


def test_a_cursor_is_good_as_often_as_its_caller_likes_and_in_another_session_of_theirs(people: People) -> None:
    fill(6)
    cursor = pagination(people.ada.api.get(URL, params={**PAST, "limit": 2}))["next_cursor"]
    later = [names(people.ada.api.get(URL, params={**PAST, "limit": 2, "cursor": cursor})) for _ in range(2)]
    people.ada.sign_in()
    with people.ada.service.client(people.ada.tokens["access_token"]) as another_session:  # type: ignore[index]
        later.append(names(another_session.get(URL, params={**PAST, "limit": 2, "cursor": cursor})))

    assert later[0] == later[1] == later[2]


def test_a_cursor_is_no_good_to_anybody_else_or_for_any_other_list(people: People) -> None:
    fill(6)
    grace = people.make("grace", "admin")
    asked: dict[str, Any] = {**PAST, "outcome": "allowed", "limit": 2}
    cursor = pagination(people.ada.api.get(URL, params=asked))["next_cursor"]
    others: list[dict[str, Any]] = [
        {},
        PAST,
        {"outcome": "allowed"},
        {**asked, "outcome": "denied"},
        {**asked, "kind": "decision"},
        {**asked, "action": "get_me"},
        {**asked, "actor": "cli"},
        {**asked, "actor": str(people.ada.id)},
        {**asked, "target": f"user:{people.ada.id}"},
        {**asked, "since": "2026-01-01T00:00:00Z"},
        {**asked, "until": "2026-04-01T00:00:00.000001Z"},
    ]

    responses = [people.ada.api.get(URL, params={**other, "cursor": cursor}) for other in others]
    responses.append(grace.api.get(URL, params={**asked, "cursor": cursor}))

    assert len({refusal(response) for response in responses}) == 1
    assert data(people.ada.api.get(URL, params={**asked, "cursor": cursor}))


def refusal(response: httpx.Response) -> str:
    """Return the words in which a cursor was refused, before any right was looked at."""
    [error] = refused(response, 400, "VALIDATION_ERROR", "cursor")
    assert run("SELECT 1 FROM audit_events WHERE request_id = %s", (response.headers["x-request-id"],)) == []
    return str(error["message"])


def test_a_cursor_that_was_tampered_with_is_refused_whatever_was_changed(people: People) -> None:
    fill(3)
    cursor = pagination(people.ada.api.get(URL, params={**PAST, "limit": 2}))["next_cursor"]
    flipped = [cursor[:at] + chr(ord(cursor[at]) ^ 1) + cursor[at + 1 :] for at in range(len(cursor))]
    texts = ["", cursor[:-1], cursor + "=", cursor + "==", cursor + "A", cursor + "\n", cursor + " ", f" {cursor}"]
    texts += [cursor.swapcase(), cursor * 2, cursor[:21], "A" * 64, "x" * 512, "null", str(people.ada.id), "é" * 64]

    responses = [people.ada.api.get(f"{URL}?until={PAST['until']}&cursor={quote(text)}") for text in flipped + texts]

    assert len({refusal(response) for response in responses}) == 1
    refused(people.ada.api.get(URL, params={"cursor": "x" * 513}), 400, "VALIDATION_ERROR", "cursor")


def test_a_walk_goes_on_over_a_change_of_the_secret(people: People, service: Service, database_url: str) -> None:
    everything = fill(6)
    client = people.ada.api
    cursor = pagination(client.get(URL, params={**PAST, "limit": 2}))["next_cursor"]
    following: dict[str, Any] = {**PAST, "limit": 2, "cursor": cursor}
    place = {"DATABASE_URL": database_url, "CHARTER_GATEWAY": service.config.gateway}
    ours, token = proxy.obj, people.ada.tokens["access_token"]  # type: ignore[index]
    config = config_for(**place, JWT_SECRET="amber kettle 4 windmill " * 2, JWT_SECRET_PREVIOUS=SECRET)
    try:
        with running(config) as renewed, renewed.client(token) as other:
            second = other.get(URL, params=following)
            third = other.get(URL, params={**following, "cursor": pagination(second)["next_cursor"]})
            assert names(second) + names(third) == everything[2:]
    finally:
        proxy.initialize(ours)

    assert names(client.get(URL, params=following)) == everything[2:4]
