"""Law 3: one envelope for every response under /v1, errors of the gateway included; no body for HEAD, 204 and 304."""

import re
from pathlib import Path
from typing import Any

import pytest

from app.spec.document import METHODS, load
from tests.integration.wire.conftest import DOCUMENT, HANDLERS
from tests.people import People
from tests.raw import ask, bearer, say
from tests.service import Service, config_for, running
from tests.standins import gone
from tests.wire import data, refused

ROOT = Path(__file__).parents[3] / "openapi" / "openapi.yaml"
PATHS: dict[str, set[str]] = {
    path: {method.upper() for method in METHODS if method in item} for path, item in load(ROOT).bundle["paths"].items()
}
ME = "/v1/users/me"
AWAY = "postgresql://nobody@127.0.0.1:1/charter"
EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND")


def allowed(methods: set[str]) -> str:
    return ", ".join(sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())))


@pytest.mark.parametrize(("path", "methods"), PATHS.items(), ids=PATHS)
def test_a_method_a_path_does_not_know_is_a_405_with_a_complete_allow(
    door: Service, path: str, methods: set[str]
) -> None:
    target = re.sub(r"{(\w+)}", lambda found: str(gone(found[1])), path)
    known = set(allowed(methods).split(", "))

    for method in set(EVERY_METHOD) - known:
        response = ask(door, method, target)
        assert response.headers["allow"] == allowed(methods), method
        if method == "HEAD":
            assert (response.status_code, response.content) == (405, b"")
        else:
            refused(response, 405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(("path", "methods"), PATHS.items(), ids=PATHS)
def test_options_is_a_204_with_allow_and_needs_no_token(door: Service, path: str, methods: set[str]) -> None:
    response = ask(door, "OPTIONS", path)

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["allow"] == allowed(methods)
    assert "content-type" not in response.headers


def test_one_cannot_delete_oneself_by_the_name_of_me(people: People) -> None:
    response = people.alice.api.delete(ME)

    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert data(people.alice.api.get(ME))["status"] == "active"


def test_head_is_as_get_without_a_body(people: People, service: Service) -> None:
    token = bearer(people.ada.sign_in()["access_token"])

    for target in (ME, "/v1/users", f"/v1/users/{people.alice.id}/profile", "/health", f"/v1/users/{people.bob.id}x"):
        get, head = ask(service, "GET", target, [token]), ask(service, "HEAD", target, [token])
        assert head.content == b""
        assert head.status_code == get.status_code
        own = {"date", "x-request-id", "ratelimit", "content-length"}
        assert {name: value for name, value in head.headers.items() if name not in own} == {
            name: value for name, value in get.headers.items() if name not in own
        }
        assert abs(int(head.headers["content-length"]) - len(get.content)) <= 1


def test_204_and_304_have_neither_body_nor_type(people: People, service: Service) -> None:
    token = bearer(people.alice.sign_in()["access_token"])

    unchanged = ask(service, "GET", ME, [token, ("If-None-Match", '"1"')])
    gone = ask(service, "POST", "/v1/auth/logout", [token])

    for response, status in ((unchanged, 304), (gone, 204)):
        assert (response.status_code, response.content) == (status, b"")
        assert not {"content-type", "content-length", "transfer-encoding"} & set(response.headers)
        assert response.headers["x-request-id"]


def test_meta_tells_time_version_and_request(people: People, service: Service) -> None:
    service.clock.advance(days=1)

    response = ask(service, "GET", "/v1/nothing")

    refused(response, 404, "NOT_FOUND")
    meta = response.json()["meta"]
    assert set(meta) == {"timestamp", "version", "request_id"}
    assert meta["version"] == "1.0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", meta["timestamp"])
    assert meta["timestamp"][:10] == service.clock().strftime("%Y-%m-%d")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_path_nobody_knows_is_a_404_in_the_envelope(door: Service, method: str) -> None:
    [error] = refused(ask(door, method, "/v1/nothing"), 404, "NOT_FOUND")

    assert (set(error), error["field"]) == ({"code", "message", "field"}, None)


def test_health_and_keys_are_not_in_the_envelope(service: Service) -> None:
    with service.client() as client:
        assert client.get("/health").json() == {"status": "ok", "checks": {"database": "ok", "cache": "ok"}}
        assert client.get("/health/live").json() == {"status": "ok"}
        assert client.get("/.well-known/jwks.json").json() == {"keys": []}


def test_too_many_requests_are_a_429_that_says_how_long_to_wait(gateway: str, database_url: str) -> None:
    config = config_for(DATABASE_URL=database_url, CHARTER_GATEWAY=gateway, LIMIT_LOGIN="2/60")

    with running(config) as service, service.client() as client:
        body = {"email": "nobody@example.com", "password": "x"}
        responses = [client.post("/v1/auth/login", json=body) for _ in range(3)]

    assert [response.status_code for response in responses] == [401, 401, 429]
    refused(responses[2], 429, "RATE_LIMITED")
    assert 1 <= int(responses[2].headers["retry-after"]) <= 30
    assert [response.headers["ratelimit-policy"] for response in responses] == ['"login";q=2;w=60'] * 3
    assert [response.headers["ratelimit"].partition(";t=")[0] for response in responses] == [
        '"login";r=1',
        '"login";r=0',
        '"login";r=0',
    ]


def test_without_its_database_it_is_a_503_at_once(gateway: str) -> None:
    config = config_for(DATABASE_URL=AWAY, CHARTER_GATEWAY=gateway, REQUEST_SECONDS="5")

    with running(config) as service, service.client() as client:
        login = client.post("/v1/auth/login", json={"email": "nobody@example.com", "password": "x"})
        health = client.get("/health")
        live = client.get("/health/live")

    refused(login, 503, "UNAVAILABLE")
    assert int(login.headers["retry-after"]) >= 1
    assert (health.status_code, health.json()["status"]) == (503, "error")
    assert int(health.headers["retry-after"]) >= 1
    assert live.status_code == 200


def test_a_fault_of_ours_is_a_500_in_the_envelope(gateway: str) -> None:
    config = config_for(DATABASE_URL=AWAY, CHARTER_GATEWAY=gateway)

    with running(config, document=DOCUMENT, handlers_package=HANDLERS) as service, service.client() as client:
        response = client.get("/v1/answers", params={"how": "crash"})

    assert refused(response, 500, "INTERNAL_ERROR") == [
        {"code": "INTERNAL_ERROR", "message": "Something went wrong on our side.", "field": None}
    ]


def test_refusals_of_the_gateway_are_in_the_order_of_the_pipeline(door: Service) -> None:
    """Each request has every fault from its line downwards; the first line that applies wins."""
    large, body = ("X-Large", "a" * 20_000), ("Content-Length", "999999")
    steps: list[tuple[int, str, str, list[tuple[str, str]]]] = [
        (414, "TRACE", "/v1/nothing?" + "a" * 9000, [large, body]),
        (431, "TRACE", "/v1/nothing", [large, body]),
        (404, "TRACE", "/v1/nothing", [body]),
        (405, "TRACE", "/v1/users?unknown=1", [body]),
        (413, "POST", "/v1/users?unknown=1", [body, ("Content-Type", "text/plain")]),
        (415, "POST", "/v1/users?unknown=1", [("Content-Type", "text/plain")]),
        (401, "POST", "/v1/users?unknown=1", [("Content-Type", "application/json")]),
    ]

    assert [ask(door, method, target, headers).status_code for _, method, target, headers in steps] == [
        status for status, *_ in steps
    ]


def test_the_refusals_after_the_token_are_in_the_order_of_the_pipeline(people: People, service: Service) -> None:
    json = ("Content-Type", "application/json")
    alice, bob = bearer(people.alice.sign_in()["access_token"]), f"/v1/users/{people.bob.id}/profile"
    ada = bearer(people.ada.sign_in()["access_token"])
    missing = "/v1/users/019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d/profile"
    good = b'{"display_name": null, "locale": null, "time_zone": null, "avatar_url": null, "bio": null}'
    steps: list[tuple[int, Any, str, list[tuple[str, str]], bytes]] = [
        (400, alice, bob + "?unknown=1", [], b"{"),
        (403, alice, bob, [], b"{"),
        (403, alice, missing, [], b"{"),
        (400, ada, missing, [], b"{"),
        (428, ada, missing, [], good),
        (404, ada, missing, [("If-Match", '"99"')], good),
        (412, ada, bob, [("If-Match", '"99"')], good),
        (200, ada, bob, [("If-Match", '"1"')], good),
    ]

    assert [
        ask(service, "PUT", target, [token, json, *headers], body).status_code
        for _, token, target, headers, body in steps
    ] == [status for status, *_ in steps]


def test_requests_on_one_connection_get_their_answers_in_order(door: Service) -> None:
    targets = ("/v1/nothing", "/health/live", "/v1/users", "/.well-known/jwks.json")
    requests = [f"GET {target} HTTP/1.1\r\nHost: charter.test\r\n" for target in targets]
    requests[-1] += "Connection: close\r\n"

    response = say(door, "\r\n".join(requests).encode() + b"\r\n")

    text = response.content.decode()
    marks = [response.status_code == 404, '"status":"ok"' in text, "UNAUTHENTICATED" in text, '{"keys":[]}' in text]
    assert all(marks)
    assert text.index('"status":"ok"') < text.index("UNAUTHENTICATED") < text.index('{"keys":[]}')
