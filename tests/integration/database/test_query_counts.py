"""How many SQL statements a request costs: a number of its own for each operation, whatever the size of the data."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.database import Database
from tests.people import PASSWORD, People, make_crowd, make_role
from tests.rows import sessions_of
from tests.service import Service

PROFILE = {"display_name": "A", "locale": None, "time_zone": None, "avatar_url": None, "bio": None}
NEW_PASSWORD = "seven green bottles 9 falling"


@pytest.fixture
def statements(service: Service, database: Database) -> Iterator[list[str]]:
    """Every statement of an operation on the test's database; BEGIN and COMMIT do not count.

    The check of the database in the background has a thread of its own, and runs whenever its time has come.
    """
    ran: list[str] = []

    def note(query) -> None:
        if not threading.current_thread().name.startswith("health"):
            ran.append(query.sql)

    database.query_hooks.append(note)
    yield ran
    database.query_hooks.remove(note)


@pytest.fixture
def cost(statements: list[str]) -> Callable[..., int]:
    """Return what counts the statements of a request, which must be answered with the status given."""

    def measure(ask: Callable[[], httpx.Response], status: int = 200) -> int:
        statements.clear()
        response = ask()
        assert response.status_code == status, response.text
        return len(statements)

    return measure


def test_reading_oneself_is_the_session_statement_and_nothing_else(people: People, cost) -> None:
    api = people.alice.api

    assert cost(lambda: api.get("/v1/users/me")) == 1
    assert cost(lambda: api.get("/v1/users/me", headers={"If-None-Match": '"1"'}), 304) == 1


def test_reading_one_account_or_profile_is_one_statement_more(people: People, cost) -> None:
    api, url = people.ada.api, f"/v1/users/{people.alice.id}"

    assert cost(lambda: api.get(url)) <= 2
    assert cost(lambda: api.get(f"{url}/profile")) <= 2
    assert cost(lambda: api.get(url, headers={"If-None-Match": '"1"'}), 304) <= 2


def test_a_list_costs_the_same_whatever_the_page_and_the_table(people: People, cost) -> None:
    api = people.ada.api
    small = cost(lambda: api.get("/v1/users?limit=1"))
    make_crowd(150)

    assert small <= 3
    for query in ("limit=1", "limit=100", "limit=100&offset=50&sort=email", "q=crowd&limit=100", "status=active"):
        assert cost(lambda query=query: api.get(f"/v1/users?{query}")) <= 3, query


def test_a_filter_by_role_looks_the_role_up(people: People, cost) -> None:
    api = people.ada.api
    make_crowd(150)

    assert cost(lambda: api.get("/v1/users?role=guest&limit=100")) <= 4
    assert cost(lambda: api.get("/v1/users?role=guest&q=crowd&status=active")) <= 4
    assert cost(lambda: api.get("/v1/users?role=nobody-has-this")) <= 2


def test_a_page_of_the_audit_trail_is_one_statement_more_wherever_it_is(people: People, cost) -> None:
    api, url = people.ada.api, "/v1/audit-events"
    for _ in range(3):
        api.get("/v1/users/me")
    cursor = api.get(f"{url}?limit=1").json()["meta"]["pagination"]["next_cursor"]

    assert cost(lambda: api.get(url)) == 2
    assert cost(lambda: api.get(f"{url}?limit=100&kind=event&since=2026-01-01T00:00:00Z")) == 2
    assert cost(lambda: api.get(f"{url}?actor=cli&outcome=failed")) == 2
    assert cost(lambda: api.get(f"{url}?limit=1&cursor={cursor}")) == 2
    assert cost(lambda: api.get(f"{url}?kind=decision&limit=1&cursor={cursor}"), 400) == 0


def test_statistics_are_one_statement_more_whatever_is_asked(people: People, cost) -> None:
    api = people.ada.api
    since = f"since={datetime.now(UTC) - timedelta(days=300):%Y-%m-%dT%H:%M:%SZ}"

    assert cost(lambda: api.get("/v1/stats/users")) == 2
    assert cost(lambda: api.get("/v1/stats/activity")) == 2
    assert cost(lambda: api.get(f"/v1/stats/activity?interval=day&{since}")) == 2
    assert cost(lambda: api.get(f"/v1/stats/activity?{since}"), 400) == 1


def test_sessions_roles_and_permissions_keep_within_their_numbers(people: People, cost) -> None:
    for _ in range(4):
        people.alice.sign_in()
    for number in range(30):
        make_role(f"role{number}", "users:list", "users:read")
    make_role("clerk")
    clara = people.make("clara", "clerk")
    ada, alice = people.ada.api, people.alice.api
    path = f"/v1/users/{people.alice.id}/sessions"
    made = {"name": "made", "description": "", "permissions": ["users:list", "users:read", "users:update"]}

    assert cost(lambda: ada.get(path)) <= 3
    assert cost(lambda: ada.get("/v1/roles?limit=100")) <= 3
    assert cost(lambda: ada.get("/v1/roles/role1")) <= 2
    assert cost(lambda: ada.get("/v1/permissions")) == 1
    newest, *_, oldest = sessions_of(people.alice.id)
    assert cost(lambda: ada.delete(f"{path}/{oldest}"), 204) <= 6
    assert cost(lambda: alice.delete(f"{path}/{newest}"), 204) <= 3
    assert cost(lambda: ada.post("/v1/roles", json=made), 201) <= 8
    assert cost(lambda: ada.patch("/v1/roles/made", json={"name": "other", "permissions": []})) <= 9
    assert cost(lambda: ada.put(f"/v1/users/{clara.id}/role", json={"role": "other"})) <= 10
    assert cost(lambda: ada.delete("/v1/roles/clerk"), 204) <= 8


def test_a_denial_is_one_statement_and_a_bad_token_none(service: Service, people: People, cost) -> None:
    api = people.mallory.api
    url = f"/v1/users/{people.alice.id}"

    assert cost(lambda: api.get("/v1/users"), 403) == 1
    assert cost(lambda: api.delete(url), 403) == 1
    assert cost(lambda: api.get(f"{url}?x=1"), 400) == 0
    with service.client("x.y.z") as client:
        assert cost(lambda: client.get(url), 401) == 0
        assert cost(lambda: client.get("/v1/nowhere"), 404) == 0


def test_writes_keep_within_their_numbers(people: People, cost) -> None:
    ada, alice = people.ada.api, people.alice.api
    url = f"/v1/users/{people.alice.id}"
    any_version = {"If-Match": "*"}

    assert cost(lambda: alice.patch("/v1/users/me", json={"bio": "Paints."})) <= 8
    assert cost(lambda: alice.put(f"{url}/profile", json=PROFILE, headers=any_version)) <= 8
    assert cost(lambda: ada.put(f"{url}/profile", json=PROFILE, headers=any_version)) <= 9
    assert cost(lambda: ada.patch(url, json={"email": "moved@example.com"})) <= 8
    assert cost(lambda: ada.put(f"{url}/role", json={"role": "guest"})) <= 9
    assert cost(lambda: ada.post(f"{url}/suspend")) <= 10
    assert cost(lambda: ada.post(f"{url}/restore")) <= 9
    assert cost(lambda: ada.delete(url), 204) <= 9
    made = {"email": "new@example.com", "password": NEW_PASSWORD, "profile": PROFILE}
    assert cost(lambda: ada.post("/v1/users", json=made), 201) <= 7


def test_a_key_costs_a_look_a_claim_and_an_answer_and_a_repetition_one_look(people: People, cost) -> None:
    ada, keyed = people.ada.api, {"Idempotency-Key": "k"}
    body = {"description": "", "permissions": []}
    plain = cost(lambda: ada.post("/v1/roles", json={**body, "name": "plain"}), 201)

    assert cost(lambda: ada.post("/v1/roles", json={**body, "name": "keyed"}, headers=keyed), 201) == plain + 3
    assert cost(lambda: ada.post("/v1/roles", json={**body, "name": "keyed"}, headers=keyed), 201) == 2


def test_ending_many_sessions_costs_no_more_than_ending_one(people: People, cost) -> None:
    for _ in range(5):
        people.bob.sign_in()
        people.alice.sign_in()
    ada, bob = people.ada.api, people.bob.api

    assert cost(lambda: ada.post(f"/v1/users/{people.alice.id}/suspend")) <= 10
    assert cost(lambda: bob.post("/v1/auth/logout", json={"scope": "all"}), 204) <= 3


def test_signing_in_and_staying_so_keep_within_their_numbers(service: Service, people: People, cost) -> None:
    tokens = people.alice.sign_in()
    login = {"email": "alice@example.com", "password": PASSWORD}
    wrong = {**login, "password": NEW_PASSWORD}
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}

    with service.client() as client:
        assert cost(lambda: client.post("/v1/auth/login", json=login)) <= 9
        assert cost(lambda: client.post("/v1/auth/login", json=wrong), 401) <= 4
        renew = {"refresh_token": tokens["refresh_token"]}
        assert cost(lambda: client.post("/v1/auth/refresh", json=renew)) <= 2
        assert cost(lambda: client.post("/v1/auth/refresh", json={"refresh_token": "never issued"}), 401) <= 1
        assert cost(lambda: client.post("/v1/auth/register", json={**made("new"), "display_name": "N"}), 202) <= 5
        assert cost(lambda: client.post("/v1/auth/register", json=made("alice")), 202) <= 5
        assert cost(lambda: client.get("/health")) <= 1
        assert cost(lambda: client.get("/health/live")) == 0
        assert cost(lambda: client.get("/.well-known/jwks.json")) == 0
    assert cost(lambda: people.alice.api.put("/v1/users/me/password", json=change), 204) <= 10


def made(name: str) -> dict[str, str]:
    return {"email": f"{name}@example.com", "password": NEW_PASSWORD}
