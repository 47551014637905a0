"""API4:2023 unrestricted resource consumption; ASVS 5.0 V2.4.1, V13.2.6, V15.2.2: a bad request costs little, and soon.

What floods is sent to a worker process of its own, whose memory and log can be looked at.
"""

import contextlib
import gc
import json
import signal
import socket
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from app.gateway.http.protocol import Protocol
from app.pipeline.request_context import RequestContext
from tests.command import Server
from tests.integration.conftest import Services
from tests.integration.hostile.attack_surface import attackable
from tests.limits import WIDE_LIMITS
from tests.people import PASSWORD, People
from tests.raw import ask, bearer
from tests.servers import Servers
from tests.service import REFRESH_KEYS, SECRET, Service
from tests.waiting import until
from tests.wire import data, refused

JSON = ("Content-Type", "application/json")
ADMIN = {"email": "root@example.com", "password": PASSWORD}
MIB = 1024
ROUNDS, ROUNDS_WITH_BOMBS, WARM_ROUNDS = 35, 10, 3
GROWTH_MIB = 12
LONGEST_LINE = 16_384


@pytest.fixture(scope="module")
def worker(servers: Servers) -> Iterator[SimpleNamespace]:
    """A process that serves, as `ask` and `say` want it, with the token of its admin."""
    url = servers.clone()
    server = Server(
        "serve", CHARTER_ENV="test", JWT_SECRET=SECRET, REFRESH_KEYS=REFRESH_KEYS, BCRYPT_COST="4", LOG_FORMAT="json",
        DATABASE_URL=url, REDIS_URL=servers.empty_redis(), CHARTER_ADMIN_EMAIL=ADMIN["email"],
        CHARTER_ADMIN_PASSWORD=ADMIN["password"], BODY_SECONDS="2", LIMIT_CLIENT_FAILURES="100000", **WIDE_LIMITS,
    )  # fmt: skip
    address = server.address()
    response = httpx.post(f"{address}/v1/auth/login", json=ADMIN)
    yield SimpleNamespace(url=address, server=server, token=bearer(data(response)["access_token"]))
    assert server.end(signal.SIGTERM) == 0
    servers.drop(url)


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest, services: Services) -> Service:
    """One way in, unless a test asks for both: lists are read behind it."""
    return services[getattr(request, "param", "compiled")]


def memory(worker: SimpleNamespace) -> float:
    """Return how much of the machine's memory the process holds, in MiB."""
    status = Path(f"/proc/{worker.server.process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))) / MIB


def light(worker: SimpleNamespace) -> None:
    """Assert that an ordinary request is answered."""
    assert data(ask(worker, "GET", "/v1/users/me", [worker.token]))["email"] == ADMIN["email"]


def bombs() -> list[bytes]:
    """Return bodies that are small to send and large to take apart."""
    return [
        b"[" * 30_000 + b"]" * 30_000,
        b'{"email":' * 6_000 + b"1" + b"}" * 6_000,
        b"{" + b",".join(b'"k%d":1' % number for number in range(5_000)) + b"}",
        b"{" + b",".join(b'"k%d":1' % number for number in range(1_000_000)) + b"}",
        b'{"email": ' + b"9" * 60_000 + b"}",
        b'{"email": 1e' + b"9" * 1_000 + b"}",
        b'{"email": "' + b"a" * 60_000 + b'", "password": "x"}',
        b'{"email": "' + b"\\u0000" * 9_000 + b'"}',
        b'{"email": "' + b"\\ud83d" * 9_000 + b'"}',
        b'{"email": "' + b"a@" * 30_000 + b'", "password": "x"}',
        b'{"email": "nobody@example.com", "password": "' + "\u0307\u0323".encode() * 60 + b'"}',
        b'{"email": "nobody@example.com", "password": "' + "\ufdfa".encode() * 256 + b'"}',
        b'{"profile": [' + b"{}," * 20_000 + b"{}]}",
        b"\x1f\x8b\x08\x00" + b"\x00" * 1_000,
        b" " * 65_000 + b"{}",
    ]


def hostile_requests(worker: SimpleNamespace) -> list[tuple[str, str, list[tuple[str, str]], Any]]:
    """Return requests that ask for more than they may have."""
    token = worker.token
    found: list[tuple[str, str, list[tuple[str, str]], Any]] = [
        (method, path, [token, JSON], body)
        for body in bombs()
        for method, path in (("POST", "/v1/auth/login"), ("PATCH", "/v1/users/me"))
    ]
    found += [("GET", f"/v1/users?{query}", [token], b"") for query in HOSTILE_QUERIES]
    found += [("GET", "/v1/users/me", [token, header], b"") for header in (
        ("X-A", "a" * 15_000), ("X-A", "a" * 60_000), ("Cookie", "a=b; " * 3_000), ("Accept", "a/b," * 3_000),
        ("If-None-Match", '"x",' * 2_000), ("Authorization", "Bearer " + "a." * 5_000), ("Range", "bytes=0-,0-,0-"),
    )]  # fmt: skip
    found += [("POST", "/v1/auth/login", [JSON], [b"x" * 4_000] * 40), ("GET", "/" + "a/" * 4_000, [], b"")]
    return found


# What no list takes for a page, a filter or an order.
HOSTILE_QUERIES = (
    "limit=101", "limit=0", "limit=-1", "limit=1e9", "limit=99999999999999999999", "limit=1&limit=100", "limit[]=1",
    "limit=",
    "offset=10001", "offset=-1", "offset=9223372036854775808", "offset=%00", "offset=0x1", "offset=%D9%A3",
    f"q={'a' * 6_000}", "q=%00", "q=%ED%A0%80", "q=%ff", "q=", "q=a&q=b", "q[$ne]=x", "q=a%00b",
    "sort=password_hash", "sort=email;drop%20table%20users", "sort=--email", "sort=email,created_at", "sort=1",
    "sort=random()",
    "sort=-created_at%20desc", "sort=EMAIL", "sort=u.id", "sort=email%20", "sort=%2Demail&sort=email", "sort[]=email",
    "fields=password_hash", "include=sessions", "expand=*", "filter=1", "page=1", "per_page=1000000", "cursor=x",
    "role=Admin", "role=%25", "status=ACTIVE", "status=deleted", "status=active%27--",
    "&".join(f"x{number}=1" for number in range(900)),
)  # fmt: skip


def test_no_flood_of_hostile_requests_grows_the_process_or_stops_it(worker: SimpleNamespace) -> None:
    """ASVS V15.2.2: over 2 000 requests, each answered 2xx to 4xx; memory stays, the log can be read, work goes on."""
    requests = hostile_requests(worker)
    for number in range(ROUNDS):
        if number == WARM_ROUNDS:
            warm = memory(worker)
        for method, target, headers, body in requests:
            # Bombs cost their sender too, the largest most of all.
            if (
                number == 0
                or isinstance(body, list)
                or not body
                or (number < ROUNDS_WITH_BOMBS and len(body) < 100_000)
            ):
                response = ask(worker, method, target, headers, body)
                assert response.status_code < 500, (method, target[:80], response.text)

    light(worker)
    grown = memory(worker) - warm
    assert grown < GROWTH_MIB, f"{grown:.1f} MiB more than after {WARM_ROUNDS} rounds"
    told = [line for line in worker.server.printed.splitlines() if line.startswith("{")]
    assert len(told) >= 2_000
    assert max(map(len, told)) <= LONGEST_LINE
    assert {json.loads(line).get("level") for line in told} <= {"info", "warning"}


def test_hundreds_who_open_connections_and_say_little_hold_up_nobody(worker: SimpleNamespace) -> None:
    """API4:2023, ASVS V13.2.6: silent connections, half requests and slow bodies beside an ordinary request."""
    address = (str(urlsplit(worker.url).hostname), urlsplit(worker.url).port or 80)
    head = b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    slow = head + b"Content-Length: 50000\r\n\r\n{"
    endless = head + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
    with contextlib.ExitStack() as stack:
        opened = []
        for number in range(400):
            opened.append(stack.enter_context(socket.create_connection(address, timeout=30)))
            opened[-1].sendall((b"", head, slow, endless)[number % 4])
        light(worker)
        assert httpx.get(f"{worker.url}/health").json()["status"] == "ok"
        for number, connection in enumerate(opened):
            if number % 4 >= 2:
                assert connection.recv(65_536).startswith(b"HTTP/1.1 400 ")
        light(worker)


def test_chunks_without_end_are_cut_off_at_the_limit(worker: SimpleNamespace) -> None:
    """API4:2023: a body that says nothing of its length is read as far as a body may go, and no further."""
    address = (str(urlsplit(worker.url).hostname), urlsplit(worker.url).port or 80)
    head = b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 50_000_000:
                connection.sendall(b"4000\r\n" + b" " * 0x4000 + b"\r\n")
                sent += 0x4000
                connection.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
                    break
                connection.settimeout(20)
        assert sent < 50_000_000
    light(worker)


HEAD = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
# What is sent and answered, what is sent then, and what is sent again and again.
SLOW: dict[str, tuple[bytes, bytes, bytes]] = {
    "silent": (b"", b"", b""),
    "half a head": (b"", HEAD, b""),
    "drop by drop": (b"", HEAD + b"X-A: ", b"a"),
    "empty lines": (b"", b"\r\n", b"\r\n"),
    "after a request": (HEAD + b"\r\n", HEAD, b""),
    "empty lines after a request": (HEAD + b"\r\n", b"\r\n", b"\r\n"),
    "a body after its response": (HEAD + b"Content-Length: 50000\r\n\r\n", b" ", b" "),
}


@pytest.mark.parametrize(("answered", "begun", "drop"), SLOW.values(), ids=SLOW)
def test_a_request_that_does_not_come_ends_its_connection(
    service: Service, monkeypatch: pytest.MonkeyPatch, answered: bytes, begun: bytes, drop: bytes
) -> None:
    """ASVS V13.2.6, slow headers: a client that does not finish its request is disconnected, however much it sends."""
    monkeypatch.setattr(service._server.config, "http_protocol_class", partial(Protocol, head_seconds=0.2))
    address = urlsplit(service.url)
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=20) as connection:
        connection.sendall(answered)
        received = b""
        while answered and b'"ok"}' not in received:
            received += connection.recv(65_536)
        connection.sendall(begun)
        deadline = time.monotonic() + 20
        connection.settimeout(0.05)
        with contextlib.suppress(ConnectionError):
            while True:
                assert time.monotonic() < deadline, "still connected"
                with contextlib.suppress(TimeoutError):
                    assert connection.recv(100) == b""
                    break
                connection.sendall(drop)


def test_no_list_takes_a_page_a_filter_or_an_order_of_another_kind(people: People) -> None:
    """API4:2023, ASVS V1.2.4: every list of the document: too much, too far, twice, or SQL for an order: 400."""
    lists = [operation for operation in attackable() if operation.policy.paginated and not operation.parameters]
    assert "list_users" in {operation.name for operation in lists}
    for operation in lists:
        for query in HOSTILE_QUERIES:
            response = people.ada.api.get(f"{operation.policy.path}?{query}")
            known = operation.name == "list_users" or query.startswith(("limit", "offset=-1"))
            assert response.status_code == 400 if known else response.status_code < 500, (
                operation.name,
                query,
                response.text,
            )


def test_a_search_is_for_what_it_says(people: People) -> None:
    """ASVS V1.2.4: wildcards, patterns and quotes are letters like any other, and nobody's name begins with them."""
    assert all((people.alice, people.bob))
    for text in ("%", "_", "a%", "%%", "\\", "al_ce", ".*", "(a+)+$", "^a", "a|b", "[a-z]", "'", "a' OR '1'='1", "*"):
        assert data(people.ada.api.get(f"/v1/users?q={quote(text)}")) == [], text


def test_a_list_of_faults_is_bounded_however_many_there_are(people: People) -> None:
    """API4:2023: 60 kB of faults are answered with fifty of them, and no name is repeated in its full length."""
    body = b"{" + b",".join(b'"%s%d":1' % (b"k" * 20, number) for number in range(2_000)) + b"}"
    response = people.ada.api.post("/v1/users", content=body, headers=dict([JSON]))

    errors = refused(response, 400, "VALIDATION_ERROR")
    assert len(errors) <= 50
    assert len(response.content) < 16_384


@pytest.mark.parametrize("running", ["compiled", "connexion"], indirect=True)
def test_a_refused_request_is_out_of_memory_at_once(people: People, service: Service) -> None:
    """ASVS V15.2.2: it is no garbage that waits for its collection with its body: wherever it was refused."""
    alice = bearer(people.alice.sign_in()["access_token"])
    requests: list[tuple[int, str, str, list[tuple[str, str]], bytes]] = [
        (404, "GET", "/v1/nothing", [], b""),
        (405, "PUT", "/v1/users", [], b""),
        (413, "POST", "/v1/auth/login", [JSON, ("Content-Length", "999999")], b"{"),
        (415, "POST", "/v1/auth/login", [], b"{}"),
        (401, "GET", "/v1/users/me", [], b""),
        (401, "POST", "/v1/auth/refresh", [JSON], b'{"refresh_token": "x"}'),
        (400, "POST", "/v1/auth/login", [JSON], b"{"),
        (400, "PATCH", "/v1/users/me", [alice, JSON], b'{"x": 1}'),
        (403, "GET", "/v1/users", [alice], b""),
    ]
    for status, method, target, headers, body in requests:
        if body and service.config.gateway == "connexion":
            continue  # what Connexion reads a body with refers to itself
        gc.collect()
        gc.disable()
        try:
            for _ in range(30):
                assert ask(service, method, target, headers, body).status_code == status
            # The server may still be working at its end of the last ones.
            told = f"{status} {method} {target}: their requests stay in memory"
            until(lambda: _contexts() < 10, partial(str, told))
        finally:
            gc.enable()


def _contexts() -> int:
    return sum(isinstance(found, RequestContext) for found in gc.get_objects())
