"""Retries, and what is said when what responds is not a Charter server."""

import json
import pickle
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tests.integration.sdk_python.conftest import Requests
from tests.people import PASSWORD, People
from tests.service import Service

JSON = {"Content-Type": "application/json"}


def envelope(code: str, version: str = "1.0") -> bytes:
    meta = {"timestamp": "2026-01-31T12:00:00.000Z", "version": version, "request_id": "r-1"}
    return json.dumps(
        {"data": None, "meta": meta, "errors": [{"code": code, "message": "No.", "field": None}]}
    ).encode()


BUSY = (503, {**JSON, "Retry-After": "0"}, envelope("UNAVAILABLE"))


@contextmanager
def other_server(*responses: tuple[int, dict[str, str], bytes]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A server that is none of ours; it sends these responses in turn, the last one again and again."""
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _respond(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, body = responses[min(len(seen), len(responses) - 1)]
            seen.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def do_PATCH(self) -> None:
            self._respond()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()


def failure(sdk: Any, response: tuple[int, dict[str, str], bytes]) -> Any:
    """Return what a call raises that gets this response."""
    with (
        other_server(response) as (url, _),
        sdk.Charter(url, retries=0) as client,
        pytest.raises(sdk.CharterError) as caught,
    ):
        client.me.get_me()
    return caught.value


def test_a_code_of_a_newer_server_is_a_response_error(sdk: Any) -> None:
    caught = failure(sdk, (418, JSON, envelope("TEAPOT")))
    assert type(caught) is sdk.ResponseError
    assert str(caught) == "418 TEAPOT: No. Request r-1."


def test_an_error_can_leave_the_process_and_takes_no_token_with_it(sdk: Any) -> None:
    limited = (429, {**JSON, "Retry-After": "7"}, envelope("RATE_LIMITED"))
    for response in (limited, (200, {"Content-Type": "text/html"}, b"<html>")):
        with (
            other_server(response) as (url, _),
            sdk.Charter(url, access_token="kept", max_wait=0) as client,
            pytest.raises(sdk.CharterError) as caught,
        ):
            client.me.get_me()
        stored = pickle.dumps(caught.value)
        assert b"kept" not in stored
        error = pickle.loads(stored)
        assert (type(error), str(error)) == (type(caught.value), str(caught.value))
        assert (error.status, error.response.text) == (caught.value.status, caught.value.response.text)
        assert getattr(error, "retry_after", None) == getattr(caught.value, "retry_after", None)


@pytest.mark.parametrize(
    ("response", "said"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>"), "with 200 and text/html, which is not from Charter: check"),
        ((200, JSON, b"{}"), "which is not from Charter: check the base URL"),
        ((200, JSON, b"{"), "which is not from Charter: check the base URL"),
        ((302, {"Location": "https://portal.example"}, b""), "a redirect to https://portal.example: use the base URL"),
        ((511, {"Content-Type": "text/html"}, b"<html>"), "which is not from Charter: check the base URL"),
        ((204, {}, b""), "with 204 and no content type, which is not from Charter"),
        ((404, JSON, envelope("NOT_FOUND")), "has no GET /v1/users/me: check the base URL, or use the package"),
        ((502, {"Content-Type": "text/html"}, b"<html>"), "a proxy responded in the place of the server"),
        ((404, JSON, envelope("NOT_FOUND", "2.0")), "The server speaks version 2.0 of the API and this package"),
        ((304, {}, b""), "a 304 that was not asked for"),
    ],
)  # fmt: skip
def test_what_is_no_charter_server_is_said_in_one_line(sdk: Any, response: Any, said: str) -> None:
    caught = failure(sdk, response)
    assert isinstance(caught, sdk.UnexpectedResponse)
    assert said in str(caught)
    assert "\n" not in str(caught)


@pytest.mark.parametrize(
    "response",
    [
        (200, {"Content-Type": "text/html"}, b"<html>"),
        (200, JSON, b'{"data": {"access_token": 5}, "meta": {"version": "1.0"}, "errors": null}'),
        (204, {}, b""),
        (302, {"Location": "https://portal.example"}, b""),
        (401, {"Content-Type": "text/html"}, b"<html>"),
        (401, JSON, b'{"error": "sign in to this network"}'),
    ],
)  # fmt: skip
def test_a_network_that_responds_in_the_place_of_the_server_signs_nobody_out(sdk: Any, response: Any) -> None:
    expired = (401, JSON, envelope("INVALID_TOKEN"))
    kept = sdk.Tokens("access", "refresh")
    for call, responses in (
        (lambda client: client.me.get_me(), (expired, response)),
        (lambda client: client.auth.refresh(refresh_token="refresh"), (response,)),
        (lambda client: client.auth.login(email="ada@example.com", password=PASSWORD), (response,)),
        (lambda client: client.auth.logout(), (expired, response)),
    ):
        with other_server(*responses) as (url, _), sdk.Charter(url, retries=0) as client:
            client.sign_in_with(kept)
            with pytest.raises(sdk.UnexpectedResponse):
                call(client)
            assert client.tokens == kept


@pytest.mark.parametrize("place", ["/docs", "/api", "/health"])
def test_a_base_url_with_a_path_that_is_not_there_is_told(
    sdk: Any, connect: Any, service: Service, people: People, place: str
) -> None:
    client = connect(url=f"{service.url}{place}")
    for call in (client.health.get_liveness, lambda: client.users.get_user(people.ada.id)):
        with pytest.raises(sdk.UnexpectedResponse, match=rf"has no GET {place}/.*: check the base URL"):
            call()


def test_a_server_that_is_not_there_and_one_that_is_silent_are_told_apart(sdk: Any) -> None:
    gone = sdk.Charter("http://127.0.0.1:1", retries=0)
    with gone, pytest.raises(sdk.ConnectionFailed, match=r"http://127\.0\.0\.1:1 was not reached"):
        gone.health.get_liveness()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = sdk.Charter(f"http://127.0.0.1:{listener.getsockname()[1]}", retries=0)
        with silent, pytest.raises(sdk.TimedOut, match="did not respond in time to GET /health/live"):
            silent.health.get_liveness(timeout=0.1)


def test_a_failure_of_a_health_check_is_a_result(sdk: Any) -> None:
    body = json.dumps({"status": "error", "checks": {"database": "error", "cache": "strange"}}).encode()
    with other_server((503, JSON, body)) as (url, seen), sdk.Charter(url) as client:
        health = client.health.get_health()
    assert health.status == "error"
    assert health.checks.cache == "strange"
    assert not health.checks.cache.is_known
    assert len(seen) == 1


def test_a_read_is_repeated_as_the_server_asks_and_then_its_result_returned(sdk: Any) -> None:
    alive = (200, JSON, b'{"status": "ok", "new": 1}')
    with other_server(BUSY, BUSY, alive) as (url, seen), sdk.Charter(url) as client:
        result = client.health.get_liveness()
    assert len(seen) == 3
    assert result.additional_properties == {"new": 1}


@pytest.mark.parametrize(("after", "attempts"), [("0", 3), ("31", 1), ("Fri, 31 Dec 2100 23:59:59 GMT", 1)])
def test_a_wait_that_is_too_long_is_raised_at_once(sdk: Any, after: str, attempts: int) -> None:
    limited = (429, {**JSON, "Retry-After": after}, envelope("RATE_LIMITED"))
    with other_server(limited) as (url, seen), sdk.Charter(url) as client, pytest.raises(sdk.RateLimited) as caught:
        client.settings.get_public_settings()
    assert len(seen) == attempts
    assert caught.value.retry_after >= float(after) if after.isdecimal() else caught.value.retry_after > 1e6


def test_a_change_without_a_key_is_sent_once(sdk: Any) -> None:
    with other_server(BUSY) as (url, seen), sdk.Charter(url) as client, pytest.raises(sdk.Unavailable):
        client.me.update_me(bio="x")
    assert len(seen) == 1


def test_a_key_is_kept_for_all_attempts_and_new_for_each_call(sdk: Any) -> None:
    with other_server(BUSY) as (url, seen), sdk.Charter(url) as client:
        for _ in range(2):
            with pytest.raises(sdk.Unavailable):
                client.roles.create_role(name="x", description="", permissions=["users:read"])
        once = client.with_options(retries=0).roles
        with pytest.raises(sdk.Unavailable):
            once.create_role(name="x", description="", permissions=[], idempotency_key="mine")
    keys = [headers["idempotency-key"] for headers in seen]
    assert len(keys) == 7
    assert len(set(keys[:3])) == len(set(keys[3:6])) == 1
    assert len(set(keys)) == 3
    assert keys[-1] == "mine"


def test_an_attempt_is_not_repeated_for_the_next_person_who_signs_in(sdk: Any) -> None:
    sent = []

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["Authorization"])
        client.sign_in_with(sdk.Tokens("other"))
        return httpx.Response(BUSY[0], headers=BUSY[1], content=BUSY[2])

    http = httpx.Client(transport=httpx.MockTransport(respond))
    client = sdk.Charter("http://accounts", access_token="first", http_client=http)
    with http, pytest.raises(sdk.Unavailable):
        client.me.get_me()
    assert sent == ["Bearer first"]


class Cut(httpx.HTTPTransport):
    """Loses the response of the first request to create an account, which the server has carried out."""

    def __init__(self) -> None:
        super().__init__(verify=False)
        self.lost = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if (request.method, request.url.path, self.lost) == ("POST", "/v1/users", 0):
            response.read()
            response.close()
            self.lost += 1
            raise httpx.ReadError("cut", request=request)
        return response


def test_an_account_is_created_once_although_the_connection_was_cut(
    connect: Callable[..., Any], people: People, requests: Requests
) -> None:
    cut = Cut()
    client = connect(transport=cut)
    client.auth.login(email=people.ada.email, password=PASSWORD)
    made = client.users.with_response.create_user(email="once@example.com", password=PASSWORD)
    assert cut.lost == 1
    assert requests.count("POST /v1/users") == 2
    assert made.replayed
    assert [user.id for user in client.users.list_users(q="once@")] == [made.data.id]
