"""Laws 4 and 8: each decision leaves one row whatever becomes of the work, and a refusal forgets no punishment."""

import pytest

from app.database import run
from tests.people import PASSWORD, People
from tests.rows import audit_rows, decision, event, eventless, stored
from tests.service import Service
from tests.wire import data, refused

NEW = "velvet anchor 3 turnip"
EVERY_ROW = "SELECT * FROM audit_events"


def test_a_session_that_nobody_knows_leaves_one_denied_row_and_no_event(people: People) -> None:
    client = people.ada.api
    run("DELETE FROM sessions")

    for response in (client.get("/v1/users/me"), client.post(f"/v1/users/{people.bob.id}/suspend")):
        refused(response, 401, "SESSION_ENDED")
        row = decision(response)
        assert (row.actor, row.outcome, row.reason) == (people.ada.id, "denied", "session_unknown")
        assert eventless(response)
    assert stored(people.bob.id).status == "active"  # type: ignore[union-attr]


def test_what_is_refused_before_a_decision_leaves_no_row(people: People) -> None:
    client, path = people.ada.api, f"/v1/users/{people.bob.id}"
    rows = run(EVERY_ROW)

    refused(client.get(path, headers={"Authorization": ""}), 401, "UNAUTHENTICATED")
    refused(client.get(path, headers={"Authorization": "Bearer a.b.c"}), 401, "INVALID_TOKEN")
    refused(client.get(f"{path}?nonsense=1"), 400, "VALIDATION_ERROR")
    refused(client.get(f"{path}/"), 404, "NOT_FOUND")
    refused(client.request("TRACE", path), 405, "METHOD_NOT_ALLOWED")
    assert client.options(path).status_code == 204

    assert run(EVERY_ROW) == rows


def test_a_read_without_a_body_leaves_one_row_too(people: People) -> None:
    head = people.alice.api.head("/v1/users/me")
    unchanged = people.alice.api.get("/v1/users/me", headers={"If-None-Match": "*"})

    assert (head.status_code, unchanged.status_code) == (200, 304)
    assert [decision(response).outcome for response in (head, unchanged)] == ["allowed", "allowed"]


def test_a_write_that_succeeds_leaves_its_event_beside_its_decision(people: People) -> None:
    response = people.ada.api.post(f"/v1/users/{people.bob.id}/suspend")

    row = event(response)
    assert (row.actor, row.role, row.outcome, row.reason) == (people.ada.id, "admin", "succeeded", None)
    assert row.target == decision(response).target == f"user:{people.bob.id}"


def test_a_write_refused_by_a_rule_leaves_the_decision_and_a_failed_event(people: People) -> None:
    response = people.ada.api.post(f"/v1/users/{people.ada.id}/suspend")

    refused(response, 409, "LAST_ADMIN")
    assert decision(response).outcome == "allowed"
    assert (event(response).outcome, event(response).reason) == ("failed", "last_admin")
    assert event(response).target == f"user:{people.ada.id}"


def test_a_write_that_breaks_is_rolled_back_and_leaves_the_decision_and_a_failed_event(people: People) -> None:
    client = people.alice.api
    raises(on="user_profiles", code="22012")

    response = client.patch("/v1/users/me", json={"bio": "x"})

    refused(response, 500, "INTERNAL_ERROR")
    assert stored(people.alice.id).version == 1  # type: ignore[union-attr]
    assert decision(response).outcome == "allowed"
    assert (event(response).outcome, event(response).reason) == ("failed", "internal_error")


@pytest.mark.parametrize(("times", "status", "outcomes"), [(2, 200, ["succeeded"]), (9, 503, ["failed"])])
def test_a_write_undone_by_another_is_tried_three_times_and_leaves_one_row_of_each_kind(
    people: People, times: int, status: int, outcomes: list[str]
) -> None:
    client = people.alice.api
    raises(on="user_profiles", code="40001", times=times)

    response = client.patch("/v1/users/me", json={"bio": "x"})

    assert response.status_code == status, response.text
    assert run("SELECT nextval('undone')") == [(4,)]
    assert len(audit_rows(response, "decision")) == 1
    assert [row.outcome for row in audit_rows(response, "event")] == outcomes
    assert stored(people.alice.id).version == (2 if status == 200 else 1)  # type: ignore[union-attr]


def raises(*, on: str, code: str, times: int = 1_000) -> None:
    """Make the first so many updates of a table fail with an SQLSTATE."""
    run("CREATE SEQUENCE undone")
    run(
        f"""
        CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('undone') <= {times} THEN RAISE EXCEPTION 'undone' USING ERRCODE = '{code}'; END IF;
            RETURN NEW;
        END $$
        """
    )
    run(f"CREATE TRIGGER undo BEFORE UPDATE ON {on} FOR EACH ROW EXECUTE FUNCTION undo()")


def take_no(outcome: str) -> None:
    """Let the audit trail take no row of an outcome."""
    run(
        """
        CREATE FUNCTION is_taken(number integer, refused text) RETURNS boolean LANGUAGE sql AS $$
            SELECT outcome <> refused FROM charter_audit_labels WHERE id = number
        $$
        """
    )
    run(f"ALTER TABLE charter_audit_entries ADD CHECK (is_taken(label_id, '{outcome}')) NOT VALID")


def test_a_decision_that_cannot_be_written_lets_nobody_in(people: People) -> None:
    client = people.alice.api
    take_no("allowed")

    refused(client.get("/v1/users/me"), 500, "INTERNAL_ERROR")
    refused(client.patch("/v1/users/me", json={"bio": "x"}), 500, "INTERNAL_ERROR")

    assert stored(people.alice.id).version == 1  # type: ignore[union-attr]


def test_an_event_that_cannot_be_written_undoes_the_work(people: People) -> None:
    client = people.alice.api
    take_no("succeeded")

    response = client.patch("/v1/users/me", json={"bio": "x"})

    refused(response, 500, "INTERNAL_ERROR")
    assert stored(people.alice.id).version == 1  # type: ignore[union-attr]
    assert decision(response).outcome == "allowed"


def test_a_refused_sign_in_is_counted_although_its_request_failed(people: People, service: Service) -> None:
    wrong = {"email": people.alice.email, "password": "not the password at all"}
    with service.client() as client:
        response = client.post("/v1/auth/login", json=wrong)

    refused(response, 401, "INVALID_CREDENTIALS")
    assert run("SELECT failures FROM sign_in_attempts") == [(1,), (1,)]
    assert (event(response).outcome, event(response).reason) == ("failed", "wrong_password")


def test_a_session_ended_for_reuse_stays_ended_although_the_request_was_refused(
    people: People, service: Service
) -> None:
    token = {"refresh_token": people.alice.sign_in()["refresh_token"]}
    with service.client() as client:
        data(client.post("/v1/auth/refresh", json=token))
        service.clock.advance(seconds=16)
        response = client.post("/v1/auth/refresh", json=token)

    refused(response, 401, "INVALID_REFRESH_TOKEN")
    assert run("SELECT end_reason FROM sessions") == [("reuse",)]
    assert event(response).reason == "reuse"


def test_the_client_stands_apart_from_the_trail_where_it_can_be_erased(people: People) -> None:
    people.alice.sign_in()
    response = people.alice.api.get("/v1/users/me", headers={"User-Agent": "teapot/1.0"})
    again = people.alice.api.get("/v1/users/me", headers={"User-Agent": "teapot/1.0"})

    clients = run(
        "SELECT DISTINCT c.address, c.user_agent FROM audit_events e JOIN audit_clients c ON c.id = e.client_id"
        " WHERE e.request_id = ANY(%s)",
        ([response.headers["x-request-id"], again.headers["x-request-id"]],),
    )
    assert clients == [("127.0.0.1", "teapot/1.0")]
    assert "teapot" not in str(run(EVERY_ROW))
    run("DELETE FROM audit_clients")
    assert decision(response).outcome == "allowed"


def test_no_secret_and_no_address_is_in_the_trail(people: People, service: Service) -> None:
    tokens = people.alice.sign_in()
    with service.client() as client:
        client.post("/v1/auth/login", json={"email": people.alice.email, "password": "guessed wrongly once"})
        client.post("/v1/auth/register", json={"email": "nora@example.com", "password": NEW})
        following = data(client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}))
    change = {"current_password": PASSWORD, "new_password": NEW}
    assert people.alice.api.put("/v1/users/me/password", json=change).status_code == 204

    trail = str(run(EVERY_ROW)) + str(run("SELECT * FROM audit_clients"))
    for secret in (*tokens.values(), *following.values(), PASSWORD, NEW, "guessed wrongly once", "@example.com"):
        if isinstance(secret, str) and secret != "Bearer":
            assert secret not in trail
