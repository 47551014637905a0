"""A deployment under a path: every reference that is sent begins with the path of PUBLIC_URL.

The requests come as a proxy passes them on that takes the path away.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from app.spec.operation import operations
from tests import sample_contract
from tests.document import DOCUMENT
from tests.gateways import TESTED
from tests.people import PASSWORD, People, make_role
from tests.raw import ask
from tests.servers import Servers
from tests.service import Service, config_for
from tests.service import running as serving
from tests.wire import data, refused

PUBLIC = "https://api.example.com/accounts"
SMALL = Path(sample_contract.__file__).parent / "document" / "openapi.yaml"
REFERENCE = re.compile(r'(?:href|src|data-document|data-viewer)="([^"]+)"')


@pytest.fixture(scope="module", params=TESTED)
def running(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Service]:
    """A service that clients reach under a path."""
    url = servers.clone()
    config = config_for(DATABASE_URL=url, CHARTER_GATEWAY=request.param, PUBLIC_URL=f"{PUBLIC}/")
    with serving(config) as service:
        yield service
    servers.drop(url)


def under(reference: str) -> str:
    """Return the path and query that the service sees when a client follows a reference."""
    parts = urlsplit(urljoin(f"{PUBLIC}/v1/somewhere", reference))
    assert f"{parts.scheme}://{parts.netloc}" == "https://api.example.com", reference
    assert parts.path.startswith("/accounts/"), reference
    return parts.path.removeprefix("/accounts") + (f"?{parts.query}" if parts.query else "")


def links(response: httpx.Response) -> dict[str, str]:
    return {link["rel"]: link["url"] for link in response.links.values()}


def with_header(name: str) -> set[str]:
    return {
        operation.body["operationId"]
        for operation in operations(DOCUMENT)
        for status, response in operation.body["responses"].items()
        if str(status).startswith("2") and name in operation.resolved(response).get("headers", {})
    }


def test_what_was_made_is_found_at_its_location(people: People) -> None:
    made = {
        "create_user": people.ada.api.post("/v1/users", json={"email": "new@example.com", "password": PASSWORD}),
        "create_role": people.ada.api.post("/v1/roles", json={"name": "clerk", "description": "", "permissions": []}),
    }
    assert set(made) == with_header("Location"), "another operation returns Location: make something of it here"

    for response in made.values():
        created = data(response, 201)
        assert data(people.ada.api.get(under(response.headers["location"]))) == created


def test_the_pages_of_every_list_lead_to_one_another(people: People) -> None:
    for number in range(3):
        make_role(f"role{number}")
        people.alice.sign_in()
        _ = people.make(f"person{number}", "user")
    lists = {
        "list_users": "/v1/users?q=person&",
        "list_roles": "/v1/roles?",
        "list_sessions": f"/v1/users/{people.alice.id}/sessions?",
        "list_audit_events": "/v1/audit-events?",
    }
    assert set(lists) == with_header("Link"), "another list: read two pages of it here"

    for name, path in lists.items():
        first = people.ada.api.get(f"{path}limit=1")
        data(first)
        found = links(first)
        second = people.ada.api.get(under(found["next"]))
        assert data(second) != data(first), name
        if name != "list_audit_events":
            pagination = first.json()["meta"]["pagination"], second.json()["meta"]["pagination"]
            assert pagination[0]["next"] == found["next"]
            assert pagination[0]["next"].startswith("/accounts/v1/")
            assert data(people.ada.api.get(under(pagination[1]["previous"]))) == data(first), name
            assert links(second)["prev"] == pagination[1]["previous"]


def test_the_pages_refer_to_what_is_under_the_path(running: Service) -> None:
    start = ask(running, "GET", "/")
    assert (start.status_code, start.headers["location"]) == (302, "/accounts/docs")

    with running.client() as client:
        waiting, seen = [urljoin(PUBLIC, start.headers["location"]), f"{PUBLIC}/docs/try"], set()
        while waiting:
            address = waiting.pop()
            if address in seen:
                continue
            seen.add(address)
            response = client.get(under(address))
            assert response.status_code == 200, address
            if response.headers["content-type"].startswith("text/html"):
                waiting += [urljoin(address, reference) for reference in REFERENCE.findall(response.text)]
    paths = {urlsplit(address)._replace(query="").geturl() for address in seen}
    loaded = ("docs/redoc.js", "docs/reference.js", "docs/reference.json", "docs/try.json", "docs/swagger-ui.js")
    assert {f"{PUBLIC}/{name}" for name in ("openapi.yaml", "llms.txt", *loaded)} <= paths


def test_the_document_leads_to_the_deployment(running: Service) -> None:
    with running.client() as client:
        document = client.get("/openapi.json").json()

    assert document["servers"] == [{"url": PUBLIC}]


def test_a_proxy_may_leave_the_path_before_what_it_passes_on(people: People, running: Service) -> None:
    for path in ("/v1/users/me", "/v1/roles/user", "/health/live"):
        plain, prefixed = people.ada.api.get(path), people.ada.api.get(f"/accounts{path}")
        assert (prefixed.status_code, prefixed.json().get("data")) == (200, plain.json().get("data"))
    for page in ("/openapi.json", "/docs/try", "/docs/try.js"):
        assert ask(running, "GET", f"/accounts{page}").content == ask(running, "GET", page).content
    for root in ("/accounts", "/accounts/", "/"):
        assert ask(running, "GET", root).headers["location"] == "/accounts/docs"
    me = "/accounts/v1/users/me"
    assert ask(running, "OPTIONS", me).headers["allow"] == ask(running, "OPTIONS", me[9:]).headers["allow"]
    refused(ask(running, "GET", me), 401, "UNAUTHENTICATED")
    refused(ask(running, "DELETE", me), 405, "METHOD_NOT_ALLOWED")


OTHERS = (
    "/accountsv1/users/me", "/accounts/nothing", "/accounts/v1/nothing", "/accounts//v1/users/me", "/accounts/docs/",
    "/Accounts/v1/users/me", "/accounts/v1/users/me/", "/accounts/../v1/users/me", "/%61ccounts/v1/users/me",
    "/accounts/accounts/v1/users/me", "/v1/accounts/users/me", "/account/v1/users/me", "//accounts/v1/users",
)  # fmt: skip


def test_no_other_spelling_of_the_path_leads_anywhere(running: Service) -> None:
    for target in OTHERS:
        refused(ask(running, "GET", target), 404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/v1", "/health", "/docs"])
def test_a_path_that_begins_like_ours_is_only_removed_by_the_proxy(database_url: str, path: str) -> None:
    config = config_for(DATABASE_URL=database_url, PUBLIC_URL=f"https://api.example.com{path}")
    with serving(config) as service:
        refused(ask(service, "GET", "/v1/users/me"), 401, "UNAUTHENTICATED")
        for target in ("/health/live", "/docs", "/docs/try.js"):
            assert ask(service, "GET", target).status_code == 200
        assert ask(service, "GET", "/").headers["location"] == f"{path}/docs"


def test_the_end_of_an_operation_is_explained_under_the_path(database_url: str) -> None:
    config = config_for(DATABASE_URL=database_url, PUBLIC_URL=PUBLIC)
    with serving(config, document=SMALL, handlers_package="tests.sample_contract.handlers") as service:
        response = ask(service, "POST", "/v1/relics", [("Content-Type", "text/plain")], b"x")

    assert '</accounts/docs#/probes/bury_relic>; rel="deprecation"' in response.headers["link"]
