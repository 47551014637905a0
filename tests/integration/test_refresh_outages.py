"""A refresh that was answered 503 has used nothing up, however long the outage lasts and whatever it was.

Law 8 and RFC 9700, 4.14.2: what stays of a refused request is the punishment alone. `make prove` has forty times as
many crowds as `make test`.
"""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import pytest

from app.context.unanswered_rotations import UnansweredRotation, UnansweredRotations
from app.database import Database, run
from app.identifiers import new_id
from models.record import database as proxy
from tests.cutting import COMMIT, REFRESH, Cutter, Point, cuttable
from tests.integration.hostile.crowd import together
from tests.people import PASSWORD, People
from tests.refresh_tokens import former
from tests.rows import event
from tests.service import Service
from tests.wire import data, refused

SESSION = "SELECT generation, unanswered_generation, ended_at FROM sessions"
KINDS = "SELECT details ->> 'kind' FROM audit_events WHERE request_id = %s ORDER BY id"
DAY = 86_400
CROWDS = int(os.environ.get("CHARTER_TEST_CROWDS", "1"))


def refresh(service: Service, token: str) -> httpx.Response:
    with service.client() as client:
        return client.post("/v1/auth/refresh", json={"refresh_token": token})


def rotated(service: Service, token: str) -> dict[str, Any]:
    found: dict[str, Any] = data(refresh(service, token))
    return found


@pytest.fixture
def token(service: Service, people: People) -> str:
    """Alice's refresh token; from now on the clock moves only when told."""
    service.clock.stop()
    return str(people.alice.sign_in()["refresh_token"])


@contextmanager
def no_room(code: str) -> Iterator[None]:
    """Let the audit trail take no rows for the length of a block, for a reason that PostgreSQL tells by a code."""
    run(
        f"""
        CREATE OR REPLACE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'no room' USING ERRCODE = '{code}';
        END $$
        """
    )
    run("CREATE TRIGGER no_room BEFORE INSERT ON charter_audit_entries FOR EACH ROW EXECUTE FUNCTION no_room()")
    try:
        yield
    finally:
        run("DROP TRIGGER no_room ON charter_audit_entries")


def test_a_refresh_whose_event_cannot_be_written_has_used_nothing_up(service: Service, token: str) -> None:
    """A full disk, no memory, a shutdown, a standby; a right that is gone, a partition that is missing."""
    before = run("SELECT * FROM sessions")

    for code, status in {"53100": 503, "53200": 503, "57P01": 503, "25006": 503, "42501": 500, "23514": 500}.items():
        with no_room(code):
            for _ in range(2):
                assert refresh(service, token).status_code == status, code
                service.clock.advance(seconds=60)
        assert run("SELECT * FROM sessions") == before, code
    service.clock.advance(days=1)

    following = rotated(service, token)
    assert rotated(service, following["refresh_token"])["refresh_token"] not in (token, following["refresh_token"])


def test_a_sign_in_whose_event_cannot_be_written_opens_no_session(service: Service, people: People) -> None:
    body = {"email": people.alice.email, "password": PASSWORD}
    with service.client() as client:
        with no_room("53100"):
            refused(client.post("/v1/auth/login", json=body), 503, "UNAVAILABLE")
        assert run("SELECT FROM sessions") == []
        data(client.post("/v1/auth/login", json=body))


def test_reuse_is_punished_although_no_event_of_it_can_be_written(service: Service, token: str) -> None:
    """Law 8: the punishment waits for no row of the trail."""
    following = rotated(service, token)
    service.clock.advance(seconds=16)

    with no_room("53100"):
        assert refresh(service, token).status_code == 503

    refused(refresh(service, following["refresh_token"]), 401, "INVALID_REFRESH_TOKEN")
    assert run("SELECT end_reason FROM sessions") == [("reuse",)]


@pytest.fixture
def cutter(service: Service, database: Database, database_url: str) -> Iterator[Cutter]:
    """The service's way to its database, which can be cut."""
    with cuttable(database_url) as cutter:
        cut = Database(cutter.url, size=8, connect_seconds=2, wait_seconds=2)
        proxy.initialize(cut)
        yield cutter
        proxy.initialize(database)
        cut.reset()


@pytest.mark.parametrize(
    ("at", "is_away"), [(COMMIT, False), (COMMIT, True), (REFRESH, True)], ids=["a moment", "long", "in one statement"]
)
@pytest.mark.parametrize("point", ["before", "after"])
def test_a_refresh_that_was_cut_off_in_its_commit_has_used_nothing_up(
    service: Service, cutter: Cutter, token: str, point: Point, at: bytes, is_away: bool
) -> None:
    """Nobody knows what became of it but the database; the client's token is good a day later too, for one response."""
    token = former(service.config, token) if at == COMMIT else token
    cutter.cut(point, at)
    cutter.away = is_away
    refused(refresh(service, token), 503, "UNAVAILABLE")
    assert cutter.cuts == 1
    cutter.away = False
    service.clock.advance(seconds=DAY)

    response = refresh(service, token)

    following = data(response)["refresh_token"]
    assert (event(response).details or {})["kind"] == ("unanswered" if point == "after" else "rotated")
    assert run(SESSION) == [(2, None, None)]
    service.clock.advance(seconds=14)
    assert rotated(service, token)["refresh_token"] == following
    service.clock.advance(seconds=2)
    refused(refresh(service, token), 401, "INVALID_REFRESH_TOKEN")
    refused(refresh(service, following), 401, "INVALID_REFRESH_TOKEN")


@pytest.mark.parametrize("point", ["before", "after"])
def test_a_refresh_whose_only_statement_was_cut_off_is_decided_at_once_if_the_database_is_there(
    service: Service, cutter: Cutter, token: str, point: Point
) -> None:
    cutter.cut(point, REFRESH)

    response = refresh(service, token)

    assert cutter.cuts == 1
    following = data(response)["refresh_token"]
    told = run(KINDS, (response.headers["x-request-id"],))
    assert told == ([("rotated",), ("unanswered",)] if point == "after" else [("rotated",)])
    assert run(SESSION) == [(2, None, None)]
    service.clock.advance(seconds=14)
    assert rotated(service, token)["refresh_token"] == following
    service.clock.advance(seconds=2)
    refused(refresh(service, token), 401, "INVALID_REFRESH_TOKEN")


@pytest.mark.parametrize("committed", [0, 1])
def test_of_two_refreshes_in_doubt_at_once_either_may_have_been_committed(
    service: Service, token: str, committed: int
) -> None:
    """Two requests with the same token lose their connections, and one of the two statements came to nothing."""
    rotated(service, token)
    [(session_id, event_id)] = run(
        "SELECT s.id, e.id FROM sessions s, audit_events e WHERE action = 'session.refreshed'"
    )
    rotations = [UnansweredRotation(session_id, 2, event_id=new_id()) for _ in range(2)]
    rotations[committed] = UnansweredRotation(session_id, 2, event_id=event_id)
    unanswered = UnansweredRotations()
    for rotation in rotations:
        unanswered.keep(rotation)

    unanswered.record(session_id)

    assert not unanswered.has(session_id)
    assert run(SESSION) == [(2, 2, None)]


@pytest.mark.parametrize("point", ["before", "after"])
def test_the_answer_after_a_cut_can_be_cut_off_as_well(
    service: Service, cutter: Cutter, token: str, point: Point
) -> None:
    token = former(service.config, token)
    cutter.cut("after")
    refused(refresh(service, token), 503, "UNAVAILABLE")
    service.clock.advance(seconds=DAY)
    cutter.cut(point)
    refused(refresh(service, token), 503, "UNAVAILABLE")
    service.clock.advance(seconds=DAY)

    following = rotated(service, token)

    assert cutter.cuts == 2
    assert run(SESSION) == [(2, None, None)]
    rotated(service, following["refresh_token"])


def test_a_commit_that_was_cut_off_keeps_no_older_token_good(service: Service, cutter: Cutter, token: str) -> None:
    """Only the token whose exchange was answered 503: what came before it is reuse, as ever."""
    current = former(service.config, rotated(service, token)["refresh_token"])
    cutter.cut("after")
    refused(refresh(service, current), 503, "UNAVAILABLE")
    service.clock.advance(seconds=DAY)

    refused(refresh(service, token), 401, "INVALID_REFRESH_TOKEN")

    assert run("SELECT end_reason FROM sessions") == [("reuse",)]


@pytest.mark.parametrize("at", [COMMIT, REFRESH])
def test_a_commit_that_was_cut_off_revives_no_session(service: Service, cutter: Cutter, token: str, at: bytes) -> None:
    token = former(service.config, token) if at == COMMIT else token
    cutter.cut("after", at)
    cutter.away = True
    refused(refresh(service, token), 503, "UNAVAILABLE")
    cutter.away = False
    run("UPDATE sessions SET ended_at = now(), end_reason = 'logout'")

    refused(refresh(service, token), 401, "INVALID_REFRESH_TOKEN")


def test_crowds_that_share_statements_which_are_cut_off_are_no_thieves(
    service: Service, cutter: Cutter, people: People, token: str
) -> None:
    """Two people refresh, from one place or from several at once, while a statement for them loses its connection."""
    tokens = {"alice": token, "bob": str(people.bob.sign_in()["refresh_token"])}
    points: list[Point | None] = ["before", "after", None]
    rounds = [*itertools.product(points, (1, 2, 6))] * CROWDS

    for point, places in rounds:
        if point:
            cutter.cut(point, REFRESH)
        names = ["alice", "bob"] * places
        responses = together(*[partial(refresh, service, tokens[name]) for name in names])

        for name in tokens:
            own = [response for who, response in zip(names, responses, strict=True) if who == name]
            assert {response.status_code for response in own} == {200}
            [tokens[name]] = {data(response)["refresh_token"] for response in own}
        service.clock.advance(seconds=60)

    assert cutter.cuts == sum(point is not None for point, _ in rounds)
    assert run("SELECT DISTINCT generation, ended_at FROM sessions") == [(len(rounds) + 1, None)]
