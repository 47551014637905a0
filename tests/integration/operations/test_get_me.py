"""get_me: the account one is signed in with."""

import base64
import json
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest

from app.database import run
from app.identifiers import new_id
from app.security.access_tokens import AccessTokens
from tests.integration.operations.bounds import check_limited, check_unavailable
from tests.integration.operations.conftest import Away, Variant
from tests.people import People, make_role
from tests.rows import decision, eventless
from tests.service import SECRET, Service
from tests.wire import Decision, data, decisions, refused

PATH = "/v1/users/me"
OTHER_SECRET = "0e4b7c6a1d9f8e3b5a2c4d6f8091a2b3c4d5e6f7"


def test_it_shows_the_account_with_its_profile(people: People) -> None:
    response = people.alice.api.get(PATH)

    found = data(response)
    assert set(found) == {"id", "email", "role", "status", "email_verified", "created_at", "updated_at", "profile"}
    assert found["id"] == str(people.alice.id)
    assert found["email"] == "alice@example.com"
    assert (found["role"], found["status"], found["email_verified"]) == ("user", "active", True)
    assert found["profile"] == {
        "display_name": "Alice",
        "locale": None,
        "time_zone": None,
        "avatar_url": None,
        "bio": None,
    }
    assert response.headers["etag"] == '"1"'
    assert response.headers["ratelimit-policy"].startswith('"read";')


def test_it_leaves_a_decision_and_no_event(people: People) -> None:
    response = people.alice.api.get(PATH)

    row = decision(response)
    row.check(by=people.alice, action="get_me", permission="account:read", outcome="allowed")
    assert row.target is None
    assert eventless(response)


def test_every_role_may(people: People) -> None:
    make_role("clerk")
    for person in (people.gus, people.ada, people.make("cleo", "clerk")):
        assert data(person.api.get(PATH))["role"] == person.role


@pytest.mark.parametrize("tags", ['"1"', 'W/"1"', '"7", "1"', "*"])
def test_an_unchanged_account_is_a_304_without_a_body(people: People, tags: str) -> None:
    response = people.alice.api.get(PATH, headers={"If-None-Match": tags})

    assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", '"1"')
    assert decision(response).outcome == "allowed"


def test_a_changed_account_is_sent_whole_with_its_new_tag(people: People) -> None:
    tag = people.alice.api.get(PATH).headers["etag"]
    data(people.alice.api.patch(PATH, json={"bio": "Owns what is looked at."}))

    response = people.alice.api.get(PATH, headers={"If-None-Match": tag})

    assert data(response)["profile"]["bio"] == "Owns what is looked at."
    assert response.headers["etag"] != tag


def test_an_account_is_changed_when_its_role_is_called_otherwise(people: People) -> None:
    make_role("clerk")
    clara = people.make("clara", "clerk")
    tag = {"If-None-Match": clara.api.get(PATH).headers["etag"]}
    assert clara.api.get(PATH, headers=tag).status_code == 304
    data(people.ada.api.patch("/v1/roles/clerk", json={"permissions": ["users:list"]}))
    assert clara.api.get(PATH, headers=tag).status_code == 304

    data(people.ada.api.patch("/v1/roles/clerk", json={"name": "registrar"}))

    assert data(clara.api.get(PATH, headers=tag))["role"] == "registrar"
    assert data(people.ada.api.get(f"/v1/users/{clara.id}", headers=tag))["role"] == "registrar"


def test_head_is_get_without_the_body(people: People) -> None:
    response = people.alice.api.head(PATH)

    assert (response.status_code, response.content, response.headers["etag"]) == (200, b"", '"1"')
    assert response.headers["content-length"] == people.alice.api.get(PATH).headers["content-length"]
    assert decisions(response.headers["x-request-id"]) == [Decision(outcome="allowed")]


def test_options_says_what_is_allowed_and_asks_for_no_token(anonymous: httpx.Client) -> None:
    response = anonymous.options(PATH)

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, PATCH"


@pytest.mark.parametrize("method", ["DELETE", "PUT", "POST"])
def test_other_methods_are_refused_with_what_is_allowed(people: People, method: str) -> None:
    response = people.alice.api.request(method, PATH)

    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, PATCH"
    assert decisions(response.headers["x-request-id"]) == []


@pytest.mark.parametrize("given", ["a", "Trace_1.2-3", "x" * 64])
def test_a_request_id_is_kept(people: People, given: str) -> None:
    response = people.alice.api.get(PATH, headers={"X-Request-Id": given})

    assert response.headers["x-request-id"] == response.json()["meta"]["request_id"] == given
    assert decisions(given) == [Decision(outcome="allowed")]


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a/b", "é".encode(), "a,b"])
def test_a_request_id_of_another_form_is_replaced(people: People, given: str | bytes) -> None:
    response = people.alice.api.get(PATH, headers={"X-Request-Id": given})

    assert data(response)
    assert len(response.headers["x-request-id"]) == 36


def test_every_answer_has_the_headers_of_security(people: People, anonymous: httpx.Client) -> None:
    for response in (people.alice.api.get(PATH), anonymous.get(PATH)):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"
        assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Basic YWRhOnB3", "Bearer a b", "bearer:x.y.z"])
def test_a_garbled_header_is_no_token(anonymous: httpx.Client, header: str) -> None:
    response = anonymous.get(PATH, headers={"Authorization": header})

    refused(response, 401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == 'Bearer realm="charter"'


def forged(token: str, secret: str = SECRET, head: dict[str, Any] | None = None, **claims: Any) -> str:
    """Return a token like another one, with claims and head changed, signed with a secret."""
    said = jwt.decode(token, options={"verify_signature": False}) | claims
    return jwt.encode(said, secret, "HS256", headers=jwt.get_unverified_header(token) | (head or {}))


def without_signature(token: str) -> str:
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "at+jwt"}).encode()).rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


def test_a_token_that_is_not_ours_is_refused_and_leaves_no_decision(people: People, anonymous: httpx.Client) -> None:
    token = people.alice.sign_in()["access_token"]
    assert data(anonymous.get(PATH, headers={"Authorization": f"bearer {forged(token)}"}))
    bad = {
        "alg none": without_signature(token),
        "cut": token[:-1],
        "foreign key": forged(token, OTHER_SECRET),
        "another kid": forged(token, head={"kid": "nobody"}),
        "another type": forged(token, head={"typ": "JWT"}),
        "another issuer": forged(token, iss="somebody"),
        "another audience": forged(token, aud="somebody"),
        "no session": forged(token, sid=None),
        "made to live forever": forged(token, exp=32_503_680_000),
        "not yet": forged(token, nbf=32_503_680_000),
    }
    for name, text in bad.items():
        response = anonymous.get(PATH, headers={"Authorization": f"Bearer {text}"})
        assert (name, response.status_code) == (name, 401)
        refused(response, 401, "INVALID_TOKEN")
        assert response.headers["www-authenticate"] == 'Bearer realm="charter", error="invalid_token"'
        assert decisions(response.headers["x-request-id"]) == []


def test_an_access_token_lives_a_quarter_of_an_hour(service: Service, people: People) -> None:
    service.clock.stop()
    client = people.alice.api
    service.clock.advance(seconds=899)
    data(client.get(PATH))

    service.clock.advance(seconds=1)

    refused(client.get(PATH), 401, "INVALID_TOKEN")


def test_the_previous_secret_is_read_while_it_is_named_and_no_longer(variant: Variant, people: People) -> None:
    token = people.alice.sign_in()["access_token"]
    with variant(JWT_SECRET=OTHER_SECRET, JWT_SECRET_PREVIOUS=SECRET) as rolled, rolled.client(token) as client:
        data(client.get(PATH))
        fresh = client.post("/v1/auth/refresh", json={"refresh_token": people.alice.tokens["refresh_token"]})  # type: ignore[index]
    with variant(JWT_SECRET=OTHER_SECRET) as done, done.client(token) as client:
        refused(client.get(PATH), 401, "INVALID_TOKEN")
        data(client.get(PATH, headers={"Authorization": f"Bearer {data(fresh)['access_token']}"}))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE sessions SET ended_at = now()", "session_ended"),
        ("UPDATE sessions SET idle_expires_at = now()", "session_ended"),
        ("UPDATE sessions SET expires_at = now()", "session_ended"),
        ("UPDATE users SET status = 'suspended'", "account_suspended"),
        ("DELETE FROM users", "session_unknown"),
    ],
)
def test_what_ends_a_session_counts_from_the_next_request_on(people: People, change: str, reason: str) -> None:
    data(people.alice.api.get(PATH))
    run(change)

    response = people.alice.api.get(PATH)

    refused(response, 401, "SESSION_ENDED")
    assert response.headers["www-authenticate"] == 'Bearer realm="charter", error="invalid_token"'
    row = decision(response)
    assert (row.actor, row.outcome, row.reason) == (people.alice.id, "denied", reason)
    assert eventless(response)


def test_a_session_that_is_somebody_elses_is_none(people: People, service: Service) -> None:
    people.alice.sign_in()
    [(session_id,)] = run("SELECT id FROM sessions")
    tokens = AccessTokens(SECRET, None, "charter", "charter", 900, service.clock)
    for user_id, session in ((people.bob.id, session_id), (people.alice.id, new_id()), (uuid4(), session_id)):
        with service.client(tokens.issue(user_id, session)) as client:
            response = client.get(PATH)
        refused(response, 401, "SESSION_ENDED")
        assert decisions(response.headers["x-request-id"]) == [Decision(outcome="denied", reason="session_unknown")]


def test_a_new_role_shows_on_the_next_request(people: People) -> None:
    data(people.ada.api.get("/v1/users"))
    assert data(people.alice.api.get(PATH))["role"] == "user"
    data(people.ada.api.put(f"/v1/users/{people.alice.id}/role", json={"role": "admin"}))

    assert data(people.alice.api.get(PATH))["role"] == "admin"
    data(people.alice.api.get("/v1/users"))


def test_an_unknown_parameter_is_refused_before_anything_is_decided(people: People) -> None:
    response = people.alice.api.get(f"{PATH}?expand=profile&x=1")

    refused(response, 400, "VALIDATION_ERROR", "expand", "x")
    assert decisions(response.headers["x-request-id"]) == []


@pytest.mark.parametrize("cache", ["here", "away"])
def test_a_caller_over_the_limit_waits_also_while_the_cache_is_away(
    variant: Variant, people: People, cache: str
) -> None:
    token = people.alice.sign_in()["access_token"]
    away = {"REDIS_URL": "redis://127.0.0.1:1/0"} if cache == "away" else {}
    with variant(LIMIT_READ="1/60", **away) as strict, strict.client(token) as client:
        assert data(client.get(PATH))["id"] == str(people.alice.id)
        check_limited(client.get(PATH), "read")


def test_without_the_database_it_says_so_and_recovers(people: People, database_away: Away) -> None:
    client = people.alice.api
    with database_away():
        check_unavailable(client.get(PATH))

    data(client.get(PATH))


def test_an_account_that_does_not_fit_the_document_is_never_sent(people: People) -> None:
    client = people.alice.api
    run("UPDATE user_profiles SET locale = 'no locale at all'")

    response = client.get(PATH)

    refused(response, 500, "INTERNAL_ERROR")
    assert "no locale at all" not in response.text
    assert decision(response).outcome == "allowed"
