"""get_activity_stats: what happened when; tests/integration/services has all cases of counting and of periods."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.services import activity_statistics
from tests.integration.operations.bounds import check_unavailable
from tests.integration.operations.conftest import Away
from tests.people import PASSWORD, People, make_role
from tests.rows import decision, eventless, write_row
from tests.service import Service
from tests.wire import data, refused

URL = "/v1/stats/activity"
NOTHING = {"registrations": 0, "sign_ins": 0, "failures": 0, "active_sessions": 0}
THEN = datetime(2026, 3, 5, 12, 30, tzinfo=UTC)


def points(people: People, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = data(people.ada.api.get(URL, params=query))
    return found


def test_registrations_sign_ins_failures_and_sessions_are_told_of_the_hour_they_fell_in(
    service: Service, people: People
) -> None:
    people.alice.sign_in()
    made = {"password": PASSWORD, "display_name": None}
    with service.client() as client:
        for name in ("nina", "nina", "nora", "alice"):
            assert client.post("/v1/auth/register", json={**made, "email": f"{name}@example.com"}).status_code == 202
        for name in ("alice", "nobody"):
            wrong = {"email": f"{name}@example.com", "password": "not the right one at all"}
            refused(client.post("/v1/auth/login", json=wrong), 401, "INVALID_CREDENTIALS")
    new = {"email": "new@example.com", "password": PASSWORD}
    assert people.ada.api.post("/v1/users", json=new).status_code == 201

    response = people.ada.api.get(URL)

    *before, last = data(response)
    # The hour may have turned meanwhile.
    told = {name: last[name] + before[-1][name] for name in ("registrations", "sign_ins", "failures")}
    assert told == {"registrations": 2, "sign_ins": 2, "failures": 2}
    assert last["active_sessions"] == 2
    assert [point for point in before[:-1] if point != {"start": point["start"], **NOTHING}] == []
    assert len(before) == 23
    assert last["start"] == f"{service.clock():%Y-%m-%dT%H}:00:00.000Z"
    decision(response).check_allowed(people.ada, "get_activity_stats", "stats:read")
    assert eventless(response)


def test_days_count_a_session_once_that_every_hour_of_theirs_counts(service: Service, people: People) -> None:
    people.alice.sign_in()
    service.clock.advance(days=2)
    people.ada.sign_in()

    days = points(people, interval="day")

    assert len(days) == 30
    assert [point["active_sessions"] for point in days[-4:]] == [0, 1, 1, 2]
    assert [point["sign_ins"] for point in days[-4:]] == [0, 1, 0, 1]
    assert {point["start"][10:] for point in days} == {"T00:00:00.000Z"}


def test_hours_that_are_settled_and_hours_that_are_not_are_one_list(people: People) -> None:
    people.ada.sign_in()
    for minutes in (0, 10, 70, 200):
        moment = THEN + timedelta(minutes=minutes)
        write_row("r", moment, kind="event", action="session.created", outcome="failed")
    asked = {"since": "2026-03-05T12:00:00Z", "until": "2026-03-05T17:00:00+01:00"}
    before = points(people, **asked)

    activity_statistics.aggregate_hours(settle_seconds=900, now=THEN + timedelta(minutes=110))

    # Asked in other words, so that it is no response that was kept.
    assert points(people, **asked, interval="hour") == before
    assert [point["failures"] for point in before] == [2, 1, 0, 1]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("since=2020-01-01T00:00:00Z&until=2020-01-17T16:00:00Z", 400),
        ("since=1969-12-31T00:00:00Z&until=1970-01-02T00:00:00Z", 48),
        ("since=0001-01-01T00:00:00Z&until=0001-01-02T00:00:00Z&interval=day", 1),
        ("until=0001-01-01T00:00:00Z", 0),
        ("since=9999-01-01T00:00:00Z&until=9999-12-31T23:59:59Z", 0),
    ],
)
def test_any_moment_can_be_asked_about(people: People, query: str, number: int) -> None:
    found = data(people.ada.api.get(f"{URL}?{query}"))

    assert found == [{"start": point["start"], **NOTHING} for point in found]
    assert len(found) == number


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("since=2020-01-01T00:00:00Z&until=2020-01-17T16:00:01Z", ["since"]),
        ("since=2020-01-01T00:00:00Z", ["since"]),
        ("since=2020-01-02T00:00:00Z&until=2020-01-02T00:00:00Z", ["since"]),
        ("since=2020-01-02T00:00:00Z&until=2020-01-01T00:00:00Z&interval=day", ["since"]),
        ("since=9999-12-31T23:59:59Z", ["since"]),
        ("since=0001-01-01T00:00:00%2B14:00&until=9999-12-31T23:59:59-14:00", ["since", "until"]),
        ("since=yesterday&until=2020-01-01&interval=week&zone=UTC", ["since", "until", "interval", "zone"]),
    ],
)
def test_a_period_that_is_none_or_too_long_is_refused_with_every_field(
    people: People, query: str, fields: list[str]
) -> None:
    response = people.ada.api.get(f"{URL}?{query}")

    refused(response, 400, "VALIDATION_ERROR", *fields)


def test_the_permission_is_all_it_takes(people: People) -> None:
    make_role("analyst", "stats:read")

    assert len(data(people.make("ann", "analyst").api.get(URL))) == 24


@pytest.mark.parametrize("name", ["alice", "gus"])
def test_others_may_not_look(people: People, name: str) -> None:
    response = getattr(people, name).api.get(URL)

    refused(response, 403, "FORBIDDEN")
    decision(response).check_denied("stats:read", target=None)


def test_strangers_may_not_look_and_without_a_database_nobody_can(
    service: Service, people: People, database_away: Away
) -> None:
    with service.client() as client:
        refused(client.get(URL), 401, "UNAUTHENTICATED")
    api = people.ada.api
    with database_away():
        check_unavailable(api.get(URL))
