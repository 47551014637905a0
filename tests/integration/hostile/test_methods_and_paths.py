"""API5:2023, API9:2023; ASVS 5.0 V4.1.4, V4.2.1, law 2: there is one door to an operation, and no way round it.

Every trick is played on every operation of the document by an admin, who has all rights: where it worked, something
would change. What is refused is refused by the gateway, in the envelope, before anybody decides on rights: no row.
"""

import re

import pytest

from app.database import run
from app.spec.settings_file import GRAMMAR
from tests.integration.hostile.attack_surface import attackable, contract, everything
from tests.people import People
from tests.raw import ask, bearer, say
from tests.rows import decision
from tests.service import Service
from tests.standins import Values
from tests.wire import refused

JSON = ("Content-Type", "application/json")
LOGIN = "/v1/auth/login HTTP/1.1\r\n"
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Method", "X-Override-Method")
UNKNOWN = (
    "PATCHX", "XDELETE", "DELETES", "TRACE", "TRACK", "DEBUG", "PROPFIND", "PURGE", "LINK", "delete", "Delete",
    "post", "get",
)  # fmt: skip
# {path} is the operation's own; what some server, proxy or framework on the way takes for the same.
TRICKS = (
    "{path}/", "{path}//", "{path}/.", "{path}/..;/", "{path}/%2e", "{path}%2f", "{path}%5c", "{path}\\", "{path};",
    "{path};a=b",
    "{path}.json", "{path}..", "{path}%09", "{path}%0d%0aX-A:%20b", "{path}%00.css", "{path}%3f", "{path}%23",
    "/{path}", "//{path}", "/.{path}", "/%2e{path}", "/x/..{path}", "/x/%2e%2e{path}", "/x/..%2f{path}", "/x/..;{path}",
    "/health/..{path}", "/health/%2e%2e{path}", "/docs/..{path}", "/docs/%252e%252e{path}", "/;{path}", "/%20{path}",
    "/%00{path}",
    "\\{path}", "/%5c{path}", "/%c0%af{path}", "/%ef%bc%8f{path}", "/v1{path}", "/v2{path}", "/api{path}",
    "/V1/..{path}",
)  # fmt: skip
# Ways to write the path's first letters.
RESPELLINGS = (
    ("/v1", "/V1"), ("/v1", "/v1/."), ("/v1", "/v1/%2e"), ("/v1", "/v1/x/.."), ("/v1", "/v1/../v1"), ("/v1",
    "/health/../v1"),
    ("/v1/", "/v1//"), ("/v1/", "/v1\\"), ("/v1/", "/v1%2f"), ("/v1/", "/v1;x/"), ("/v1/", "/v1%00/"), ("/v1/",
    "/v1/%20/"),
    ("/v1", "/%ef%bd%961"), ("/v1", "/%f0%9d%90%af1"), ("/v1", "/v%ef%bc%91"), ("/v1", "/%c1%b61"), ("/v1",
    "/%2576%2531"),
    ("/v1", "/v%31%00"), ("/v1", "/v1%c2%a0"), ("/v1", "/v1%e2%80%8b"), ("/v1", "/v1.0"), ("/v1", "/v01"),
)  # fmt: skip

A_SETTING = re.compile(rf"/v1/settings/{GRAMMAR.pattern}")


@pytest.fixture
def admin(people: People) -> tuple[str, str]:
    """The header of somebody who may do everything, with Bob there to do it to."""
    assert people.bob
    return bearer(people.ada.sign_in()["access_token"])


@pytest.fixture
def paths(people: People) -> dict[str, str]:
    """The paths of the operations by name, as they name Bob and their things."""
    values = Values(people.bob)
    return {operation.name: operation.policy.path.format_map(values) for operation in attackable()}


def rows() -> int:
    return int(run("SELECT count(*) FROM audit_events")[0][0])


def test_no_spelling_of_a_path_is_another_door_to_its_operation(
    service: Service, admin: tuple[str, str], paths: dict[str, str]
) -> None:
    """ASVS V4.1.4, path confusion: none reaches a handler, Flask's own routes included; 400, 404 or 405, and no row."""
    before, rows_before = everything(), rows()
    for operation in attackable():
        path, method = paths[operation.name], operation.policy.method.upper()
        targets = {trick.replace("{path}", path) for trick in TRICKS}
        targets |= {path.replace(old, new, 1) for old, new in RESPELLINGS if path.startswith(old)}
        for target in sorted(targets - {path}):
            if A_SETTING.fullmatch(target):  # `public.json` is as good a key as any, and not that of `public`
                continue
            response = ask(service, method, target, [admin, JSON, ("If-Match", "*")])
            assert response.status_code in (400, 404, 405), (method, target, response.text)
            assert response.headers["content-type"] == "application/json", target
            assert response.json()["data"] is None
            assert "location" not in response.headers
    assert (everything(), rows()) == (before, rows_before)


def test_no_method_but_the_document_s_reaches_an_operation(
    service: Service, admin: tuple[str, str], paths: dict[str, str]
) -> None:
    """ASVS V4.1.4: unknown ones, those of other paths, small letters, HEAD where there is no GET: 405, and no row."""
    before, rows_before = everything(), rows()
    methods: dict[str, set[str]] = {}
    for operation in attackable():
        methods.setdefault(paths[operation.name], set()).add(operation.policy.method.upper())
    for path, known in methods.items():
        allowed = known | {"OPTIONS"} | ({"HEAD"} if "GET" in known else set())
        for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", *UNKNOWN} - allowed:
            response = ask(service, method, path, [admin, JSON, ("If-Match", "*")], b"" if method == "HEAD" else b"{}")
            assert response.status_code == 405, (method, path, response.text)
            assert set(response.headers["allow"].split(", ")) == allowed
        response = ask(service, "OPTIONS", path, [admin])
        assert (response.status_code, response.content) == (204, b"")
    assert (everything(), rows()) == (before, rows_before)


def test_no_header_query_or_body_makes_another_method_of_a_read(
    service: Service, admin: tuple[str, str], paths: dict[str, str]
) -> None:
    """ASVS V4.1.4 method override: a GET stays a GET, decided as one; `_method` is an unknown parameter."""
    before = everything()
    for operation in [one for one in attackable() if one.policy.safe]:
        path = paths[operation.name]
        if "key" in operation.parameters:
            continue
        for name in OVERRIDES:
            response = ask(service, "GET", path, [admin, (name, "DELETE"), JSON], b'{"_method": "DELETE"}')
            assert response.status_code in (200, 404), (path, response.text)
            if not operation.policy.public:
                assert decision(response).action == operation.name
        for query in ("_method=DELETE", "method=DELETE", "X-HTTP-Method-Override=DELETE"):
            refused(ask(service, "GET", f"{path}?{query}", [admin]), 400, "VALIDATION_ERROR", query.partition("=")[0])
    assert everything() == before


def test_no_header_turns_one_path_into_another(people: People, service: Service, admin: tuple[str, str]) -> None:
    """ASVS V4.1.4: what rewriting proxies believe is not believed here, on our paths, on pages or on nothing."""
    before, rows_before = everything(), rows()
    bob = f"/v1/users/{people.bob.id}"
    for name in (
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Original-URI",
        "X-Forwarded-Uri",
        "X-Forwarded-Path",
        "X-Accel-Redirect",
    ):
        for target, status in (("/v1/nothing", 404), ("/docs", 405), ("/nothing", 404), ("/health/live", 405)):
            response = ask(service, "DELETE", target, [admin, (name, bob), ("X-HTTP-Method-Override", "DELETE")])
            assert response.status_code == status, (name, target, response.text)
    assert (everything(), rows()) == (before, rows_before)


def test_a_target_of_another_form_is_read_for_its_path_alone(
    people: People, service: Service, admin: tuple[str, str]
) -> None:
    """RFC 9112, 3.2: an absolute target is that path; authority form, asterisk and other schemes are no operation."""
    token = f"{admin[0]}: {admin[1]}"
    for target in ("http://evil.example:1/v1/users/me", "https://a@b:c/v1/users/me", "HTTP://x/v1/users/me"):
        response = ask(service, "GET", target, [admin])
        assert response.status_code in (200, 400), (target, response.text)
    rows_before = rows()
    for target in (
        "evil.example:443",
        "*",
        "//v1/users/me",
        "http:///v1/users/me/",
        "http://x//v1/users/me",
        "v1/users/me",
        "?/v1/users/me",
    ):
        response = say(service, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{token}\r\n\r\n".encode())
        assert response.status_code in (400, 404), (target, response.text)
    assert rows() == rows_before


def test_one_request_never_hides_in_another(people: People, service: Service, admin: tuple[str, str]) -> None:
    """RFC 9112, 11.2 request smuggling, ASVS V4.2.1: a delete inside a body, a chunk or a header is no request."""
    token = f"{admin[0]}: {admin[1]}"
    hidden = f"DELETE /v1/users/{people.bob.id} HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n"
    size, head = len(hidden), f"Host: x\r\n{token}\r\n"
    requests = (
        f"POST {LOGIN}{head}Content-Length: {size}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
        f"POST {LOGIN}{head}Content-Length: 0\r\nContent-Length: {size}\r\n\r\n{hidden}",
        f"POST {LOGIN}{head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}",
        f"POST {LOGIN}{head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{hidden}",
        f"POST {LOGIN}{head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}",
        f"POST {LOGIN}{head}Content-Length: 0x{size:x}\r\n\r\n{hidden}",
        f"POST {LOGIN}{head}Transfer-Encoding: chunked\r\n\r\n{size:x};x=\r\n{hidden}\r\n0\r\n\r\n",
        f"GET /v1/users/me HTTP/1.1\r\n{head}Content-Length: {size}\r\n\r\n{hidden}",
        f"GET /v1/users/me HTTP/1.1\r\n{head}X-A: b\r\n {hidden}",
        f"GET /health/live?\r\n{hidden}",
    )
    last = "GET /v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    before = everything()

    for request in requests:
        say(service, (request + last).encode())

    assert everything() == before
    assert run("SELECT count(*) FROM audit_events WHERE action = 'delete_user' AND kind = 'decision'") == [(0,)]


def test_what_connexion_and_flask_know_by_name_is_not_known_on_the_wire(service: Service) -> None:
    """API9:2023: no console, no static folder, no swagger page, no endpoint that a framework brings unasked."""
    names = [
        *("console", "static/", "static/app.py", "swagger.json", "ui/", "openapi.yml", "debug", "admin", "graphql"),
        *("actuator/health", "server-status", ".env", ".git/config", "robots.txt", "v1", "v1/", "api", "metrics/x"),
    ]
    names += [operation.policy.operation_id for operation in attackable()]
    names += [f"{policy.tag}.{policy.operation_id}" for policy in contract().policies.values()]
    for name in {f"/{name}" for name in names} - {policy.path for policy in contract().policies.values()}:
        refused(ask(service, "GET", name), 404, "NOT_FOUND")
