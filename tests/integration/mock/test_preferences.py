"""A request says in Prefer which documented response it wants, and how late."""

import time
from typing import Any

import httpx
import pytest

from app.mock.preferences import Preferences, read
from tests.document import DOCUMENT
from tests.integration.mock.mocked import MockPeople, MockService
from tests.people import PASSWORD
from tests.wire import data, refused

EXAMPLE_ID = "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"
VALUES = {"user_id": EXAMPLE_ID, "session_id": EXAMPLE_ID, "role_name": "librarian", "key": "service.notice"}


@pytest.fixture
def admin(mock: MockService) -> Any:
    with mock.client(mock.sign_in("admin@example.com")["access_token"]) as client:
        yield client


def prefer(*preferences: str) -> dict[str, str]:
    return {"Prefer": ", ".join(preferences)}


def test_a_status_is_what_the_document_describes_for_it(admin: Any) -> None:
    limited = admin.get("/v1/users", headers=prefer("code=429"))
    refused(limited, 429, "RATE_LIMITED")
    assert limited.headers["retry-after"] == "6"
    assert limited.headers["ratelimit"] == '"read";r=0;t=6'
    assert limited.headers["preference-applied"] == "code=429"
    unavailable = admin.get("/v1/users", headers=prefer("code=503"))
    refused(unavailable, 503, "UNAVAILABLE")
    assert "retry-after" in unavailable.headers
    late = admin.get("/v1/users", headers=prefer("delay=0.01", "code=403"))
    assert (late.status_code, late.headers["preference-applied"]) == (403, "code=403, delay=0.01")
    refused(admin.get("/v1/users", headers=prefer("code=500")), 500, "INTERNAL_ERROR")
    challenge = admin.get("/v1/users", headers=prefer("code=401")).headers["www-authenticate"]
    assert challenge.startswith("Bearer")
    unchanged = admin.get(f"/v1/users/{EXAMPLE_ID}", headers=prefer("code=304"))
    assert (unchanged.status_code, unchanged.headers["etag"], unchanged.content) == (304, '"7"', b"")


def test_an_example_is_chosen_by_its_name(admin: Any) -> None:
    refused(admin.get("/v1/users", headers=prefer("code=401", "example=session_ended")), 401, "SESSION_ENDED")
    body = {"email": "new@example.com", "password": PASSWORD}
    taken = admin.post("/v1/users", json=body, headers=prefer("example=idempotency_in_progress"))
    refused(taken, 409, "IDEMPOTENCY_IN_PROGRESS")
    verified = admin.post("/v1/users", json=body, headers=prefer("example=verified"))
    assert data(verified, 201)["email"] == "ada@example.com"
    assert verified.headers["location"].startswith("/v1/users/")
    assert data(admin.get("/v1/users?q=new@")) == []
    page = admin.get("/v1/users?limit=1", headers=prefer("example=user_page"))
    assert page.json()["meta"]["pagination"]["next"] == "/v1/users?sort=-created_at&offset=1&limit=1"
    unwell = admin.get("/health", headers=prefer("code=503", "example=about_to_stop"))
    assert (unwell.status_code, unwell.json()["status"]) == (503, "error")


def test_a_response_can_be_made_from_the_schema(admin: Any) -> None:
    first = data(admin.get(f"/v1/users/{EXAMPLE_ID}", headers=prefer("example=generated")))
    assert first == data(admin.get(f"/v1/users/{EXAMPLE_ID}", headers=prefer("example=generated")))
    assert first["id"] != EXAMPLE_ID


def test_what_the_operation_does_not_document_is_named(admin: Any) -> None:
    [error] = refused(admin.get("/v1/users", headers=prefer("code=418")), 404, "NOT_FOUND", "Prefer")
    assert error["message"].startswith("list_users documents no status 418. It documents 200, 400, 401, 403, ")
    [error] = refused(admin.get("/v1/users", headers=prefer("example=nothing")), 404, "NOT_FOUND", "Prefer")
    assert error["message"].startswith("list_users has no example with this name. It has user_page, ")
    [error] = refused(admin.get("/v1/users", headers=prefer("code=200", "example=x")), 404, "NOT_FOUND", "Prefer")
    assert error["message"] == "list_users has no example of the status 200 with this name. It has user_page."
    for wrong in ("code=soon", "delay=x", "delay=-1", "delay=11"):
        refused(admin.get("/v1/users", headers=prefer(wrong)), 400, "VALIDATION_ERROR", "Prefer")


def test_other_preferences_are_ignored(admin: Any) -> None:
    response = admin.get("/v1/users", headers=prefer("return=minimal", 'wait="3"; x=y', "respond-async"))
    assert response.status_code == 200
    assert "preference-applied" not in response.headers


def test_a_delay_comes_before_the_response(admin: Any) -> None:
    started = time.monotonic()
    delayed = admin.get("/.well-known/jwks.json", headers=prefer("delay=0.2"))
    assert time.monotonic() - started >= 0.2
    assert (delayed.status_code, delayed.headers["preference-applied"]) == (200, "delay=0.2")
    wrong = {"email": "user@example.com", "password": "not the right password"}
    refused(admin.post("/v1/auth/login", json=wrong, headers=prefer("delay=0.01")), 401, "INVALID_CREDENTIALS")


def test_what_the_server_would_refuse_is_refused_first(mock: MockService, mock_people: MockPeople) -> None:
    refused(mock_people.alice.api.get("/v1/users", headers=prefer("code=429")), 403, "FORBIDDEN")
    refused(mock_people.ada.api.post("/v1/users", json={}, headers=prefer("code=201")), 400, "VALIDATION_ERROR")
    with mock.client() as client:
        refused(client.get("/v1/users", headers=prefer("code=200")), 401, "UNAUTHENTICATED")


def test_pages_of_other_origins_may_send_the_header(mock: MockService) -> None:
    assert "prefer" in mock.config.cors_request_headers
    assert "preference-applied" in mock.config.cors_exposed_headers


def test_a_response_of_every_operation_can_be_made(mock: MockService, admin: Any) -> None:
    # Without the hook that takes what is in the place of tokens for secrets: here it is a word.
    with httpx.Client(base_url=mock.url, headers=dict(admin.headers), verify=False) as client:
        for path, item in DOCUMENT.bundle["paths"].items():
            for method, operation in item.items():
                if "operationId" in operation:
                    sent, headers = _body(operation), {**prefer("example=generated"), "If-Match": "*"}
                    made = client.request(method, path.format_map(VALUES), json=sent, headers=headers)
                    assert made.is_success, made.text


@pytest.mark.parametrize("path", sorted(DOCUMENT.bundle["paths"]))
def test_every_documented_response_can_be_had(admin: Any, path: str) -> None:
    """Each is sent as the document describes it, by the same checks as every response."""
    for method, operation in DOCUMENT.bundle["paths"][path].items():
        for status in filter(str.isdigit, operation.get("responses", ())):
            headers = {**prefer(f"code={status}"), "If-Match": "*"}
            response = admin.request(method, path.format_map(VALUES), json=_body(operation), headers=headers)
            assert response.status_code == int(status), response.text
            if status not in ("204", "304") and path.startswith("/v1/"):
                assert set(response.json()) == {"data", "meta", "errors"}


def _body(operation: dict[str, Any]) -> Any:
    """Return the first example of an operation's body."""
    if "requestBody" not in operation:
        return None
    return next(iter(operation["requestBody"]["content"]["application/json"]["examples"].values()))["value"]


def test_a_long_header_is_read_in_one_go() -> None:
    # A pattern that tries each way to share the spaces out would take minutes.
    assert read("," * 200_000 + "code=429") == Preferences(code=429)
    assert read('a="' + '\\",' * 100_000 + '", code=429') == Preferences(code=429)
    assert read('a="b"' * 100_000 + ", code=429") == Preferences(code=429)
    assert read("a" + " " * 200_000 + "b, code=429") == Preferences(code=429)
    assert read('example="a;b" ; x=1, delay = 2') == Preferences(example="a;b", delay=2.0)
