"""The pages beside the document: a written list that Flask answers; everything else is a 404, operations included."""

import re
from collections.abc import Iterator

import httpx
import pytest
import yaml
from openapi_spec_validator import validate

from app.config import Config
from tests.people import People
from tests.raw import ask
from tests.service import Service, config_for
from tests.service import running as serving
from tests.wire import data, refused

TOKEN = "a-token-of-the-metrics-0123456789"
PRODUCTION = {
    "CHARTER_ENV": "production",
    "JWT_SECRET": "Tq8vX2mZr5Lw9Yb3Kd7Nf1Hs6Jg4Pc0A",
    "REFRESH_KEYS": "k1:Wn5Rt8Ym2Vx6Qz1Lb4Kd9Hf3Js7Gp0Cq",
    "BCRYPT_COST": "10",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/charter",
}
NO_PAGES = (
    "/nothing", "/docs/", "/Docs", "//docs", "/docs//try.js", "//openapi.json", "/docs/nothing.js", "/docs/../docs",
    "/docs/..%2f..%2fetc/passwd", "/docs/%2e%2e/pages.py", "/docs/swagger-ui.css/", "/docs/try/",
    "/docs/guides", "/docs/guides/", "/docs/guides/login.md", "/docs/guides/errors",
    "/docs/operations", "/docs/operations/login", "/docs/vendored.json", "/docs/redoc.js.gz",
    "/docs/operations/redoc.js", "/docs/login.md", "/llms.txt/", "/LLMS.txt", "/static/x", "/openapi.json/",
    "/ui", "/ui/", "/swagger.json", "/metrics/", "/favicon.ico", "/%20v1/users", "*",
)  # fmt: skip


@pytest.fixture
def browser(service: Service) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


def test_the_document_is_served_with_its_names(browser: httpx.Client) -> None:
    response = browser.get("/openapi.json")

    assert response.headers["content-type"] == "application/json"
    document = response.json()
    validate(document)
    assert {"User", "Profile", "ErrorEnvelope"} <= set(document["components"]["schemas"])
    data_schema = document["components"]["schemas"]["UserEnvelope"]["properties"]["data"]
    assert data_schema == {"$ref": "#/components/schemas/User"}


def test_both_spellings_of_the_document_are_the_same(browser: httpx.Client) -> None:
    response = browser.get("/openapi.yaml")

    assert response.headers["content-type"].startswith("application/yaml")
    assert yaml.safe_load(response.text) == browser.get("/openapi.json").json()


def test_the_document_names_the_public_address(database_url: str) -> None:
    config = config_for(DATABASE_URL=database_url, PUBLIC_URL="https://accounts.example.com")

    with serving(config) as service, service.client() as client:
        assert client.get("/openapi.json").json()["servers"] == [{"url": "https://accounts.example.com"}]


DOCUMENTS = ("/openapi.json", "/openapi.yaml")
COMPRESSED = (
    "gzip", "GZIP", "x-gzip", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8, *;q=0.1", "*", "gzip;q=0.001",
    "identity;q=0.5, gzip;q=1.000", "identity;q=0, *", "deflate, gzip ; q=1",
)  # fmt: skip
PLAIN = (
    "", "identity", "gzip;q=0", "gzip;q=0.000", "*;q=0", "br", "gzip;q=0.2, identity;q=0.5", "*, gzip;q=0",
    "gzip;q=two", "gzip;q=1.5", "gzip;level=9", "gzipped", ";q=1", ",,;",
)  # fmt: skip
COMPRESSED_PAGES = (*DOCUMENTS, "/docs/redoc.js", "/docs/try.json", "/llms.txt", "/docs/operations/login.md")
REVALIDATED_HEADERS = (*COMPRESSED_PAGES, "/docs/try", "/docs/reference.js", "/docs/favicon.svg")


def test_what_stays_the_same_may_be_kept_and_asked_about(service: Service, subtests: pytest.Subtests) -> None:
    for target in REVALIDATED_HEADERS:
        with subtests.test(target):
            whole = ask(service, "GET", target)
            tag = whole.headers["etag"]
            assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
            assert re.fullmatch(r"public, max-age=[1-9][0-9]*", whole.headers["cache-control"])
            for known in (tag, f"W/{tag}", f'"x", {tag}', f'{tag[:-1]}-gzip"', "*"):
                for method in ("GET", "HEAD"):
                    again = ask(service, method, target, [("If-None-Match", known)])
                    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
                    assert again.headers["cache-control"] == whole.headers["cache-control"]
                    assert again.headers.get("vary") == whole.headers.get("vary")
                    assert not {"content-type", "content-length", "content-encoding"} & set(again.headers)
            for other in ('"x"', f'{tag[:-1]}x"', "x", ""):
                assert ask(service, "GET", target, [("If-None-Match", other)]).content == whole.content
            head = ask(service, "HEAD", target)
            assert (head.content, head.headers["content-length"]) == (b"", str(len(whole.content)))


def test_the_document_comes_compressed_where_that_is_wanted(service: Service, subtests: pytest.Subtests) -> None:
    for target in COMPRESSED_PAGES:
        plain = ask(service, "GET", target)
        tags = {plain.headers["etag"]}
        assert "content-encoding" not in plain.headers
        for wish in COMPRESSED:
            with subtests.test(target, wish=wish):
                response = ask(service, "GET", target, [("Accept-Encoding", wish)])
                assert response.headers["content-encoding"] == "gzip"
                assert len(response.headers.get_list("content-length")) == 1
                assert response.headers["content-type"] == plain.headers["content-type"]
                assert response.content == plain.content  # httpx has undone it
                assert "Accept-Encoding" in response.headers["vary"]
                tags.add(response.headers["etag"])
                known = ask(service, "GET", target, [("Accept-Encoding", wish), ("If-None-Match", max(tags, key=len))])
                assert known.status_code == 304
        for wish in PLAIN:
            with subtests.test(target, wish=wish):
                response = ask(service, "GET", target, [("Accept-Encoding", wish)])
                assert "content-encoding" not in response.headers
                assert response.headers["etag"] == plain.headers["etag"]
                assert "Accept-Encoding" in response.headers["vary"]
        assert len(tags) == 2, "each of the two has a tag of its own"


def test_compressing_is_worth_it(service: Service) -> None:
    sizes = [
        int(ask(service, "HEAD", "/openapi.json", [("Accept-Encoding", wish)]).headers["content-length"])
        for wish in ("gzip", "identity")
    ]

    assert sizes[0] * 4 < sizes[1]


def test_an_unknown_page_is_a_404_in_the_envelope(service: Service) -> None:
    for target in NO_PAGES:
        response = ask(service, "GET", target)
        refused(response, 404, "NOT_FOUND")
        assert "location" not in response.headers


def test_pages_are_only_read(service: Service) -> None:
    for target in ("/docs", "/docs/try", "/llms.txt", "/openapi.json", "/metrics"):
        for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
            response = ask(service, method, target)
            refused(response, 405, "METHOD_NOT_ALLOWED")
            assert response.headers["allow"] == "GET, HEAD, OPTIONS"


def test_options_of_a_page_are_a_204_with_allow(service: Service) -> None:
    for target in ("/", "/docs", "/docs/try", "/openapi.json", "/docs/try.js", "/docs/operations/login.md"):
        response = ask(service, "OPTIONS", target)
        assert (response.status_code, response.content) == (204, b"")
        assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
        assert not {"content-type", "content-length"} & set(response.headers)
    refused(ask(service, "OPTIONS", "/nothing"), 404, "NOT_FOUND")


def test_a_refusal_of_a_page_has_the_request_id_of_its_log_line(service: Service) -> None:
    response = ask(service, "GET", "/nothing", [("X-Request-Id", "mine")])

    refused(response, 404, "NOT_FOUND")
    assert response.headers["x-request-id"] == "mine"


def test_the_figures_are_open_in_tests_and_count_by_operation(people: People, browser: httpx.Client) -> None:
    data(people.alice.api.get("/v1/users/me"))

    response = browser.get("/metrics")

    assert response.status_code == 200
    assert 'charter_requests_total{operation="get_me",status="200"}' in response.text
    assert "charter_response_mismatches_total" in response.text
    assert people.alice.email not in response.text
    assert str(people.alice.id) not in response.text


@pytest.mark.parametrize("gateway", ["compiled", "connexion"])
def test_the_figures_ask_for_their_token_in_production(gateway: str) -> None:
    config = Config.from_environment({**PRODUCTION, "CHARTER_GATEWAY": gateway, "METRICS_TOKEN": TOKEN})
    with serving(config) as service, service.client() as client:
        for header in ("", "Bearer", "Bearer x", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer \xe9"):
            refused(client.get("/metrics", headers={"Authorization": header.encode("latin-1")}), 401, "UNAUTHENTICATED")
        assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        assert client.get("/openapi.json").status_code == 200


def test_without_a_token_nobody_reads_the_figures_in_production() -> None:
    with serving(Config.from_environment(PRODUCTION)) as service:
        for header in ("", "Bearer", "Bearer ", "Bearer None"):
            refused(ask(service, "GET", "/metrics", [("Authorization", header)]), 401, "UNAUTHENTICATED")


def test_no_operation_that_connexion_registered_on_flask_answers(services, people: People) -> None:
    flask = services["compiled"].app.app
    registered = [rule for rule in flask.url_map.iter_rules() if not rule.endpoint.startswith(("page:", "static"))]
    client = flask.test_client()

    assert len(registered) > 15
    for rule in registered:
        path = rule.rule.replace("<user_id>", str(people.alice.id))
        for method in rule.methods or ():
            response = client.open(path, method=method, headers={"X-Request-Id": "x"})
            assert response.status_code == 404, (method, path)
    assert data(people.alice.api.get("/v1/users/me"))["status"] == "active"
