"""API8:2023 security misconfiguration; ASVS 5.0 V3.4, V14.3.2: nothing on the way keeps, shares or misreads a response.

Every operation of the document answers here: somebody who may, and somebody who may not, asked from a hostile page.
"""

import json
from collections.abc import Iterator

import httpx
import pytest

from app.database import Database
from models.record import database as proxy
from tests.gateways import TESTED
from tests.integration.hostile.attack_surface import Operation, attackable
from tests.people import People
from tests.raw import ask, bearer
from tests.servers import Servers
from tests.service import Service, config_for
from tests.service import running as serving
from tests.standins import Values

APP = "https://app.example.com"
JSON = ("Content-Type", "application/json")
ORIGINS = (
    "https://evil.example", "null", "*", "", "https://app.example.com.evil.example",
    "https://app.example.com@evil.example",
    "https://evil.example#https://app.example.com", "https://app.example.com%00.evil.example",
    "https://aapp.example.com", "http://app.example.com", "https://app.example.com:443", "HTTPS://APP.EXAMPLE.COM",
    "file://", "chrome-extension://abc", "https://app.example.com https://evil.example", "https://app_example.com",
)  # fmt: skip
MARKUP = "<script>alert(1)</script>"


@pytest.fixture(scope="module", params=TESTED)
def running(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Service]:
    """A service that one page elsewhere may call."""
    url = servers.clone()
    config = config_for(
        DATABASE_URL=url, REDIS_URL=servers.empty_redis(), CHARTER_GATEWAY=request.param, CORS_ORIGINS=APP
    )
    with serving(config) as service:
        yield service
    servers.drop(url)


@pytest.fixture
def responses(people: People, service: Service, database: Database) -> list[tuple[Operation, httpx.Response]]:
    """What every operation answers to an admin, a guest and nobody, on a hostile page that wants HTML."""
    assert proxy.obj is database
    ids = Values(people.bob)
    headers = [JSON, ("Origin", ORIGINS[0]), ("Accept", "text/html"), ("If-Match", "*"), ("Cookie", "session=1")]
    callers = [bearer(person.sign_in()["access_token"]) for person in (people.ada, people.gus)]
    found = []
    for caller in ([callers[0]], [callers[1]], []):
        # Ending sessions comes last.
        for operation in sorted(attackable(), key=lambda one: one.name in ("logout", "delete_user")):
            path = operation.policy.path.format_map(ids)
            body = json.dumps(operation.example).encode() if operation.example is not None else b""
            found.append((operation, ask(service, operation.policy.method.upper(), path, [*headers, *caller], body)))
    return found


def test_no_shared_cache_keeps_an_answer_that_is_somebody_s(responses: list[tuple[Operation, httpx.Response]]) -> None:
    """ASVS V14.3.2: no-store, or for a cached read private and asked again; and it varies by origin."""
    assert {response.status_code // 100 for _, response in responses} == {2, 4}
    for operation, response in responses:
        allowed = {"no-store"} if not operation.policy.safe else {"no-store", "private, no-cache"}
        assert response.headers["cache-control"] in allowed, operation.name
        assert "Origin" in response.headers["vary"], operation.name
        assert not {"expires", "age", "surrogate-control", "cdn-cache-control"} & set(response.headers)
        assert "set-cookie" not in response.headers


def test_no_answer_is_for_a_page_that_is_not_on_the_list(responses: list[tuple[Operation, httpx.Response]]) -> None:
    """ASVS V3.4.2, V3.5.8: no operation reflects an origin, and none ever offers credentials."""
    for operation, response in responses:
        assert [name for name in response.headers if name.startswith("access-control-")] == [], operation.name


def test_no_answer_is_taken_for_a_page_or_a_script(responses: list[tuple[Operation, httpx.Response]]) -> None:
    """ASVS V3.2.1, V3.4.3, V3.4.4: JSON whatever Accept says, not to be sniffed, framed or run."""
    for operation, response in responses:
        if response.content:
            assert response.headers["content-type"] == "application/json", operation.name
            json.loads(response.content)
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
        assert response.headers["referrer-policy"] == "no-referrer"


def test_no_origin_but_the_listed_one_opens_a_signed_in_answer(people: People, service: Service) -> None:
    """ASVS V3.4.2: with a good token, and in preflight: null, prefixes, suffixes and odd spellings are others."""
    token = bearer(people.alice.sign_in()["access_token"])
    wanted = [("Access-Control-Request-Method", "DELETE"), ("Access-Control-Request-Headers", "authorization")]
    for origin in ORIGINS:
        for method, more in (("GET", [token]), ("OPTIONS", wanted)):
            response = ask(service, method, "/v1/users/me", [("Origin", origin), *more])
            assert response.status_code in (200, 204)
            assert "access-control-allow-origin" not in response.headers, origin
            assert "access-control-allow-credentials" not in response.headers
    response = ask(service, "GET", "/v1/users/me", [token, ("Origin", APP), ("Origin", ORIGINS[0])])
    assert "access-control-allow-origin" not in response.headers


def test_an_error_never_gives_markup_back_as_markup(people: People, service: Service) -> None:
    """ASVS V1.2.1, V4.1.1: what was sent as path, name or value comes back as JSON, if it comes back at all."""
    token = bearer(people.ada.sign_in()["access_token"])
    quoted = MARKUP.replace(" ", "%20")
    for target in (
        f"/{quoted}",
        f"/v1/{quoted}",
        f"/docs/{quoted}",
        f"/v1/users/{quoted}",
        f"/v1/users?{quoted}=1",
        f"/?{quoted}",
    ):
        for method in ("GET", "POST", "FOO"):
            response = ask(service, method, target, [token, ("Accept", "text/html,*/*;q=0.1")])
            kind = response.headers.get("content-type", "")
            assert kind == "application/json" or MARKUP not in response.text, (method, target, kind)
    body = json.dumps({MARKUP: MARKUP, "email": MARKUP}).encode()
    response = ask(service, "POST", "/v1/users", [token, JSON, ("Accept", "text/html")], body)
    assert (response.status_code, response.headers["content-type"]) == (400, "application/json")
    assert response.text.count(MARKUP) == 1, "the name of the unknown property, and no value"


def test_a_tag_of_one_answers_no_question_of_another(people: People, service: Service) -> None:
    """ASVS V14.3.2 web cache deception: an ETag is no token: without the right there is no 304."""
    bob, alice = f"/v1/users/{people.bob.id}", bearer(people.alice.sign_in()["access_token"])
    for tag in ('"1"', "*", 'W/"1"', '"1", "2"'):
        given = ("If-None-Match", tag)
        assert ask(service, "GET", bob, [alice, given]).status_code == 403
        assert ask(service, "GET", bob, [given]).status_code == 401
        assert ask(service, "GET", "/v1/users/me", [alice, given]).status_code == 304
    for tail in ("/x.css", ";x.css", "%2fx.css", "/..%2fx.js", ".json"):
        assert ask(service, "GET", f"/v1/users/me{tail}", [alice]).status_code in (400, 404)
