"""API2:2023, API4:2023; ASVS 5.0 V4.1.3, V6.3.1: where one calls from is not one's own to say, nor to change.

Limits and counters see the socket's address, or what a trusted proxy wrote; an IPv6 caller counts by their /64, within
which they can take any address they like.
"""

from collections.abc import Iterator

import httpx
import pytest

from app.database import run
from models.record import database as proxy
from tests.integration.conftest import Services
from tests.people import PASSWORD, People
from tests.raw import ask, bearer, say
from tests.servers import Servers
from tests.service import Service, config_for
from tests.service import running as serving
from tests.wire import data, refused

JSON = ("Content-Type", "application/json")
ME = "/v1/users/me"
# Under each name some proxy, framework or library passes on a client's address.
ADDRESS_HEADERS = (
    "X-Forwarded-For", "X-Real-IP", "X-Client-IP", "Client-IP", "True-Client-IP", "CF-Connecting-IP",
    "Fastly-Client-IP",
    "X-Cluster-Client-IP", "X-Originating-IP", "X-Remote-IP", "X-Remote-Addr", "X-ProxyUser-Ip", "Via",
    "X-Azure-ClientIP",
    "X-Forwarded", "Forwarded-For",
)  # fmt: skip
OTHER_GAMES = (
    ("X-Forwarded-Host", "evil.example"), ("X-Host", "evil.example"), ("X-Forwarded-Server", "evil.example"),
    ("X-Forwarded-Proto", "gopher"), ("X-Forwarded-Port", "1"), ("X-Forwarded-Prefix", "/evil.example"),
    ("X-Original-Host", "evil.example"), ("Forwarded", "for=203.0.113.9;host=evil.example;proto=gopher"),
    ("X-HTTP-Host-Override", "evil.example"), ("Referer", "https://evil.example/"), ("X-Script-Name", "/evil.example"),
)  # fmt: skip


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest, services: Services) -> Service:
    """One way in, unless a test asks for both: callers are counted behind it."""
    return services[getattr(request, "param", "compiled")]


@pytest.fixture(scope="module")
def proxied(servers: Servers) -> Iterator[Service]:
    url = servers.clone()
    config = config_for(
        DATABASE_URL=url, REDIS_URL=servers.empty_redis(), TRUSTED_PROXIES="127.0.0.0/8, 10.0.0.0/8",
        LIMIT_REFRESH="3/600", LIMIT_CLIENT_FAILURES="3",
    )  # fmt: skip
    with serving(config) as service:
        yield service
    servers.drop(url)


@pytest.fixture
def behind_proxy(proxied: Service, people: People) -> Service:
    """A service that believes its proxy, which is this machine, and has few calls and failures to give away."""
    return proxied


def refresh(service: Service, *headers: tuple[str, str]) -> int:
    return ask(service, "POST", "/v1/auth/refresh", [JSON, *headers], b'{"refresh_token": "x"}').status_code


def guess(service: Service, email: str, *headers: tuple[str, str], password: str = "wrong guess") -> httpx.Response:
    body = f'{{"email": "{email}", "password": "{password}"}}'.encode()
    return ask(service, "POST", "/v1/auth/login", [JSON, *headers], body)


def via(text: str) -> tuple[str, str]:
    return ("X-Forwarded-For", text)


def test_no_header_buys_another_bucket(people: People, database_url: str, valkey_url: str) -> None:
    """API4:2023: a made-up address with each call, under every name there is: the fourth is a 429 all the same."""
    ours, config = proxy.obj, config_for(DATABASE_URL=database_url, REDIS_URL=valkey_url, LIMIT_REFRESH="3/600")
    with serving(config) as service:
        statuses = [
            refresh(service, (name, f"192.0.2.{number}"), (name, "127.0.0.1"), ("Forwarded", f"for=192.0.2.{number}"))
            for number, name in enumerate(ADDRESS_HEADERS)
        ]  # fmt: skip
    proxy.initialize(ours)

    assert statuses == [401] * 3 + [429] * (len(ADDRESS_HEADERS) - 3)
    assert run("SELECT DISTINCT address FROM audit_clients") == [("127.0.0.1",)]


def test_no_header_buys_more_guesses(people: People, database_url: str) -> None:
    """API2:2023, ASVS V6.3.1: sign-ins are counted by the socket's address, whatever the request says of itself."""
    ours, config = proxy.obj, config_for(DATABASE_URL=database_url, LIMIT_CLIENT_FAILURES="3")
    with serving(config) as service:
        responses = [
            guess(service, f"nobody{number}@example.com", (name, f"203.0.113.{number}"))
            for number, name in enumerate(ADDRESS_HEADERS)
        ]
    proxy.initialize(ours)

    assert [response.status_code for response in responses] == [401] * 3 + [429] * (len(ADDRESS_HEADERS) - 3)


def test_what_stands_left_of_the_proxy_s_own_entry_is_the_client_s_invention(behind_proxy: Service) -> None:
    """API4:2023: the right-most address that is no proxy counts; entries and headers put before it buy nothing."""
    client = "198.51.100.7"
    inventions = [
        [via(client)],
        [via(f"203.0.113.1, {client}")],
        [via(f"203.0.113.2, 10.0.0.1, {client}, 10.0.0.2")],
        [via("203.0.113.3"), via(client)],
        [via(f"{client}, {client}"), ("X-Real-IP", "203.0.113.4")],
        [via(f"unknown, \xff, ::1, {client}:4711")],
        [("Forwarded", "for=203.0.113.5"), via(client)],
        [via(f"::ffff:{client}")],
    ]

    assert [refresh(behind_proxy, *headers) for headers in inventions] == [401] * 3 + [429] * 5
    assert refresh(behind_proxy, via("198.51.100.8")) == 401
    assert {address for (address,) in run("SELECT address FROM audit_clients")} == {client, "198.51.100.8"}


def test_a_whole_64_is_one_caller_to_the_limiter(behind_proxy: Service) -> None:
    """API4:2023: each call from another address of the same /64 is counted with the others; the next /64 is not."""
    inside = ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:DB8:1:2:0:0:0:3", "[2001:db8:1:2::4]:99"]
    outside = ["2001:db8:1:3::1", "2001:db8:1::1"]

    assert [refresh(behind_proxy, via(address)) for address in inside] == [401, 401, 401, 429]
    assert [refresh(behind_proxy, via(address)) for address in outside] == [401, 401]


def test_a_whole_64_is_one_caller_to_the_counters_of_guesses(behind_proxy: Service, people: People) -> None:
    """API2:2023: guesses at many accounts from all over a /64 are one client's; a right one waits too."""
    responses = [
        guess(behind_proxy, f"n{number}@example.com", via(f"2001:db8:1:2::{number}")) for number in range(1, 5)
    ]

    assert [response.status_code for response in responses] == [401, 401, 401, 429]
    right = guess(behind_proxy, people.alice.email, via("2001:db8:1:2:3::9"), password=PASSWORD)
    refused(right, 429, "RATE_LIMITED")
    other = guess(behind_proxy, people.alice.email, via("2001:db8:1:3::9"), password=PASSWORD)
    assert data(other)["user"]["id"] == str(people.alice.id)


def test_an_ipv4_address_in_ipv6_clothes_is_the_same_caller(behind_proxy: Service) -> None:
    """API4:2023: ::ffff:a.b.c.d in any of its spellings is a.b.c.d, and not one /64 for all of IPv4."""
    spellings = ["203.0.113.9", "::ffff:203.0.113.9", "::FFFF:cb00:7109", "[0:0:0:0:0:ffff:cb00:7109]:80"]

    assert [refresh(behind_proxy, via(address)) for address in spellings] == [401, 401, 401, 429]
    assert refresh(behind_proxy, via("::ffff:203.0.113.10")) == 401
    assert {address for (address,) in run("SELECT address FROM audit_clients")} == {"203.0.113.9", "203.0.113.10"}


def test_an_owner_who_moves_within_their_64_keeps_their_own_way_in(behind_proxy: Service, people: People) -> None:
    """API2:2023 lockout as a weapon: the address next door is still home; a stranger's /64 is not."""
    data(guess(behind_proxy, people.alice.email, via("2001:db8:a:a::1"), password=PASSWORD))
    strangers = [guess(behind_proxy, people.alice.email, via(f"203.0.113.{number}")) for number in range(1, 8)]
    assert strangers[-1].status_code == 429

    home = guess(behind_proxy, people.alice.email, via("2001:db8:a:a:ffff::2"), password=PASSWORD)
    away = guess(behind_proxy, people.alice.email, via("2001:db8:a:b::2"), password=PASSWORD)

    assert data(home)["user"]["id"] == str(people.alice.id)
    refused(away, 429, "RATE_LIMITED")


@pytest.mark.parametrize("running", ["compiled", "connexion"], indirect=True)
def test_no_host_and_no_forwarded_name_comes_back_in_an_answer(people: People, services: Services) -> None:
    """API8:2023, host header attacks: links and locations are relative, so no header can lead a reader elsewhere."""
    service = people.ada.service
    token = bearer(people.ada.sign_in()["access_token"])
    new = b'{"email": "%d@example.com", "password": "marmalade lantern 7 quarry"}'
    for number, game in enumerate((*OTHER_GAMES, ("X-Any", "x"))):
        requests = (
            ("GET", "/v1/users?limit=1", b""),
            ("GET", "http://evil.example/v1/users?limit=1", b""),
            ("POST", "/v1/users", new % number),
            ("GET", "/", b""),
            ("GET", "/openapi.json", b""),
            ("GET", "//evil.example/..", b""),
            ("GET", "/v1/nothing", b""),
        )
        for method, target, body in requests:
            response = ask(service, method, target, [token, game, *([JSON] if body else [])], body)
            assert response.status_code in (200, 201, 302, 404), (method, target, response.text)
            assert "evil.example" not in f"{response.headers}{response.text}", (target, game)
            assert response.headers.get("location", "/").startswith("/")
            assert not response.headers.get("location", "/").startswith("//")


@pytest.mark.parametrize("host", [b"", b"Host: evil.example\r\n", b"Host: a\r\nHost: b\r\n", b"Host: \x7f/../\r\n"])
def test_the_host_decides_nothing(people: People, host: bytes) -> None:
    """API8:2023: without a host, with another or with two, the response is the same or a plain refusal."""
    token = people.alice.sign_in()["access_token"].encode()
    request = b"GET /v1/users/me HTTP/1.1\r\n%bAuthorization: Bearer %b\r\nConnection: close\r\n\r\n" % (host, token)

    response = say(people.alice.service, request)

    assert response.status_code in (200, 400)
    assert "evil.example" not in f"{response.headers}{response.text}"
    if response.status_code == 200:
        assert data(response)["id"] == str(people.alice.id)
