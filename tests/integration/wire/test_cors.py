"""CORS: an exact list of origins (Fetch standard), preflight before authentication, and nothing without the list."""

from collections.abc import Iterator

import pytest

from app.database import Database
from app.spec.operation import operations
from tests.document import DOCUMENT
from tests.gateways import TESTED
from tests.raw import ask
from tests.servers import Servers
from tests.service import Service, config_for
from tests.service import running as serving
from tests.wire import refused

APP = "https://app.example.com"
MOBILE = "capacitor://localhost"
# What browsers let pages read without being told (Fetch, CORS-safelisted response-header name).
SAFE = {"cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"}
# What the tracing of OpenTelemetry, Sentry, Datadog, New Relic, Elastic, AWS and Zipkin makes browsers ask for.
TRACED = (
    "traceparent", "traceparent,tracestate", "baggage,sentry-trace", "b3", "x-b3-traceid,x-b3-spanid,x-b3-sampled",
    "x-datadog-origin,x-datadog-parent-id,x-datadog-sampling-priority,x-datadog-trace-id",
    "newrelic,traceparent,tracestate", "elastic-apm-traceparent", "x-amzn-trace-id", "x-cloud-trace-context",
    "request-id,request-context", "uber-trace-id", "x-requested-with",
)  # fmt: skip
ME = "/v1/users/me"


@pytest.fixture(scope="module", params=TESTED)
def listening(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Service]:
    url = servers.clone()
    origins = f"{APP}, http://localhost:3000, {MOBILE}, chrome-extension://abcdefgh"
    config = config_for(DATABASE_URL=url, CHARTER_GATEWAY=request.param, CORS_ORIGINS=origins, LIMIT_LOGIN="1/60")
    with serving(config) as service:
        yield service
    servers.drop(url)


@pytest.fixture
def open_service(listening: Service, database: Database) -> Service:
    """A service that two origins may call."""
    return listening


def preflight(service: Service, origin: str, target: str = ME, method: str = "PATCH"):
    wanted = [("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", "authorization, if-match")]
    return ask(service, "OPTIONS", target, [("Origin", origin), *wanted])


@pytest.mark.parametrize("origin", [APP, "http://localhost:3000", MOBILE, "chrome-extension://abcdefgh"])
def test_a_preflight_needs_no_token_and_tells_what_is_allowed(open_service: Service, origin: str) -> None:
    response = preflight(open_service, origin)

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == origin
    assert response.headers["vary"] == "Origin"
    assert "PATCH" in response.headers["access-control-allow-methods"].split(", ")
    assert {"authorization", "content-type", "if-match"} <= set(
        response.headers["access-control-allow-headers"].split(", ")
    )
    assert int(response.headers["access-control-max-age"]) > 0
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example", "https://app.example.com.evil.example", "https://evil-app.example.com",
        "http://app.example.com", "https://app.example.com:8443", "https://APP.example.com",
        "https://app.example.com/", f"{APP}, {APP}", "null", "capacitor://localhost:80", "Capacitor://localhost",
        "ionic://localhost", "chrome-extension://abcdefg", "file://", "*", "", "\xff",
    ],
)  # fmt: skip
def test_any_other_origin_is_allowed_nothing(open_service: Service, origin: str) -> None:
    targets = (ME, "/openapi.json")
    plain = [ask(open_service, "GET", target, [("Origin", origin)]) for target in targets]
    for response in (*(preflight(open_service, origin, target) for target in targets), *plain):
        assert [name for name in response.headers if name.startswith("access-control-")] == []
        assert "Origin" in response.headers["vary"].split(", ")


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
def test_a_page_of_a_known_origin_reads_every_response(
    open_service: Service, method: str, target: str, status: int
) -> None:
    response = ask(open_service, method, target, [("Origin", APP)])

    assert response.status_code == status
    assert response.headers.get_list("access-control-allow-origin") == [APP]
    assert {"etag", "retry-after", "x-request-id", "ratelimit"} <= set(
        response.headers["access-control-expose-headers"].split(", ")
    )


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ([("Content-Length", "2000000")], b"", 413),
        ([("Content-Type", "application/json")], [b" " * 40_000] * 2, 413),
        ([("Content-Type", "text/plain")], b"{}", 415),
        ([("X-Large", "a" * 20_000)], b"", 431),
        ([("Content-Type", "application/json")], b"{", 400),
    ],
)
def test_a_page_reads_the_refusal_of_what_it_sends(
    open_service: Service, headers: list[tuple[str, str]], body: bytes | list[bytes], status: int
) -> None:
    response = ask(open_service, "POST", "/v1/auth/register", [("Origin", APP), *headers], body)

    assert response.status_code == status
    assert response.headers.get_list("access-control-allow-origin") == [APP]


def test_a_response_to_nobody_in_particular_varies_by_origin_too(open_service: Service) -> None:
    response = ask(open_service, "GET", "/v1/nothing")

    refused(response, 404, "NOT_FOUND")
    assert response.headers["vary"] == "Origin"
    assert "access-control-allow-origin" not in response.headers


def test_options_that_are_no_preflight_get_no_preflight_headers(open_service: Service) -> None:
    response = ask(open_service, "OPTIONS", ME, [("Origin", APP)])

    assert (response.status_code, response.headers["allow"]) == (204, "GET, HEAD, OPTIONS, PATCH")
    assert "access-control-allow-methods" not in response.headers
    assert response.headers["access-control-allow-origin"] == APP


@pytest.mark.parametrize("asked", TRACED)
def test_a_browser_application_with_tracing_may_call(open_service: Service, asked: str) -> None:
    allowed = preflight(open_service, APP).headers["access-control-allow-headers"].split(", ")

    assert {*asked.split(","), "authorization", "content-type"} <= set(allowed)


def test_a_page_may_send_and_read_every_header_of_the_document(open_service: Service) -> None:
    sent, received = set(), set()
    for operation in operations(DOCUMENT):
        sent |= {parameter["name"].lower() for parameter in operation.parameters if parameter["in"] == "header"}
        for response in operation.body["responses"].values():
            received |= {name.lower() for name in operation.resolved(response).get("headers", {})}
    allowed = preflight(open_service, APP).headers["access-control-allow-headers"].split(", ")
    exposed = ask(open_service, "GET", ME, [("Origin", APP)]).headers["access-control-expose-headers"].split(", ")

    assert {"if-match", "idempotency-key"} <= sent <= set(allowed)
    assert {"etag", "retry-after"} <= received
    assert received - SAFE <= set(exposed)
    assert {"www-authenticate", "allow", "date"} <= set(exposed)


@pytest.mark.parametrize(
    ("target", "allow"),
    [
        (ME, "GET, HEAD, OPTIONS, PATCH"),
        ("/health/live", "GET, HEAD, OPTIONS"),
        ("/v1/nothing", None),
        ("/v1/users/me/", None),
        ("/v1/users?" + "a" * 9000, "GET, HEAD, OPTIONS, POST"),
        ("/openapi.json", None),
        ("/nothing", None),
        ("/", None),
    ],
)
def test_a_preflight_succeeds_wherever_the_page_is_to_read_the_response(
    open_service: Service, target: str, allow: str | None
) -> None:
    response = preflight(open_service, APP, target, "DELETE")

    assert (response.status_code, response.content, response.headers.get("allow")) == (204, b"", allow)
    assert response.headers["access-control-allow-origin"] == APP
    assert "x-request-id" in response.headers
    other = preflight(open_service, "https://evil.example", target, "DELETE")
    assert "access-control-allow-origin" not in other.headers


def test_a_call_into_a_private_network_is_allowed_to_listed_origins_that_ask(open_service: Service) -> None:
    asking = ("Access-Control-Request-Private-Network", "true")
    wanted = [("Access-Control-Request-Method", "GET"), asking]
    name = "access-control-allow-private-network"

    assert ask(open_service, "OPTIONS", ME, [("Origin", APP), *wanted]).headers[name] == "true"
    for headers in (
        [("Origin", "https://evil.example"), *wanted],
        [("Origin", APP), asking],
        [("Origin", APP), wanted[0]],
    ):
        assert name not in ask(open_service, "OPTIONS", ME, headers).headers


@pytest.mark.parametrize("gateway", TESTED)
def test_the_lists_are_settings(gateway: str, database_url: str) -> None:
    config = config_for(
        DATABASE_URL=database_url,
        CHARTER_GATEWAY=gateway,
        CORS_ORIGINS=APP,
        CORS_REQUEST_HEADERS="X-Shop-Trace, traceparent",
        CORS_EXPOSED_HEADERS="X-Cache",
        CORS_MAX_AGE_SECONDS="7200",
    )
    with serving(config) as service:
        allowed = preflight(service, APP)
        exposed = ask(service, "GET", "/v1/nothing", [("Origin", APP)])

    names = allowed.headers["access-control-allow-headers"].split(", ")
    assert {"x-shop-trace", "traceparent", "authorization", "if-match"} <= set(names)
    assert "sentry-trace" not in names
    assert allowed.headers["access-control-max-age"] == "7200"
    assert {"x-cache", "etag"} <= set(exposed.headers["access-control-expose-headers"].split(", "))


def test_without_a_list_nobody_is_allowed(door: Service) -> None:
    for response in (preflight(door, APP), ask(door, "GET", ME, [("Origin", APP)])):
        assert [name for name in response.headers if name.startswith("access-control-") or name == "vary"] == []
