"""revoke_session: a session ended by its owner, or by who looks after the account."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.database import run
from app.identifiers import new_id
from tests.people import People, Person, make_role
from tests.rows import decision, event, eventless, live_sessions, sessions_of
from tests.service import Service
from tests.wire import data, refused


def revoke(actor: Person, target: Person, session: object) -> httpx.Response:
    return actor.api.delete(f"/v1/users/{target.id}/sessions/{session}")


@pytest.fixture
def keeper(people: People) -> Person:
    """Somebody who may end sessions, and holds nothing else of note."""
    make_role("keeper", "sessions:revoke")
    return people.make("kim", "keeper")


def test_a_revoked_session_is_refused_at_the_very_next_request(service: Service, people: People) -> None:
    stolen = people.alice.sign_in()
    [session] = sessions_of(people.alice.id)
    people.alice.sign_in()
    with service.client(stolen["access_token"]) as thief:
        data(thief.get("/v1/users/me"))

        response = revoke(people.alice, people.alice, session)

        assert (response.status_code, response.content) == (204, b"")
        refused(thief.get("/v1/users/me"), 401, "SESSION_ENDED")
        renewed = thief.post("/v1/auth/refresh", json={"refresh_token": stolen["refresh_token"]})
        refused(renewed, 401, "INVALID_REFRESH_TOKEN")
    assert data(people.alice.api.get("/v1/users/me"))
    assert run("SELECT end_reason FROM sessions WHERE id = %s", (session,)) == [("revoked",)]


def test_the_trail_names_the_session(people: People) -> None:
    people.alice.sign_in()
    [session] = sessions_of(people.alice.id)

    response = revoke(people.ada, people.alice, session)

    target = f"session:{session}"
    decision(response).check(
        by=people.ada,
        action="revoke_session",
        permission="sessions:revoke",
        outcome="allowed",
        target=target,
        details=None,
    )
    event(response).check(by=people.ada, action="session.revoked", outcome="succeeded", target=target, details=None)


def test_the_current_session_may_be_ended_too(people: People) -> None:
    api = people.gus.api
    [session] = sessions_of(people.gus.id)

    assert revoke(people.gus, people.gus, session).status_code == 204

    assert refused(api.get("/v1/users/me"), 401, "SESSION_ENDED")


def test_ending_one_leaves_the_others_of_everybody(people: People) -> None:
    for _ in range(3):
        people.alice.sign_in()
    people.bob.sign_in()

    revoke(people.ada, people.alice, sessions_of(people.alice.id)[1])

    assert (live_sessions(people.alice.id), live_sessions(people.bob.id), live_sessions(people.ada.id)) == (2, 1, 1)


def test_a_session_that_is_over_is_not_there_and_keeps_its_reason(people: People) -> None:
    for _ in range(3):
        people.alice.sign_in()
    ended, idle, old = sessions_of(people.alice.id)
    run("UPDATE sessions SET ended_at = now(), end_reason = 'logout' WHERE id = %s", (ended,))
    run("UPDATE sessions SET idle_expires_at = %s WHERE id = %s", (datetime.now(UTC) - timedelta(seconds=1), idle))
    run("UPDATE sessions SET expires_at = %s WHERE id = %s", (datetime.now(UTC) - timedelta(seconds=1), old))

    for session in (ended, idle, old):
        response = revoke(people.ada, people.alice, session)

        refused(response, 404, "NOT_FOUND")
        event(response).check(outcome="failed", reason="not_found")
    reasons = "SELECT end_reason FROM sessions WHERE user_id = %s ORDER BY id DESC"
    assert run(reasons, (people.alice.id,)) == [("logout",), (None,), (None,)]


def test_a_session_of_somebody_else_is_not_there_under_this_account(people: People) -> None:
    people.ada.sign_in()
    people.alice.sign_in()
    [of_ada] = sessions_of(people.ada.id)

    for actor, owner in ((people.alice, people.alice), (people.ada, people.alice)):
        assert refused(revoke(actor, owner, of_ada), 404, "NOT_FOUND")
    assert live_sessions(people.ada.id) == 1


def test_neither_is_one_that_never_was_or_of_an_account_that_is_not_there(people: People) -> None:
    people.alice.sign_in()
    [session] = sessions_of(people.alice.id)

    refused(revoke(people.ada, people.alice, new_id()), 404, "NOT_FOUND")
    refused(people.ada.api.delete(f"/v1/users/{new_id()}/sessions/{session}"), 404, "NOT_FOUND")
    assert live_sessions(people.alice.id) == 1


def test_others_may_not_and_do_not_get_to_know_what_exists(people: People) -> None:
    people.alice.sign_in()
    for user_id, session in ((people.alice.id, sessions_of(people.alice.id)[0]), (new_id(), new_id())):
        response = people.mallory.api.delete(f"/v1/users/{user_id}/sessions/{session}")

        refused(response, 403, "FORBIDDEN")
        decision(response).check_denied("sessions:revoke", target=f"session:{session}")
        assert eventless(response)
    assert live_sessions(people.alice.id) == 1


def test_who_holds_as_much_may_end_a_session(people: People, keeper: Person) -> None:
    people.gus.sign_in()

    assert revoke(keeper, people.gus, sessions_of(people.gus.id)[0]).status_code == 204


@pytest.mark.parametrize("name", ["alice", "ada"])
def test_nobody_ends_a_session_of_an_account_that_holds_more_than_they_do(
    people: People, keeper: Person, name: str
) -> None:
    target = getattr(people, name)
    target.sign_in()

    for session in (sessions_of(target.id)[0], new_id()):
        response = revoke(keeper, target, session)

        refused(response, 403, "FORBIDDEN")
        assert decision(response).outcome == "allowed"
        event(response).check(outcome="failed", reason="beyond_actor", target=f"session:{session}")
    assert live_sessions(target.id) == 1


@pytest.mark.parametrize(("path", "fields"), [
    ("/v1/users/me/sessions/019c13ec-9e00-7c4d-8e5f-6a7b8c9d0e1f", ["user_id"]),
    ("/v1/users/me/sessions/current?all=1", ["user_id", "session_id", "all"]),
])  # fmt: skip
def test_ids_must_be_uuids(people: People, path: str, fields: list[str]) -> None:
    assert refused(people.ada.api.delete(path), 400, "VALIDATION_ERROR", *fields)
