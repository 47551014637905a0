"""What bad bodies get: a clear 4xx in the envelope, every violation with its field, and nothing changed."""

import socket
from urllib.parse import urlsplit

import pytest

from app.database import run
from tests.people import PASSWORD, People
from tests.raw import ask, bearer, say
from tests.service import Service, config_for, running
from tests.wire import data, refused

LOGIN = "/v1/auth/login"
JSON = ("Content-Type", "application/json")

MALFORMED = {
    "nothing": b"",
    "spaces": b" \n\t ",
    "half": b'{"email": ',
    "not utf-8": b'{"email": "\xff"}',
    "utf-16": '{"email": "a"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "utf-16 without a mark": '{"email": "a"}'.encode("utf-16-le"),
    "utf-32": '{"email": "a"}'.encode("utf-32-be"),
    "latin-1": '{"email": "\xe9"}'.encode("latin-1"),
    "surrogate in utf-8": b'{"email": "\xed\xa0\x80"}',
    "lone surrogate": b'{"email": "\\ud800"}',
    "lone surrogate in a name": b'{"\\udfff": 1}',
    "escaped NUL": b'{"email": "a\\u0000b"}',
    "raw NUL": b'{"email": "a\x00b"}',
    "control character": b'{"email": "a\nb"}',
    "10 000 arrays": b"[" * 10_000 + b"]" * 10_000,
    "10 000 arrays unclosed": b"[" * 10_000,
    "10 000 objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "NaN": b'{"email": NaN}',
    "Infinity": b'{"email": -Infinity}',
    "1e400": b'{"email": 1e400}',
    "huge integer": b'{"email": ' + b"9" * 40 + b"}",
    "integer of 60 000 digits": b"9" * 60_000,
    "key twice": b'{"email": "a@example.com", "email": "b@example.com", "password": "x"}',
    "key twice by escape": b'{"email": "a@example.com", "\\u0065mail": "b@example.com", "password": "x"}',
    "two values": b"{} {}",
    "trailing comma": b'{"email": "a@example.com",}',
    "comment": b'{"email": "a@example.com" /* me */}',
    "single quotes": b"{'email': 'a@example.com'}",
    "a form": b"email=a@example.com&password=x",
}
INVALID = {
    b"null": (None,),
    b"[]": (None,),
    b'"text"': (None,),
    b"1": (None,),
    b"{}": ("email", "password"),
    b'{"email": "a@example.com"}': ("password",),
    b'{"email": 1, "password": null}': ("email", "password"),
    b'{"email": "nobody", "password": "x"}': ("email",),
    b'{"email": "a@example.com", "password": ""}': ("password",),
    b'{"email": "a@example.com", "password": "x", "admin": true, "role": "admin"}': ("admin", "role"),
    b'{"Email": "a@example.com", "password": "x"}': ("Email", "email"),
    b'{"email": "a@example.com", "password": {"$ne": ""}}': ("password",),
    b'{"email": "' + b"a" * 300 + b'@example.com", "password": "x"}': ("email",),
    b'{"email": "a@example.com", "password": "' + b"x" * 300 + b'"}': ("password",),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_strict_json_is_malformed(door: Service, body: bytes) -> None:
    [error] = refused(ask(door, "POST", LOGIN, [JSON], body), 400, "MALFORMED_BODY")

    assert error["field"] is None


@pytest.mark.parametrize(("body", "fields"), INVALID.items(), ids=lambda value: str(value)[:40])
def test_every_violation_of_a_body_is_listed_with_its_field(
    door: Service, body: bytes, fields: tuple[str, ...]
) -> None:
    errors = refused(ask(door, "POST", LOGIN, [JSON], body), 400, "VALIDATION_ERROR")

    assert {error["field"] for error in errors} == set(fields)


def test_fields_are_paths_into_the_body(people: People) -> None:
    body = {"email": "new@example.com", "password": PASSWORD, "profile": {"display_name": "", "shoe": 43, "bio": 1}}

    response = people.ada.api.post("/v1/users", json=body)

    refused(response, 400, "VALIDATION_ERROR", "profile.display_name", "profile.shoe", "profile.bio")


def test_no_bad_body_changes_anything(people: People, service: Service) -> None:
    token = bearer(people.alice.sign_in()["access_token"])
    before = run("SELECT u.*, p.* FROM users u JOIN user_profiles p ON p.user_id = u.id")

    for body in [*MALFORMED.values(), *INVALID, b'{"display_name": "Eve", "role": "admin"}']:
        for method, target in (("PATCH", "/v1/users/me"), ("PUT", "/v1/users/me/password")):
            response = ask(service, method, target, [token, JSON], body)
            assert response.status_code == 400, (target, body[:80], response.text)

    assert run("SELECT u.*, p.* FROM users u JOIN user_profiles p ON p.user_id = u.id") == before


def test_a_value_is_never_repeated_in_a_refusal(door: Service) -> None:
    body = b'{"email": "hush-hush", "password": ["hush-hush"], "x": "hush-hush"}'

    assert "hush" not in ask(door, "POST", LOGIN, [JSON], body).text


def test_a_body_announced_as_too_large_is_refused_before_it_is_sent(door: Service) -> None:
    headers = [JSON, ("Content-Length", "2000000")]

    refused(ask(door, "POST", LOGIN, headers), 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("body", [b" " * 65_537, b"a" * 2_000_000, [b" " * 65_536, b" "], [b"a" * 10_000] * 200])
def test_a_body_over_the_limit_is_a_413_however_it_is_sent(door: Service, body: bytes | list[bytes]) -> None:
    refused(ask(door, "POST", LOGIN, [JSON], body), 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_just_the_limit_is_read(people: People, service: Service, *, chunked: bool) -> None:
    body = f'{{"email": "{people.alice.email}", "password": "{PASSWORD}"}}'.encode().ljust(65_536)

    assert data(ask(service, "POST", LOGIN, [JSON], [body] if chunked else body))["token_type"] == "Bearer"


def test_a_chunked_body_may_come_in_any_pieces(people: People, service: Service) -> None:
    body = f'{{"email": "{people.alice.email}", "password": "{PASSWORD}"}}'.encode()

    for pieces in ([body], [body[:1], body[1:]], [body[i : i + 1] for i in range(len(body))]):
        assert data(ask(service, "POST", LOGIN, [JSON], pieces))["user"]["id"] == str(people.alice.id)


@pytest.mark.parametrize("coding", ["gzip, chunked", "identity, chunked", "gzip,chunked"])
def test_another_transfer_coding_than_chunked_is_not_read_as_json(door: Service, coding: str) -> None:
    request = (
        f"POST {LOGIN} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Transfer-Encoding: {coding}\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
    )

    refused(say(door, request.encode()), 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity, gzip", "x"])
def test_a_compressed_body_is_a_415(door: Service, coding: str) -> None:
    refused(ask(door, "POST", LOGIN, [JSON, ("Content-Encoding", coding)], b"{}"), 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("coding", ["", ",", "identity", "IDENTITY", ", identity ,\t", "identity, identity"])
def test_a_body_that_is_not_encoded_may_say_so(door: Service, coding: str) -> None:
    """Empty elements of a list are ignored (RFC 9110, 5.6.1)."""
    refused(ask(door, "POST", LOGIN, [JSON, ("Content-Encoding", coding)], b"{}"), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("headers", [[], [JSON]])
def test_an_optional_body_may_be_absent(people: People, service: Service, headers: list[tuple[str, str]]) -> None:
    token = bearer(people.alice.sign_in()["access_token"])

    assert ask(service, "POST", "/v1/auth/logout", [token, *headers]).status_code == 204


def test_no_chunks_are_no_body(people: People, service: Service) -> None:
    token = bearer(people.alice.sign_in()["access_token"])

    refused(ask(service, "POST", "/v1/auth/logout", [token], [b"{}"]), 415, "UNSUPPORTED_MEDIA_TYPE")
    assert ask(service, "POST", "/v1/auth/logout", [token], []).status_code == 204


def test_an_operation_without_a_body_reads_none(people: People, service: Service) -> None:
    token = bearer(people.ada.sign_in()["access_token"])

    for body in (b'{"a": 1}', b"\xff", [b'{"a"', b": 1}"]):
        for kind in (JSON, ("Content-Type", "text/plain")):
            restored = ask(service, "POST", f"/v1/users/{people.alice.id}/restore", [token, kind], body)
            assert data(restored)["status"] == "active"
            assert data(ask(service, "GET", "/v1/users/me", [token, kind], body))["role"] == "admin"


def test_the_rest_of_a_refused_body_is_never_read_as_a_request(door: Service) -> None:
    hidden = b"GET /health/live HTTP/1.1\r\nHost: charter.test\r\n\r\n"
    body = hidden * 1500
    head = b"POST %b HTTP/1.1\r\nHost: charter.test\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    last = b"GET /v1/nothing HTTP/1.1\r\nHost: charter.test\r\nConnection: close\r\n\r\n"

    response = say(door, head % (LOGIN.encode(), len(body)) + body + last)

    assert response.status_code == 413
    assert b'"status":"ok"' not in response.content


@pytest.mark.parametrize(
    "lengths",
    [["-1"], ["+2"], ["0x2"], ["two"], ["2", "3"], ["2, 2"], ["9" * 30]],
    ids=["negative", "signed", "hexadecimal", "word", "two", "list", "huge"],
)
def test_a_wrong_content_length_is_a_400(door: Service, lengths: list[str]) -> None:
    lines = "".join(f"Content-Length: {length}\r\n" for length in lengths)
    request = (
        f"POST {LOGIN} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n{lines}\r\n{{}}"
    )

    response = say(door, request.encode())

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/json"


def test_two_ways_to_tell_the_length_are_a_400(door: Service) -> None:
    request = (
        f"POST {LOGIN} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{}"
    )

    assert say(door, request.encode()).status_code == 400


def test_a_client_that_hangs_up_halfway_changes_nothing(people: People, service: Service) -> None:
    token = people.alice.sign_in()["access_token"]
    body = b'{"display_name": "Eve"}'
    head = (
        f"PATCH /v1/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body) + 1}\r\n\r\n"
    )
    address = urlsplit(service.url)

    with socket.create_connection((str(address.hostname), address.port or 80), timeout=10) as connection:
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""

    assert data(people.alice.api.get("/v1/users/me"))["profile"]["display_name"] == "Alice"


def test_a_body_that_does_not_arrive_in_time_is_a_400(gateway: str, database_url: str) -> None:
    config = config_for(DATABASE_URL=database_url, CHARTER_GATEWAY=gateway, BODY_SECONDS="1")

    with running(config) as service:
        response = ask(service, "POST", LOGIN, [JSON, ("Content-Length", "100")], b"{")

    refused(response, 400, "MALFORMED_BODY")
