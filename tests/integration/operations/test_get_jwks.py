"""get_jwks: the keys that verify access tokens; a shared secret is not among them."""

import httpx

from tests.integration.operations.conftest import Away
from tests.people import People
from tests.rows import audit_rows
from tests.service import SECRET
from tests.wire import refused

PATH = "/.well-known/jwks.json"


def test_it_publishes_no_secret_and_so_nothing(anonymous: httpx.Client) -> None:
    response = anonymous.get(PATH)

    assert (response.status_code, response.json()) == (200, {"keys": []})
    assert response.headers["content-type"] == "application/json"
    assert SECRET not in response.text
    assert audit_rows(response, "decision") == audit_rows(response, "event") == []


def test_it_needs_neither_token_nor_database(people: People, database_away: Away) -> None:
    client = people.alice.api
    with database_away():
        assert client.get(PATH).json() == {"keys": []}


def test_it_is_not_limited(anonymous: httpx.Client) -> None:
    assert "ratelimit" not in anonymous.get(PATH).headers


def test_head_is_get_without_the_body(anonymous: httpx.Client) -> None:
    response = anonymous.head(PATH)

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-length"] == str(len('{"keys":[]}'))


def test_an_unknown_parameter_is_refused(anonymous: httpx.Client) -> None:
    refused(anonymous.get(f"{PATH}?kid=1"), 400, "VALIDATION_ERROR", "kid")


def test_other_methods_are_refused_with_what_is_allowed(anonymous: httpx.Client) -> None:
    response = anonymous.post(PATH)

    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"
