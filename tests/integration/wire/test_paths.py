"""Law 2: what normalises into /v1, /health* or /.well-known is answered there, if only with a 404; never handed on."""

import socket
from urllib.parse import urlsplit

import pytest

from app.database import run
from tests.people import People
from tests.raw import ask, bearer, say
from tests.service import Service
from tests.wire import Decision, data, decisions, refused

# What some server, proxy or framework would take for a path of ours.
LOOKALIKES = (
    "//v1/users/me", "///v1/users/me", "/v1//users/me", "/v1/users//me", "/v1/users/me/", "/v1/users/me//",
    "/V1/users/me", "/v1/Users/me", "/./v1/users/me", "/v1/./users/me", "/v1/../v1/users/me", "/docs/../v1/users/me",
    "/docs/..%2fv1/users/me", "/docs/%2e%2e/v1/users/me", "/%2e%2e/v1/users/me", "/v1/%2e%2e/v1/users/me",
    "/v1%2fusers%2fme", "/%2fv1/users/me", "/%2576%2531/users/me", "/%252576%252531/users/me", "/v1\\users\\me",
    "/docs\\..\\v1\\users\\me", "/%5cv1%5cusers%5cme", "/v1%09/users/me", "/v1%00/users/me", "/v1;x=y/users/me",
    "/;/v1/users/me", "/docs;x/..;y/v1/users/me", "/v1", "/v1/", "/v1.1/users", "/v1/nothing",
    "/v1/users/me/password/", "/health/", "//health", "/Health", "/healthz", "/health%2flive", "/health/live/",
    "/.well-known", "/.well-known/", "/.well-known/openid-configuration", "/.Well-Known/jwks.json",
    "//.well-known//jwks.json",
)  # fmt: skip
# How an attacker would spell the path of an account; {id} is theirs.
SPELLINGS = (
    "/v1/users/{id}", "//v1/users/{id}", "/v1//users//{id}", "/v1/users/{id}/", "/V1/USERS/{id}", "/v1/users/{id};x",
    "/v1/users/{id}%00", "/v1/users/{id}%20", "/v1/users/{id}%2f", "/v1/users/{id}%23", "/v1/users/{id}?",
    "/v1/users/{id}%3f", "/v1/users/./{id}", "/v1/users/me/../{id}", "/v1/users/%2e/{id}", "/%76%31/users/{id}",
    "/v1/%75sers/{id}", "/docs/../v1/users/{id}", "/docs/%2e%2e/v1/users/{id}", "/docs%2f..%2fv1%2fusers%2f{id}",
    "/x/..;/v1/users/{id}", "\\v1\\users\\{id}", "/v1\\users\\{id}", "http://charter.test/v1/users/{id}",
    "https://elsewhere.example//v1/users/{id}", "/v1/users/{id}#", "*",
)  # fmt: skip
NO_IDS = (
    "ME", "1", "null", "undefined", "{user_id}", "%ff", "%C0%AF", "%00", "%0a", "..%2f..", "me%2fpassword",
    "'%20OR%201=1--", "019c13ec9e007a1b8c2d3e4f5a6b7c8d", "%7B019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d%7D",
    "urn:uuid:019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d", "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d%0a",
    "%EF%BC%9019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8", "x" * 4000,
)  # fmt: skip


@pytest.mark.parametrize("target", LOOKALIKES)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_path_that_only_looks_like_ours_is_a_404_in_the_envelope(door: Service, method: str, target: str) -> None:
    response = ask(door, method, target)

    refused(response, 404, "NOT_FOUND")
    assert "location" not in response.headers


def test_no_spelling_of_a_path_gets_past_the_token(people: People, service: Service) -> None:
    for spelling in SPELLINGS:
        for method in ("GET", "HEAD", "DELETE"):
            response = ask(service, method, spelling.format(id=people.alice.id))
            assert response.status_code in (400, 401, 404), (method, spelling, response.text)
            assert people.alice.email not in response.text

    assert run("SELECT status FROM users WHERE id = %s", (people.alice.id,)) == [("active",)]


def test_escapes_of_plain_characters_are_the_same_path(people: People, service: Service) -> None:
    token = bearer(people.alice.sign_in()["access_token"])

    for target in ("/v1/users/me", "/%76%31/users/me", "/v1/users/m%65", "http://charter.test/v1/users/me"):
        assert data(ask(service, "GET", target, [token]))["email"] == people.alice.email


def test_an_id_in_capital_letters_is_the_same_id(people: People, service: Service) -> None:
    response = people.alice.api.get(f"/v1/users/{str(people.alice.id).upper()}")

    assert data(response)["id"] == str(people.alice.id)
    assert decisions(response.headers["x-request-id"]) == [Decision(outcome="allowed")]


def test_an_id_that_is_none_is_a_400_with_its_field(people: People, service: Service) -> None:
    token = bearer(people.ada.sign_in()["access_token"])

    for id_ in NO_IDS:
        for method, tail in (("GET", ""), ("DELETE", ""), ("GET", "/profile"), ("POST", "/suspend")):
            refused(ask(service, method, f"/v1/users/{id_}{tail}", [token]), 400, "VALIDATION_ERROR", "user_id")


@pytest.mark.parametrize(
    "target", ["/v1/users/" + "a" * 8200, "/v1/users/me?" + "a" * 8200, "/docs?" + "a" * 8200, "/" + "a" * 200_000]
)
def test_a_long_target_is_a_414(door: Service, target: str) -> None:
    refused(ask(door, "GET", target), 414, "URI_TOO_LONG")


def test_a_target_of_just_the_limit_is_read(door: Service) -> None:
    room = door.config.uri_limit - len("/v1/nothing?")

    refused(ask(door, "GET", "/v1/nothing?" + "a" * room), 404, "NOT_FOUND")
    refused(ask(door, "GET", "/v1/nothing?" + "a" * (room + 1)), 414, "URI_TOO_LONG")


@pytest.mark.parametrize(
    "request_line",
    [b"GET v1/users/me HTTP/1.1", b"GET /v1/\xff HTTP/1.1", b"GET / v1 HTTP/1.1", b"G\xc9T /v1 HTTP/1.1"],
)
def test_what_is_not_quite_http_is_a_400(door: Service, request_line: bytes) -> None:
    assert say(door, request_line + b"\r\nHost: charter.test\r\n\r\n").status_code == 400


@pytest.mark.parametrize("line", [b"GET /v1/\xff HTTP/1.1", b"GET /v1/users HTTP/1.1\r\nX-Space : a"])
def test_a_request_that_the_parser_gives_up_is_a_400_in_the_envelope(door: Service, line: bytes) -> None:
    response = say(door, line + b"\r\nHost: charter.test\r\n\r\n")

    refused(response, 400, "VALIDATION_ERROR")
    assert response.headers["connection"] == "close"
    assert response.headers["cache-control"] == "no-store"


def test_what_has_no_request_line_is_no_http_at_all(door: Service) -> None:
    response = say(door, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on\r\n\r\n")

    assert (response.status_code, response.headers["content-type"]) == (400, "text/plain; charset=utf-8")


@pytest.mark.parametrize("method", ["FOO", "get", "BREW", "M-SEARCH", "DESCRIBE", "X" * 32, "CONNECT"])
def test_a_method_nobody_knows_is_refused_like_any_other(door: Service, method: str) -> None:
    response = ask(door, method, "/v1/users/me")

    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, PATCH"
    refused(ask(door, method, "/v1/nothing"), 404, "NOT_FOUND")
    if method != "CONNECT":
        refused(ask(door, method, "/docs", [], b"abc"), 405, "METHOD_NOT_ALLOWED")
    refused(ask(door, method, "/v1/users/me", [("Content-Length", "9" * 30)]), 400, "VALIDATION_ERROR")


def test_garbage_behind_a_request_is_not_taken_for_its_answer(door: Service) -> None:
    response = say(door, b"GET /health/live HTTP/1.1\r\nHost: charter.test\r\n\r\nFOO /v1 HTTP/1.1\r\n\r\n")

    assert (response.status_code, response.headers["connection"]) == (200, "close")
    assert b"HTTP/1.1" not in response.content


def test_an_unknown_method_on_a_used_connection_is_a_405_too(door: Service) -> None:
    address = urlsplit(door.url)
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=10) as connection:
        connection.sendall(b"GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while b'"errors":' not in received:
            received += connection.recv(65_536)
        connection.sendall(b"FOO /v1/users/me HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 405 ")
        assert received.startswith(b"HTTP/1.1 404 ")
