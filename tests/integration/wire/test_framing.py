"""Where one request ends and the next begins, beyond the table of docs/http.md: what a client and a log see of it."""

import contextlib
import json
import os
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.database import run
from app.observability.log_writer import flush
from app.observability.logging import configure
from tests import leaks
from tests.integration.wire.pieces import exchange, responses
from tests.integration.wire.rules.rule import BODY, CHUNKED, CLOSING, HIDDEN, LENGTH, NEXT, chunks, post
from tests.people import PASSWORD, People
from tests.raw import ask, bearer, say
from tests.service import Service, config_for, running
from tests.wire import data, refused

JSON = ("Content-Type", "application/json")
HERE = {"DATABASE_URL": "postgresql://nowhere/charter"}


@contextlib.contextmanager
def connected(service: Service) -> Iterator[socket.socket]:
    address = urlsplit(service.url)
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=20) as connection:
        yield connection


def rest_of(connection: socket.socket) -> list[tuple[int, bytes]]:
    received = b""
    with contextlib.suppress(ConnectionError):
        while some := connection.recv(65_536):
            received += some
    return responses(received)


class Log:
    """The lines written since somebody began to listen."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)

    def listen(self) -> None:
        """Take the lines; a service that starts sends them elsewhere."""
        configure(config_for(LOG_LEVEL="debug", LOG_FORMAT="json", **HERE), descriptor=self.descriptor)

    def lines(self, event: str) -> list[dict]:
        assert flush()  # a thread writes them
        return [line for line in map(json.loads, self._path.read_bytes().splitlines()) if line["event"] == event]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    made = Log(tmp_path / "log")
    yield made
    configure(config_for(**HERE), descriptor=leaks.LOG)
    os.close(made.descriptor)


def test_the_default_client_of_java_signs_in(people: People, service: Service) -> None:
    """It offers h2c with each request (java.net.http.HttpClient), and sends the body in a packet of its own."""
    body = json.dumps({"email": people.alice.email, "password": PASSWORD}).encode()
    head = (
        b"POST /v1/auth/login HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: %d\r\nHost: x\r\n"
        b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\n"
        b"User-Agent: Java-http-client/21\r\nContent-Type: application/json\r\n\r\n" % len(body)
    )

    for received in exchange(service, [(head + body + NEXT,), (head, body, NEXT)]):
        [(status, signed_in), (after, _)] = responses(received)
        assert (status, after) == (200, 404)
        assert json.loads(signed_in)["data"]["user"]["id"] == str(people.alice.id)


def test_a_body_behind_an_offer_to_upgrade_is_no_request(people: People, service: Service) -> None:
    """CWE-444: what is hidden in the body would end a session; it comes in a later packet, and is read as a body."""
    token = bearer(people.alice.sign_in()["access_token"])
    hidden = f"POST /v1/auth/logout HTTP/1.1\r\nHost: x\r\n{token[0]}: {token[1]}\r\n\r\n".encode()
    head = (
        b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nUpgrade: h2c\r\n"
        b"Connection: Upgrade\r\nContent-Length: %d\r\n\r\n" % len(hidden)
    )

    [received] = exchange(service, [(head, hidden, NEXT)])

    assert [status for status, _ in responses(received)] == [400, 404]
    assert data(ask(service, "GET", "/v1/users/me", [token]))["email"] == people.alice.email


def test_blanks_around_a_token_are_no_part_of_it(people: People, service: Service) -> None:
    name, value = bearer(people.alice.sign_in()["access_token"])

    for around in (" {}", "{} ", "{}\t", "\t {}\t "):
        response = ask(service, "GET", "/v1/users/me", [(name, around.format(value))])
        assert data(response)["email"] == people.alice.email


def test_empty_elements_of_a_list_of_tags_are_ignored(people: People, service: Service) -> None:
    token = bearer(people.alice.sign_in()["access_token"])

    for number, value in enumerate(('"{}",', ', ,"{}"', '"x",,"{}"\t,'), start=1):
        match = ("If-Match", value.format(number))
        response = ask(service, "PATCH", "/v1/users/me", [token, JSON, match], b'{"bio": "%d"}' % number)
        assert data(response)["profile"]["bio"] == str(number)


def test_a_client_that_waits_for_a_100_gets_it_or_its_final_status(probe_door: Service) -> None:
    with connected(probe_door) as connection:
        connection.sendall(post(b"Expect: 100-continue", LENGTH, body=b""))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY + NEXT)
        assert [status for status, _ in rest_of(connection)] == [200, 404]

    with connected(probe_door) as connection:
        connection.sendall(post(b"Expect: 100-continue", b"Content-Length: 99999", body=b""))
        # Whatever it sends now, its body or a request, nobody could tell which.
        [(status, _)] = rest_of(connection)
        assert status == 413


def test_a_client_that_goes_on_sending_still_reads_its_refusal(probe_door: Service) -> None:
    """RFC 9112, 9.6: a connection closed with unread data is reset, and the response lost on its way."""
    for start in (b"GET /v1/x HTTP/1.1\r\nX: ", b"GET /" + b"a" * 70_000, b"\x00"):
        with connected(probe_door) as connection:
            connection.sendall(start)
            for _ in range(30):
                connection.sendall(b"a" * 65_536)
            [(status, _)] = rest_of(connection)
            assert status in (400, 414, 431)


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_a_client_that_sends_one_request_reads_the_response_that_comes_before_its_body(
    probe_door: Service, version: bytes
) -> None:
    """nginx asks so by default, in HTTP/1.0: were the connection reset, it would answer 502 in place of our 413."""
    with connected(probe_door) as connection:
        connection.sendall(post(b"Content-Length: 9000000", CLOSING, body=b"", version=version))
        assert select.select([connection], [], [], 20)[0]
        for _ in range(137):
            connection.sendall(b"a" * 65_536)
        [(status, _)] = rest_of(connection)
        assert status == 413


@pytest.mark.parametrize("line", [b"X : a", b"Content-Length: x", b"Host: b"])
def test_a_refusal_of_head_has_no_body(probe_door: Service, line: bytes) -> None:
    response = say(probe_door, b"HEAD /v1/x HTTP/1.1\r\nHost: a\r\n" + line + b"\r\n\r\n")

    assert (response.status_code, response.content) == (400, b"")
    assert int(response.headers["content-length"]) > 0


def test_a_refusal_is_logged_under_the_id_that_it_tells(probe_door: Service, log: Log) -> None:
    log.listen()
    response = say(probe_door, b"GET /v1/x?token=hush HTTP/2.0\r\nHost: a\r\n\r\n")

    refused(response, 400, "VALIDATION_ERROR")
    [line] = log.lines("request")
    assert (line["status"], line["code"]) == (400, "VALIDATION_ERROR")
    assert (line["method"], line["path"]) == ("GET", "/v1/x")
    assert line["request_id"] == response.headers["x-request-id"] == response.json()["meta"]["request_id"]


def test_a_broken_body_behind_other_requests_costs_them_no_answer(probe_door: Service) -> None:
    """Its own refusal could be taken for a response to one of them: the connection ends with theirs."""
    good, broken = post(LENGTH), post(CHUNKED, body=b"5\r\nabcdefg\r\n")

    for received in exchange(probe_door, [(good + good + broken + HIDDEN,), (good + good + broken[:-9], broken[-9:])]):
        statuses = [status for status, _ in responses(received)]
        assert statuses in ([200, 200], [200, 200, 400])
    [received] = exchange(probe_door, [(good + good + broken + HIDDEN,)])
    assert [status for status, _ in responses(received)] == [200, 200]
    assert b"connection: close" in received


def test_nothing_is_done_for_a_request_whose_body_is_broken(people: People, service: Service) -> None:
    """An operation that takes no body would not wait for it: what came with the head is read before it begins."""
    name, value = bearer(people.ada.sign_in()["access_token"])
    head = (
        f"POST /v1/users/{people.bob.id}/restore HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    ).encode()
    before = run("SELECT count(*) FROM audit_events")

    refused(say(service, head + b"x\r\n"), 400, "MALFORMED_BODY")

    assert run("SELECT count(*) FROM audit_events") == before
    assert say(service, head + chunks(b"ignored") + NEXT).status_code == 200


FORWARDED = ("X-Forwarded-For", "203.0.113.9")


@pytest.mark.parametrize(("trusted", "warnings"), [("", 1), ("10.0.0.0/8", 1), ("127.0.0.0/8", 0)])
def test_a_proxy_that_nobody_listed_is_told_of_once(gateway: str, log: Log, trusted: str, warnings: int) -> None:
    with running(config_for(CHARTER_GATEWAY=gateway, TRUSTED_PROXIES=trusted, **HERE)) as service:
        log.listen()
        ask(service, "GET", "/v1/nothing", [("X-Forwarded-For", "unknown")])
        assert log.lines("forwarded_ignored") == []
        for _ in range(3):
            ask(service, "GET", "/v1/nothing", [FORWARDED])

    told = log.lines("forwarded_ignored")
    assert len(told) == warnings
    for line in told:
        assert (line["level"], line["address"]) == ("warning", "127.0.0.1")
        assert "TRUSTED_PROXIES" in line["fix"]


def test_an_empty_element_of_the_list_of_addresses_does_not_hide_the_client(gateway: str, database_url: str) -> None:
    config = config_for(DATABASE_URL=database_url, CHARTER_GATEWAY=gateway, TRUSTED_PROXIES="127.0.0.0/8, 10.0.0.1")
    body = b'{"email": "nobody@example.com", "password": "x"}'

    with running(config) as service:
        for values in (["203.0.113.9,"], ["203.0.113.9, , "], ["203.0.113.9", ""], ["203.0.113.9", " , ", "10.0.0.1,"]):
            spoof = [JSON, *(("X-Forwarded-For", value) for value in values)]
            refused(ask(service, "POST", "/v1/auth/login", spoof, body), 401, "INVALID_CREDENTIALS")
        assert run("SELECT DISTINCT address FROM audit_clients") == [("203.0.113.9",)]


def test_a_client_that_sends_no_more_is_answered(door: Service) -> None:
    """As `nc -N` and simple health checks do; what has not come whole is not answered."""
    whole = b"GET /v1/nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
    health = whole.replace(b"/v1/nowhere", b"/health")
    login = b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    for sent, statuses in (
        (health, [200]),
        (whole + health, [404, 200]),
        (login + b"{}", [400]),
        (login + b"{", []),
        (health[:-2], []),
    ):
        with connected(door) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            assert [status for status, _ in rest_of(connection)] == statuses, sent
