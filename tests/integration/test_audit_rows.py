"""Laws 4 and 8: each decision leaves one row whatever becomes of the work, and a refusal forgets no punishment."""

from typing import Any

import httpx
import pytest

from app.database import run
from app.factory import read_surface
from tests.people import PASSWORD, People, Person
from tests.rows import audit_rows, decision, event, eventless, number_of_accounts, stored
from tests.service import Service
from tests.wire import data, refused

NEW = "velvet anchor 3 turnip"
PROFILE = {"display_name": "Bob", "locale": None, "time_zone": None, "avatar_url": None, "bio": None}
EVERYONES = {"account:read", "account:update", "sessions:end"}
EVERY_ROW = "SELECT * FROM audit_events"

# What each operation that asks for a right is called with; {id} is somebody else's. The last two end things.
REQUESTS: dict[str, tuple[str, str, Any]] = {
    "get_me": ("GET", "/v1/users/me", None),
    "update_me": ("PATCH", "/v1/users/me", {"bio": "x"}),
    "list_users": ("GET", "/v1/users", None),
    "create_user": ("POST", "/v1/users", {"email": "nora@example.com", "password": PASSWORD}),
    "get_user": ("GET", "/v1/users/{id}", None),
    "update_user": ("PATCH", "/v1/users/{id}", {"email": "robert@example.com"}),
    "get_profile": ("GET", "/v1/users/{id}/profile", None),
    "replace_profile": ("PUT", "/v1/users/{id}/profile", PROFILE),
    "set_user_role": ("PUT", "/v1/users/{id}/role", {"role": "user"}),
    "suspend_user": ("POST", "/v1/users/{id}/suspend", None),
    "restore_user": ("POST", "/v1/users/{id}/restore", None),
    "delete_user": ("DELETE", "/v1/users/{id}", None),
    "change_password": ("PUT", "/v1/users/me/password", {"current_password": PASSWORD, "new_password": NEW}),
    "logout": ("POST", "/v1/auth/logout", None),
}


def ask(client: httpx.Client, operation: str, target: Person, **headers: str) -> httpx.Response:
    method, path, body = REQUESTS[operation]
    return client.request(
        method, path.format(id=target.id), json=body, headers={"If-Match": "*", "X-Request-Id": operation, **headers}
    )


@pytest.fixture
def rights(service: Service) -> dict[str, tuple[str, ...]]:
    """The permissions of every operation that asks for one, and none of them is missing above."""
    policies = read_surface(service.settings).policies
    found = {name: policy.permissions for name, policy in policies.items() if not policy.public}
    assert set(found) == set(REQUESTS), "say in REQUESTS how a new operation is called"
    return found


def test_every_operation_let_in_leaves_one_allowed_row(people: People, rights: dict[str, tuple[str, ...]]) -> None:
    for name in REQUESTS:
        answer = ask(people.ada.api, name, people.bob)

        assert answer.status_code < 300, answer.text
        target = f"user:{people.bob.id}" if "{id}" in REQUESTS[name][1] else None
        permission = " ".join(rights[name])
        row = decision(answer)
        assert row == (people.ada.id, "admin", name, permission, "allowed", None, target, None)


def test_every_operation_without_the_right_leaves_one_denied_row_and_no_event(
    people: People, rights: dict[str, tuple[str, ...]]
) -> None:
    before = stored(people.bob.id)
    for name in [name for name, held in rights.items() if not EVERYONES.issuperset(held)]:
        answer = ask(people.gus.api, name, people.bob)

        refused(answer, 403, "FORBIDDEN")
        row = decision(answer)
        assert (row.actor, row.role, row.action) == (people.gus.id, "guest", name)
        assert (row.outcome, row.reason) == ("denied", "permission_missing")
        assert eventless(answer)
    assert stored(people.bob.id) == before
    assert number_of_accounts() == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE sessions SET ended_at = now()", "session_ended"),
        ("UPDATE users SET status = 'suspended' WHERE email LIKE 'ada@%'", "account_suspended"),
        ("DELETE FROM sessions", "session_unknown"),
    ],
)
def test_every_operation_of_a_session_found_over_leaves_one_denied_row_and_no_event(
    people: People, change: str, reason: str
) -> None:
    client, before = people.ada.api, stored(people.bob.id)
    run(change)
    for name in REQUESTS:
        answer = ask(client, name, people.bob)

        refused(answer, 401, "SESSION_ENDED")
        row = decision(answer)
        assert (row.actor, row.action, row.outcome, row.reason) == (people.ada.id, name, "denied", reason)
        assert eventless(answer)
    assert stored(people.bob.id) == before


def test_what_is_refused_before_a_decision_leaves_no_row(people: People) -> None:
    client, bob = people.ada.api, people.bob
    rows = run(EVERY_ROW)
    for name, (method, path, _) in REQUESTS.items():
        refused(ask(client, name, bob, Authorization=""), 401, "UNAUTHENTICATED")
        refused(ask(client, name, bob, Authorization="Bearer a.b.c"), 401, "INVALID_TOKEN")
        at = path.format(id=bob.id)
        refused(client.request(method, f"{at}?nonsense=1", headers={"If-Match": "*"}), 400, "VALIDATION_ERROR")
        refused(client.request(method, f"{at}/"), 404, "NOT_FOUND")
        refused(client.request("TRACE", at), 405, "METHOD_NOT_ALLOWED")
        assert client.options(at).status_code == 204
    assert run(EVERY_ROW) == rows


def test_a_read_without_a_body_leaves_one_row_too(people: People) -> None:
    head = people.alice.api.head("/v1/users/me")
    unchanged = people.alice.api.get("/v1/users/me", headers={"If-None-Match": "*"})

    assert (head.status_code, unchanged.status_code) == (200, 304)
    assert [decision(answer).outcome for answer in (head, unchanged)] == ["allowed", "allowed"]


def test_a_write_that_succeeds_leaves_its_event_beside_its_decision(people: People) -> None:
    answer = ask(people.ada.api, "suspend_user", people.bob)

    row = event(answer)
    assert (row.actor, row.role, row.outcome, row.reason) == (people.ada.id, "admin", "succeeded", None)
    assert row.target == decision(answer).target == f"user:{people.bob.id}"


def test_a_write_refused_by_a_rule_leaves_the_decision_and_a_failed_event(people: People) -> None:
    answer = people.ada.api.post(f"/v1/users/{people.ada.id}/suspend")

    refused(answer, 409, "LAST_ADMIN")
    assert decision(answer).outcome == "allowed"
    assert (event(answer).outcome, event(answer).reason) == ("failed", "last_admin")
    assert event(answer).target == f"user:{people.ada.id}"


def test_a_write_that_breaks_is_rolled_back_and_leaves_the_decision_and_a_failed_event(people: People) -> None:
    client = people.alice.api
    raises(on="user_profiles", code="22012")

    answer = client.patch("/v1/users/me", json={"bio": "x"})

    refused(answer, 500, "INTERNAL_ERROR")
    assert stored(people.alice.id).version == 1  # type: ignore[union-attr]
    assert decision(answer).outcome == "allowed"
    assert (event(answer).outcome, event(answer).reason) == ("failed", "internal_error")


@pytest.mark.parametrize(("times", "status", "outcomes"), [(2, 200, ["succeeded"]), (9, 503, ["failed"])])
def test_a_write_undone_by_another_is_tried_three_times_and_leaves_one_row_of_each_kind(
    people: People, times: int, status: int, outcomes: list[str]
) -> None:
    client = people.alice.api
    raises(on="user_profiles", code="40001", times=times)

    answer = client.patch("/v1/users/me", json={"bio": "x"})

    assert answer.status_code == status, answer.text
    assert run("SELECT nextval('undone')") == [(4,)]
    assert len(audit_rows(answer, "decision")) == 1
    assert [row.outcome for row in audit_rows(answer, "event")] == outcomes
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


def test_a_decision_that_cannot_be_written_lets_nobody_in(people: People) -> None:
    client = people.alice.api
    run("ALTER TABLE audit_events ADD CONSTRAINT full_up CHECK (kind <> 'decision') NOT VALID")

    refused(client.get("/v1/users/me"), 500, "INTERNAL_ERROR")
    refused(client.patch("/v1/users/me", json={"bio": "x"}), 500, "INTERNAL_ERROR")

    assert stored(people.alice.id).version == 1  # type: ignore[union-attr]


def test_an_event_that_cannot_be_written_undoes_the_work(people: People) -> None:
    client = people.alice.api
    run("ALTER TABLE audit_events ADD CONSTRAINT full_up CHECK (kind <> 'event') NOT VALID")

    answer = client.patch("/v1/users/me", json={"bio": "x"})

    refused(answer, 500, "INTERNAL_ERROR")
    assert stored(people.alice.id).version == 1  # type: ignore[union-attr]
    assert decision(answer).outcome == "allowed"


def test_a_refused_sign_in_is_counted_although_its_request_failed(people: People, service: Service) -> None:
    wrong = {"email": people.alice.email, "password": "not the password at all"}
    with service.client() as client:
        answer = client.post("/v1/auth/login", json=wrong)

    refused(answer, 401, "INVALID_CREDENTIALS")
    assert run("SELECT failures FROM sign_in_attempts") == [(1,), (1,)]
    assert (event(answer).outcome, event(answer).reason) == ("failed", "wrong_password")


def test_a_session_ended_for_reuse_stays_ended_although_the_request_was_refused(
    people: People, service: Service
) -> None:
    token = {"refresh_token": people.alice.sign_in()["refresh_token"]}
    with service.client() as client:
        data(client.post("/v1/auth/refresh", json=token))
        service.clock.advance(seconds=16)
        answer = client.post("/v1/auth/refresh", json=token)

    refused(answer, 401, "INVALID_REFRESH_TOKEN")
    assert run("SELECT end_reason FROM sessions") == [("reuse",)]
    assert event(answer).reason == "reuse"


def test_the_client_stands_apart_from_the_trail_where_it_can_be_erased(people: People) -> None:
    people.alice.sign_in()
    answer = people.alice.api.get("/v1/users/me", headers={"User-Agent": "teapot/1.0"})
    again = people.alice.api.get("/v1/users/me", headers={"User-Agent": "teapot/1.0"})

    clients = run(
        "SELECT DISTINCT c.address, c.user_agent FROM audit_events e JOIN audit_clients c ON c.id = e.client_id"
        " WHERE e.request_id = ANY(%s)",
        ([answer.headers["x-request-id"], again.headers["x-request-id"]],),
    )
    assert clients == [("127.0.0.1", "teapot/1.0")]
    assert "teapot" not in str(run(EVERY_ROW))
    run("DELETE FROM audit_clients")
    assert decision(answer).outcome == "allowed"


def test_no_secret_and_no_address_is_in_the_trail(people: People, service: Service) -> None:
    tokens = people.alice.sign_in()
    with service.client() as client:
        client.post("/v1/auth/login", json={"email": people.alice.email, "password": "guessed wrongly once"})
        client.post("/v1/auth/register", json={"email": "nora@example.com", "password": NEW})
        following = data(client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}))
    ask(people.alice.api, "change_password", people.alice)

    trail = str(run(EVERY_ROW)) + str(run("SELECT * FROM audit_clients"))
    for secret in (*tokens.values(), *following.values(), PASSWORD, NEW, "guessed wrongly once", "@example.com"):
        if isinstance(secret, str) and secret != "Bearer":
            assert secret not in trail
