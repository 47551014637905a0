"""login: a session for anybody who knows address and password, and the same refusal for everybody else."""

from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from app.database import run
from tests.hashes import counted_hashes
from tests.integration.operations.bounds import check_bodies, check_limited, check_unavailable
from tests.integration.operations.conftest import Away, Variant
from tests.people import PASSWORD, People
from tests.rows import event, eventless, live_sessions
from tests.service import Service
from tests.wire import data, decisions, refused

PATH = "/v1/auth/login"
WRONG = "not the password at all"


def sign_in(client: httpx.Client, email: str, password: str = PASSWORD) -> httpx.Response:
    return client.post(PATH, json={"email": email, "password": password})


def fail(client: httpx.Client, email: str, times: int = 1, **headers: str) -> None:
    for _ in range(times):
        response = client.post(PATH, json={"email": email, "password": WRONG}, headers=headers)
        refused(response, 401, "INVALID_CREDENTIALS")


def test_it_opens_a_session_and_says_whose(anonymous: httpx.Client, people: People) -> None:
    response = sign_in(anonymous, people.alice.email)

    found = data(response)
    assert set(found) == {"access_token", "refresh_token", "token_type", "expires_in", "user"}
    assert (found["token_type"], found["expires_in"]) == ("Bearer", 900)
    assert found["user"] == data(people.alice.api.get("/v1/users/me"))
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["ratelimit-policy"].startswith('"login";')
    assert "etag" not in response.headers


def test_the_session_has_both_limits_and_where_it_began(
    service: Service, anonymous: httpx.Client, people: People
) -> None:
    service.clock.stop()

    data(sign_in(anonymous, people.alice.email))

    [(created, idle, absolute, address, network, agent)] = run(
        "SELECT created_at, idle_expires_at, expires_at, address, network, user_agent FROM sessions"
    )
    assert created == service.clock()
    assert (idle - created, absolute - created) == (timedelta(days=30), timedelta(days=90))
    assert (address, network) == ("127.0.0.1", "127.0.0.1")
    assert agent.startswith("python-httpx/")


def test_the_access_token_says_who_and_no_role(anonymous: httpx.Client, people: People) -> None:
    token = data(sign_in(anonymous, people.ada.email))["access_token"]

    head, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    assert (head["typ"], head["alg"]) == ("at+jwt", "HS256")
    assert set(claims) == {"iss", "aud", "sub", "sid", "jti", "iat", "exp"}
    assert claims["sub"] == str(people.ada.id)
    assert claims["sid"] == str(run("SELECT id FROM sessions")[0][0])
    assert claims["exp"] - claims["iat"] == 900


def test_the_refresh_token_is_not_in_the_database(anonymous: httpx.Client, people: People) -> None:
    token = data(sign_in(anonymous, people.alice.email))["refresh_token"]

    assert len(token) >= 43
    assert token not in str(run("SELECT * FROM sessions"))


def test_it_leaves_an_event_with_its_actor_and_no_decision(anonymous: httpx.Client, people: People) -> None:
    response = sign_in(anonymous, people.alice.email)

    row = event(response)
    row.check(by=people.alice, action="session.created")
    assert (row.outcome, row.reason) == ("succeeded", None)
    assert decisions(response.headers["x-request-id"]) == []


def test_the_address_may_be_in_any_case(anonymous: httpx.Client, people: People) -> None:
    assert data(sign_in(anonymous, people.alice.email.upper()))["user"]["email"] == "alice@example.com"


def test_every_refusal_has_the_same_answer_and_opens_nothing(variant: Variant, people: People) -> None:
    run("UPDATE users SET status = 'suspended' WHERE id = %s", (people.bob.id,))
    attempts = {
        "unknown_address": ("nobody@example.com", PASSWORD),
        "wrong_password": (people.alice.email, WRONG),
        "account_suspended": (people.bob.email, PASSWORD),
        "address_unverified": (people.gus.email, PASSWORD),
    }
    with variant(SIGN_IN_UNVERIFIED="false") as strict, strict.client() as client:
        responses = {reason: sign_in(client, *attempt) for reason, attempt in attempts.items()}

    for reason, response in responses.items():
        refused(response, 401, "INVALID_CREDENTIALS")
        event(response).check(actor=None, role=None, action="session.created", outcome="failed", reason=reason)
    assert {response.headers["www-authenticate"] for response in responses.values()} == {'Bearer realm="charter"'}
    assert len({str(response.json()["errors"]) for response in responses.values()}) == 1
    assert len({str(list(response.headers)) for response in responses.values()}) == 1
    assert run("SELECT count(*) FROM sessions") == [(0,)]


def test_every_refusal_takes_the_time_of_a_hash(variant: Variant, people: People) -> None:
    run("UPDATE users SET status = 'suspended' WHERE id = %s", (people.bob.id,))

    with variant(BCRYPT_COST="10") as other, other.client() as client:
        for email in ("nobody@example.com", people.alice.email, people.bob.email):
            with counted_hashes() as costs:
                fail(client, email)
            # Alice's and Bob's hashes are of a lower cost: the rest of the work is done besides.
            assert sum(2**cost for cost in costs) == 2**10, email


def test_a_guest_signs_in_before_the_address_is_verified(anonymous: httpx.Client, people: People) -> None:
    assert data(sign_in(anonymous, people.gus.email))["user"]["email_verified"] is False


def test_no_password_is_too_short_or_too_common_to_be_asked_about(anonymous: httpx.Client, people: People) -> None:
    for password in ("x", "password", "x" * 256):
        refused(sign_in(anonymous, people.alice.email, password), 401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email", "password"}),
        ({"email": "nobody", "password": ""}, {"email", "password"}),
        ({"email": ["a@b.cd"], "password": None, "scope": "all"}, {"email", "password", "scope"}),
        ({"email": "a@b.cd", "password": "x" * 257}, {"password"}),
    ],
)
def test_every_violation_is_listed_and_counts_as_no_attempt(
    anonymous: httpx.Client, body: dict[str, Any], fields: set[str]
) -> None:
    refused(anonymous.post(PATH, json=body), 400, "VALIDATION_ERROR", *fields)

    assert run("SELECT count(*) FROM sign_in_attempts") == [(0,)]


def test_a_body_that_is_none_is_refused(anonymous: httpx.Client) -> None:
    check_bodies(anonymous, "POST", PATH)


def test_the_password_does_not_go_into_the_address(anonymous: httpx.Client, people: People) -> None:
    response = anonymous.post(f"{PATH}?password=x", json={"email": people.alice.email, "password": PASSWORD})

    refused(response, 400, "VALIDATION_ERROR", "password")


def test_a_hash_is_upgraded_by_a_sign_in_when_the_cost_rises(variant: Variant, people: People) -> None:
    def stored() -> str:
        return str(run("SELECT password_hash FROM users WHERE id = %s", (people.alice.id,))[0][0])

    assert stored().startswith("v1$2b$04$")
    with variant(BCRYPT_COST="5") as costly, costly.client() as client:
        refused(sign_in(client, people.alice.email, WRONG), 401, "INVALID_CREDENTIALS")
        assert stored().startswith("v1$2b$04$")
        data(sign_in(client, people.alice.email))
        upgraded = stored()
        data(sign_in(client, people.alice.email))

    assert upgraded.startswith("v1$2b$05$")
    assert stored() == upgraded


def test_an_upgrade_ends_no_session(variant: Variant, people: People) -> None:
    people.alice.sign_in()

    with variant(BCRYPT_COST="5") as costly, costly.client() as client:
        data(sign_in(client, people.alice.email))

    data(people.alice.api.get("/v1/users/me"))
    assert live_sessions(people.alice.id) == 2


def wait_of(client: httpx.Client, email: str, password: str = PASSWORD, **headers: str) -> int:
    """Return how long a refused sign-in says to wait."""
    response = client.post(PATH, json={"email": email, "password": password}, headers=headers)
    refused(response, 429, "RATE_LIMITED")
    return int(response.headers["retry-after"])


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_after_five_free_failures_the_wait_doubles_for_known_and_unknown_addresses_alike(
    service: Service, anonymous: httpx.Client, people: People, name: str
) -> None:
    service.clock.stop()
    email = people.alice.email.replace("alice", name)
    fail(anonymous, email, times=5)

    waits = []
    for _ in range(4):
        waits.append(wait_of(anonymous, email, WRONG))
        service.clock.advance(seconds=waits[-1])
        fail(anonymous, email)

    assert waits == [1, 2, 4, 8]


def test_a_waiting_account_refuses_the_right_password_and_says_why_in_the_audit(
    service: Service, anonymous: httpx.Client, people: People
) -> None:
    service.clock.stop()
    fail(anonymous, people.alice.email, times=5)

    response = sign_in(anonymous, people.alice.email)

    refused(response, 429, "RATE_LIMITED")
    assert (event(response).outcome, event(response).reason) == ("failed", "account_throttled")
    assert response.headers["ratelimit-policy"].startswith('"login";')
    service.clock.advance(seconds=1)
    data(sign_in(anonymous, people.alice.email))


def test_a_sign_in_gives_the_free_failures_back(service: Service, anonymous: httpx.Client, people: People) -> None:
    service.clock.stop()
    for failures in (0, 4, 4, 4):
        fail(anonymous, people.alice.email, times=failures)
        data(sign_in(anonymous, people.alice.email))


def test_who_locks_the_account_from_elsewhere_does_not_lock_its_owner_out(variant: Variant, people: People) -> None:
    home, stranger = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "198.51.100.1"}
    email = people.alice.email
    with variant(TRUSTED_PROXIES="127.0.0.1/32") as proxied, proxied.client() as client:
        proxied.clock.stop()
        data(client.post(PATH, json={"email": email, "password": PASSWORD}, headers=home))
        fail(client, email, times=5, **stranger)
        assert wait_of(client, email, **stranger) == 1

        fail(client, email, times=4, **home)
        data(client.post(PATH, json={"email": email, "password": PASSWORD}, headers=home))
        assert wait_of(client, email, **stranger) == 1
        proxied.clock.advance(days=30)
        fail(client, email, **home)
        assert wait_of(client, email, **stranger) == 2


def test_one_client_may_fail_so_often_in_a_window_whatever_the_accounts_and_successes(
    variant: Variant, people: People
) -> None:
    email = people.alice.email
    with variant(LIMIT_CLIENT_FAILURES="4", TRUSTED_PROXIES="127.0.0.1/32") as proxied, proxied.client() as client:
        proxied.clock.stop()
        fail(client, "nobody1@example.com", times=2)
        data(sign_in(client, email))
        proxied.clock.advance(seconds=100)
        fail(client, "nobody2@example.com", times=2)
        assert wait_of(client, email) == 200
        data(client.post(PATH, json={"email": email, "password": PASSWORD}, headers={"X-Forwarded-For": "192.0.2.1"}))
        proxied.clock.advance(seconds=200)
        data(sign_in(client, email))


def test_a_forwarded_address_that_no_trusted_proxy_wrote_counts_for_nothing(
    service: Service, anonymous: httpx.Client, people: People
) -> None:
    service.clock.stop()
    for number in range(5):
        fail(anonymous, people.alice.email, **{"X-Forwarded-For": f"192.0.2.{number}"})

    assert wait_of(anonymous, people.alice.email, **{"X-Forwarded-For": "192.0.2.99"}) == 1


def test_a_client_over_the_limit_is_not_even_looked_at(variant: Variant, people: People) -> None:
    with variant(LIMIT_LOGIN="1/60") as strict, strict.client() as client:
        refused(sign_in(client, people.alice.email, WRONG), 401, "INVALID_CREDENTIALS")
        response = sign_in(client, people.alice.email)

    check_limited(response, "login")
    assert eventless(response)
    assert sorted(run("SELECT failures FROM sign_in_attempts")) == [(1,), (1,)]


def test_without_the_database_it_says_so_and_recovers(
    anonymous: httpx.Client, people: People, database_away: Away
) -> None:
    email = people.alice.email
    with database_away():
        check_unavailable(sign_in(anonymous, email))

    data(sign_in(anonymous, email))
