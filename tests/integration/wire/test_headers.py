"""What odd headers get: too many are a 431, two of one kind are no way around a check, and none is believed blindly."""

import pytest

from app.database import run
from app.gateway.default_headers import DEFAULT_HEADERS
from tests.people import People
from tests.raw import ask, bearer, say
from tests.service import Service, config_for, running
from tests.wire import data, refused

ME = "/v1/users/me"
JSON = ("Content-Type", "application/json")
LARGE = {
    "one of 100 kB": [("X-Large", "a" * 100_000)],
    "one of 1 MB": [("X-Large", "a" * 1_000_000)],
    "3000 small ones": [(f"X-{number}", "a") for number in range(3000)],
    "a long name": [("X-" + "a" * 20_000, "a")],
    "a long token": [bearer("a" * 50_000)],
    "a long cookie": [("Cookie", "a=" + "b" * 50_000)],
}


@pytest.mark.parametrize("headers", LARGE.values(), ids=LARGE)
def test_large_headers_are_a_431_and_the_end_of_the_connection(door: Service, headers: list[tuple[str, str]]) -> None:
    for target in (ME, "/v1/nothing", "/health", "/docs", "/nothing"):
        response = ask(door, "GET", target, headers)
        refused(response, 431, "HEADERS_TOO_LARGE")
        assert response.headers["connection"] == "close"


def test_headers_of_just_the_limit_are_read(door: Service) -> None:
    # Each line counts with its colon, space and line end; Host and Connection are the two that `ask` sends.
    room = door.config.header_limit - len("Host: charter.test\r\nConnection: close\r\nX-Large: \r\n")

    refused(ask(door, "GET", "/v1/nothing", [("X-Large", "a" * room)]), 404, "NOT_FOUND")
    refused(ask(door, "GET", "/v1/nothing", [("X-Large", "a" * (room + 1))]), 431, "HEADERS_TOO_LARGE")


@pytest.mark.parametrize("given", ["abc", "a" * 64, "019c13ec-9e00-7f3e-9d2c-1b0a9f8e7d6c", "A.b_c-1"])
def test_a_proper_request_id_is_kept(door: Service, given: str) -> None:
    response = ask(door, "GET", "/v1/nothing", [("X-Request-Id", given)])

    refused(response, 404, "NOT_FOUND")
    assert response.headers["x-request-id"] == given


@pytest.mark.parametrize("target", ["/v1/nothing", "/nothing"])
@pytest.mark.parametrize("given", ["", "a" * 65, "a b", "a,b", "<b>", "../../x", '"', "\xe9", "a;b"])
def test_any_other_request_id_is_replaced(door: Service, target: str, given: str) -> None:
    response = ask(door, "GET", target, [("X-Request-Id", given)])

    refused(response, 404, "NOT_FOUND")
    assert response.headers["x-request-id"] != given
    assert len(response.headers["x-request-id"]) == 36


def test_two_request_ids_are_none(door: Service) -> None:
    response = ask(door, "GET", "/v1/nothing", [("X-Request-Id", "one"), ("X-Request-Id", "two")])

    refused(response, 404, "NOT_FOUND")
    assert len(response.headers.get_list("x-request-id")) == 1
    assert len(response.headers["x-request-id"]) == 36


def test_two_tokens_are_none_whichever_is_good(people: People, service: Service) -> None:
    good, bad = bearer(people.alice.sign_in()["access_token"]), bearer("a.b.c")

    for pair in ([good, bad], [bad, good], [good, good]):
        refused(ask(service, "GET", ME, pair), 401, "UNAUTHENTICATED")


def test_two_media_types_are_none(door: Service) -> None:
    for pair in ([JSON, JSON], [JSON, ("content-type", "text/plain")]):
        refused(ask(door, "POST", "/v1/auth/login", pair, b"{}"), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_if_match_on_two_lines_is_one_list(people: People, service: Service) -> None:
    token = bearer(people.alice.sign_in()["access_token"])
    tags = [("If-Match", '"998"'), ("If-Match", '"1"')]

    response = ask(service, "PATCH", ME, [token, JSON, *tags], b'{"bio": "here"}')

    assert data(response)["profile"]["bio"] == "here"
    refused(ask(service, "PATCH", ME, [token, JSON, *tags], b'{"bio": "x"}'), 412, "PRECONDITION_FAILED")


def test_an_if_match_that_is_no_list_of_tags_is_a_400(people: People, service: Service) -> None:
    token = bearer(people.alice.sign_in()["access_token"])

    for value in ("", "garbage", '"1', '1"', '"1" "2"', "W/1", '"1";"2"', '"' + "1" * 2000 + '"'):
        response = ask(service, "PATCH", ME, [token, JSON, ("If-Match", value)], b'{"bio": "here"}')
        refused(response, 400, "VALIDATION_ERROR", "If-Match")

    assert data(people.alice.api.get(ME))["profile"]["bio"] is None


def test_accept_is_ignored(people: People, service: Service) -> None:
    token = bearer(people.alice.sign_in()["access_token"])

    for value in ("text/html", "application/xml", "*/*;q=0", "application/json;q=0", "nonsense", "", "\xff"):
        headers = [token, ("Accept", value), ("Accept-Encoding", value), ("Accept-Language", value)]
        assert data(ask(service, "GET", ME, headers))["email"] == people.alice.email


def test_no_header_changes_the_method_or_the_path(people: People, service: Service) -> None:
    token = bearer(people.alice.sign_in()["access_token"])

    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert data(ask(service, "GET", ME, [token, (name, "DELETE")]))["status"] == "active"
    for name in ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-Script-Name"):
        refused(ask(service, "GET", "/v1/nothing", [token, (name, ME)]), 404, "NOT_FOUND")


def test_a_spoofed_address_is_not_believed(people: People, service: Service) -> None:
    token = bearer(people.alice.sign_in()["access_token"])
    spoofs = [("X-Forwarded-For", "203.0.113.9"), ("X-Real-IP", "203.0.113.9"), ("Forwarded", "for=203.0.113.9")]

    data(ask(service, "GET", ME, [token, *spoofs]))

    assert run("SELECT DISTINCT address FROM audit_clients") == [("127.0.0.1",)]


def test_the_address_that_a_trusted_proxy_writes_is_believed(gateway: str, database_url: str) -> None:
    config = config_for(DATABASE_URL=database_url, CHARTER_GATEWAY=gateway, TRUSTED_PROXIES="127.0.0.0/8")
    body = b'{"email": "nobody@example.com", "password": "x"}'

    with running(config) as service:
        spoof = [JSON, ("X-Forwarded-For", "198.51.100.1, 203.0.113.9")]
        refused(ask(service, "POST", "/v1/auth/login", spoof, body), 401, "INVALID_CREDENTIALS")
        assert run("SELECT DISTINCT address FROM audit_clients") == [("203.0.113.9",)]


@pytest.mark.parametrize("agent", ["a" * 9000, "\xff\x85 \xad", "curl/8 ; DROP TABLE users; --", "%00%0a"])
def test_any_user_agent_is_kept_harmless_and_short(people: People, service: Service, agent: str) -> None:
    token = bearer(people.alice.sign_in()["access_token"])

    data(ask(service, "GET", ME, [token, ("User-Agent", agent)]))

    kept = [row[0] for row in run("SELECT user_agent FROM audit_clients")]
    assert all(text is None or (len(text) <= 256 and text.isprintable()) for text in kept)
    assert len(kept) == 2


@pytest.mark.parametrize("line", [b"X-Folded: a\r\n b", b"X-Space : a", b"X-Nul: a\x00b", b": no name", b"no colon"])
def test_a_line_that_is_no_header_is_refused_by_the_server(door: Service, line: bytes) -> None:
    request = b"GET /v1/users/me HTTP/1.1\r\nHost: charter.test\r\nConnection: close\r\n" + line + b"\r\n\r\n"

    assert say(door, request).status_code == 400


def test_every_answer_has_the_security_headers_once(people: People, service: Service) -> None:
    token = bearer(people.ada.sign_in()["access_token"])
    tag = ("If-None-Match", '"1"')
    requests: tuple[tuple[str, str, list[tuple[str, str]], int], ...] = (
        ("GET", ME, [token], 200),
        ("GET", ME, [token, tag], 304),
        ("HEAD", ME, [token], 200),
        ("OPTIONS", ME, [], 204),
        ("GET", ME, [], 401),
        ("DELETE", ME, [token], 405),
        ("GET", "/v1/nothing", [], 404),
        ("GET", ME + "?x=1", [token], 400),
        ("POST", "/v1/auth/logout", [("Content-Type", "text/plain")], 415),
        ("GET", "/health", [], 200),
        ("GET", "/openapi.json", [], 200),
        ("GET", "/nothing", [], 404),
        ("POST", "/docs", [], 405),
    )

    for method, target, headers, status in requests:
        response = ask(service, method, target, headers)
        assert response.status_code == status, (method, target, response.text)
        for name, value in DEFAULT_HEADERS:
            kept = (target, name) == ("/openapi.json", b"cache-control")
            expected = "public, max-age=300" if kept else value.decode()
            assert response.headers.get_list(name.decode()) == [expected], (method, target, name)
        assert len(response.headers.get_list("x-request-id")) == 1
        assert "server" not in response.headers
        assert "set-cookie" not in response.headers
