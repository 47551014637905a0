"""Whether a response tells who has an account: ASVS 5.0 6.3.8.

Whole answers are compared, status, every header and body, but for what says when and which request it was.
"""

import re
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from app.database import run
from app.identifiers import new_id
from app.security.refresh_tokens import RefreshTokens
from tests.integration.operations.conftest import Variant
from tests.people import PASSWORD, People
from tests.service import Service
from tests.wire import data

WRONG = "not the password at all"
NEW = "velvet anchor 3 turnip"
LOGIN, REGISTER, REFRESH = "/v1/auth/login", "/v1/auth/register", "/v1/auth/refresh"
UNIQUE = re.compile(r'"(timestamp|request_id)":"[^"]*"')


def seen(response: httpx.Response) -> tuple[Any, ...]:
    """All that a client can see of a response, but for times, ids and what is left of a bucket."""
    headers = [(name, value) for name, value in response.headers.multi_items() if name not in {"date", "x-request-id"}]
    return (
        response.http_version,
        response.status_code,
        [(name, re.sub(r"[rt]=\d+", "", value) if name == "ratelimit" else value) for name, value in headers],
        UNIQUE.sub("", response.text),
        len(response.content),
    )


def check_alike(responses: Mapping[str, httpx.Response], status: int) -> None:
    """Assert that nobody can tell these answers apart."""
    assert {response.status_code for response in responses.values()} == {status}
    looks = {name: seen(response) for name, response in responses.items()}
    first = next(iter(looks.values()))
    assert {name: look for name, look in looks.items() if look != first} == {}, first


@pytest.fixture
def accounts(people: People) -> dict[str, str]:
    """Addresses by what is known of them: Bob is suspended, Gus not verified, Ada an admin, Mallory has signed in."""
    run("UPDATE users SET status = 'suspended' WHERE id = %s", (people.bob.id,))
    people.mallory.sign_in()
    names = {
        "unknown": "nobody",
        "active": "alice",
        "signed in": "mallory",
        "admin": people.ada.name,
        "guest": people.gus.name,
        "suspended": "bob",
    }
    assert people.alice
    return {kind: f"{name}@example.com" for kind, name in names.items()}


def test_a_refused_sign_in_tells_nothing(variant: Variant, accounts: dict[str, str]) -> None:
    """ASVS 6.3.8: not whether there is an account, what state it is in, or whether the password was right."""
    limits = {"LIMIT_ACCOUNT_FAILURES": "1000", "LIMIT_CLIENT_FAILURES": "1000"}
    with variant(SIGN_IN_UNVERIFIED="false", **limits) as strict, strict.client() as client:
        responses = {
            f"{kind} {form.__name__}, {password}": client.post(LOGIN, json={"email": form(email), "password": password})
            for kind, email in accounts.items()
            for password in (WRONG, "x", PASSWORD)
            for form in (str.lower, str.upper)
            if password != PASSWORD or kind in {"unknown", "guest", "suspended"}
        }

    check_alike(responses, 401)


def test_a_lock_tells_nothing(variant: Variant, accounts: dict[str, str]) -> None:
    """ASVS 6.3.1, 6.3.8: an address without an account is locked as one with, after as many tries and for as long."""
    with variant(LIMIT_CLIENT_FAILURES="1000") as service, service.client() as client:
        service.clock.stop()
        for _ in range(5):
            check_alike(guesses(client, accounts), 401)
        for wait in (1, 2, 4):
            check_alike(locked := guesses(client, accounts), 429)
            assert {response.headers["retry-after"] for response in locked.values()} == {str(wait)}
            service.clock.advance(seconds=wait)
            check_alike(guesses(client, accounts), 401)


def guesses(client: httpx.Client, accounts: Mapping[str, str]) -> dict[str, httpx.Response]:
    return {kind: client.post(LOGIN, json={"email": email, "password": WRONG}) for kind, email in accounts.items()}


def test_a_registration_tells_nothing_and_touches_nobody(
    anonymous: httpx.Client, people: People, accounts: dict[str, str]
) -> None:
    """ASVS 6.3.8: a known address, a new one and one in another spelling; own words are those that were sent."""
    run("UPDATE user_profiles SET display_name = 'Suspicious Alice' WHERE user_id = %s", (people.alice.id,))
    before = all_accounts()
    bodies: list[tuple[dict[str, str], int]] = [
        ({"password": "passwordpassword"}, 400),
        ({"password": "Suspicious Alice 1"}, 202),
        ({"password": PASSWORD}, 202),
        ({"password": PASSWORD, "display_name": "Somebody"}, 202),
    ]
    for body, status in bodies:
        responses = {
            f"{kind} {form.__name__}": anonymous.post(REGISTER, json={"email": form(email), **body})
            for kind, email in accounts.items()
            for form in (str.lower, str.upper)
        }
        check_alike(responses, status)

    after = all_accounts()
    assert after[:-1] == before
    assert after[-1][1] == accounts["unknown"]


def all_accounts() -> list[tuple[Any, ...]]:
    return run("SELECT u.*, p.* FROM users u JOIN user_profiles p ON p.user_id = u.id ORDER BY u.id")


def test_a_refused_refresh_tells_nothing(service: Service, anonymous: httpx.Client, people: People) -> None:
    """ASVS 6.3.8, 7.4.2: never issued, expired, reused, ended, suspended and deleted are one."""
    service.clock.stop()
    tokens = {name: getattr(people, name).sign_in()["refresh_token"] for name in ("alice", "bob", "mallory", "gus")}
    own = RefreshTokens(service.config.refresh_keys)
    data(anonymous.post(REFRESH, json={"refresh_token": tokens["alice"]}))
    service.clock.advance(seconds=16)
    run("UPDATE users SET status = 'suspended' WHERE id = %s", (people.bob.id,))
    run("DELETE FROM users WHERE id = %s", (people.mallory.id,))
    run("UPDATE sessions SET idle_expires_at = now() - interval '1 s' WHERE user_id = %s", (people.gus.id,))
    shown = {
        "reused": tokens["alice"],
        "ended": tokens["alice"],
        "suspended": tokens["bob"],
        "deleted": tokens["mallory"],
        "expired": tokens["gus"],
        "of no session": own.derive(new_id(), 1, "k1"),
        "garbled": "x",
        "of another key": RefreshTokens([("k9", "5f4dcc3b5aa765d61d8327deb882cf99b1946ac9")]).derive(new_id(), 1, "k9"),
    }

    check_alike({kind: anonymous.post(REFRESH, json={"refresh_token": token}) for kind, token in shown.items()}, 401)


def test_a_refused_change_of_password_tells_nothing(people: People) -> None:
    """ASVS 6.2.3, 6.3.8: not how near the guess was, and nothing about the accounts of others."""
    currents = {"far": WRONG, "near": f"{PASSWORD}.", "other case": PASSWORD.upper(), "short": "x", "hash": "$2b$04$"}
    bodies = {kind: {"current_password": current, "new_password": NEW} for kind, current in currents.items()}

    check_alike({kind: people.alice.api.put("/v1/users/me/password", json=body) for kind, body in bodies.items()}, 400)


def test_an_ended_session_does_not_say_why(service: Service, people: People) -> None:
    """ASVS 7.4.2: signed out, suspended, deleted, expired or never there: a token gets the same response."""
    names = ("alice", "bob", "mallory", "gus")
    tokens = {name: getattr(people, name).sign_in()["access_token"] for name in names}
    run("UPDATE sessions SET ended_at = now() WHERE user_id = %s", (people.alice.id,))
    run("UPDATE users SET status = 'suspended' WHERE id = %s", (people.bob.id,))
    run("DELETE FROM users WHERE id = %s", (people.mallory.id,))
    run("UPDATE sessions SET expires_at = now() - interval '1 s' WHERE user_id = %s", (people.gus.id,))
    responses = {}
    for name, token in tokens.items():
        with service.client(token) as client:
            responses[name] = client.get("/v1/users/me")

    check_alike(responses, 401)
