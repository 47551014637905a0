"""CORS: an exact list of origins (Fetch standard), preflight before authentication, and nothing without the list."""

from collections.abc import Iterator

import pytest

from app.database import Database
from tests.integration.conftest import GATEWAYS
from tests.raw import ask
from tests.servers import Servers
from tests.service import Service, settings_for
from tests.service import running as serving
from tests.wire import refused

APP = "https://app.example.com"
ME = "/v1/users/me"


@pytest.fixture(scope="module", params=GATEWAYS)
def listening(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Service]:
    url = servers.clone()
    origins = f"{APP}, http://localhost:3000"
    settings = settings_for(DATABASE_URL=url, CHARTER_GATEWAY=request.param, CORS_ORIGINS=origins, LIMIT_LOGIN="1/60")
    with serving(settings) as service:
        yield service
    servers.drop(url)


@pytest.fixture
def open_service(listening: Service, database: Database) -> Service:
    """A service that two origins may call."""
    return listening


def preflight(service: Service, origin: str, target: str = ME, method: str = "PATCH"):
    wanted = [("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", "authorization, if-match")]
    return ask(service, "OPTIONS", target, [("Origin", origin), *wanted])


@pytest.mark.parametrize("origin", [APP, "http://localhost:3000"])
def test_a_preflight_needs_no_token_and_tells_what_is_allowed(open_service: Service, origin: str) -> None:
    answer = preflight(open_service, origin)

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["vary"] == "Origin"
    assert "PATCH" in answer.headers["access-control-allow-methods"].split(", ")
    assert {"authorization", "content-type", "if-match"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )
    assert int(answer.headers["access-control-max-age"]) > 0
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://app.example.com.evil.example",
        "https://evil-app.example.com",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://APP.example.com",
        "https://app.example.com/",
        f"{APP}, {APP}",
        "null",
        "*",
        "",
        "\xff",
    ],
)
def test_any_other_origin_is_allowed_nothing(open_service: Service, origin: str) -> None:
    targets = (ME, "/openapi.json")
    plain = [ask(open_service, "GET", target, [("Origin", origin)]) for target in targets]
    for answer in (*(preflight(open_service, origin, target) for target in targets), *plain):
        assert [name for name in answer.headers if name.startswith("access-control-")] == []
        assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/health/live", 200),
        ("GET", ME, 401),
        ("GET", "/v1/nothing", 404),
        ("TRACE", ME, 405),
        ("GET", "/v1/users/me?" + "a" * 9000, 414),
        ("POST", "/v1/auth/login", 400),
        ("GET", "/openapi.json", 200),
        ("GET", "/docs", 200),
        ("POST", "/metrics", 405),
        ("GET", "/nothing", 404),
        ("OPTIONS", "/docs", 204),
    ],
)
def test_a_page_of_a_known_origin_reads_every_answer(
    open_service: Service, method: str, target: str, status: int
) -> None:
    answer = ask(open_service, method, target, [("Origin", APP)])

    assert answer.status_code == status
    assert answer.headers.get_list("access-control-allow-origin") == [APP]
    assert {"etag", "retry-after", "x-request-id", "ratelimit"} <= set(
        answer.headers["access-control-expose-headers"].split(", ")
    )


def test_an_answer_to_nobody_in_particular_varies_by_origin_too(open_service: Service) -> None:
    answer = ask(open_service, "GET", "/v1/nothing")

    refused(answer, 404, "NOT_FOUND")
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-origin" not in answer.headers


def test_options_that_are_no_preflight_get_no_preflight_headers(open_service: Service) -> None:
    answer = ask(open_service, "OPTIONS", ME, [("Origin", APP)])

    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, PATCH")
    assert "access-control-allow-methods" not in answer.headers
    assert answer.headers["access-control-allow-origin"] == APP


def test_without_a_list_nobody_is_allowed(door: Service) -> None:
    for answer in (preflight(door, APP), ask(door, "GET", ME, [("Origin", APP)])):
        assert [name for name in answer.headers if name.startswith("access-control-") or name == "vary"] == []
