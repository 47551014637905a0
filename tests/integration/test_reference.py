"""The reference: two pages under a strict policy that load nothing from elsewhere, and what they show."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from openapi_spec_validator import validate

from app.spec.operation import operations
from tests.document import DOCUMENT
from tests.raw import ask, say
from tests.service import Service, config_for
from tests.service import running as serving
from tests.wire import refused

PUBLIC = "https://api.example.com/accounts"
PAGES = ("/docs", "/docs/try")
OPERATIONS = {operation.body["operationId"]: operation for operation in operations(DOCUMENT)}
SHARED = {
    "default-src 'none'", "script-src 'self'", "img-src 'self' data:", "font-src 'self' data:", "connect-src 'self'",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
}  # fmt: skip
LOADED = re.compile(r'(?:href|src|data-document|data-viewer)="([^"]+\?v=[^"]+)"')


@pytest.fixture
def browser(service: Service) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


def nonce_of(page: httpx.Response) -> str:
    (nonce,) = re.findall(r"'nonce-([^']+)'", page.headers["content-security-policy"])
    return str(nonce)


def document_of(client: httpx.Client, page: str) -> Any:
    """Return the document that a page shows."""
    address = re.search(r'data-document="([^"]+)"', client.get(page).text)
    assert address
    return client.get(urljoin(page, address[1])).json()


def test_a_page_may_use_only_what_the_server_itself_sends(browser: httpx.Client) -> None:
    for path in PAGES:
        page = browser.get(path)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        (policy,) = page.headers.get_list("content-security-policy")
        (styles,) = set(policy.split("; ")) - SHARED
        assert set(policy.split("; ")) > SHARED
        assert styles == ("style-src 'self'" if path == "/docs/try" else f"style-src 'self' 'nonce-{nonce_of(page)}'")
        assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", page.text), "nothing inline"


def test_each_response_has_a_nonce_of_its_own_which_is_nowhere_else(browser: httpx.Client) -> None:
    pages = [browser.get("/docs") for _ in range(20)]

    assert len({nonce_of(page) for page in pages}) == 20
    for page in pages:
        nonce = nonce_of(page)
        assert re.fullmatch(r"[A-Za-z0-9_-]{24}", nonce)
        assert f'<meta property="csp-nonce" content="{nonce}">' in page.text
        assert page.text.count(nonce) == 1
        assert [name for name, value in page.headers.items() if nonce in value] == ["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert "etag" not in page.headers
    assert len({page.text.replace(nonce_of(page), "") for page in pages}) == 1


def test_the_head_of_the_page_is_that_of_a_page(service: Service) -> None:
    page, head = ask(service, "GET", "/docs"), ask(service, "HEAD", "/docs")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == page.headers["content-length"] == str(len(page.content))
    assert nonce_of(head) != nonce_of(page)
    for known in ("*", '"x"'):
        assert ask(service, "GET", "/docs", [("If-None-Match", known)]).status_code == 200


def test_a_page_loads_only_files_of_this_server_and_each_of_them_is_there(browser: httpx.Client) -> None:
    for path in PAGES:
        page = browser.get(path)
        assert not re.search(r"https?:|//[a-z]", page.text.replace("<!doctype", ""))
        addresses = LOADED.findall(page.text)
        assert len(addresses) >= 5
        for address in addresses:
            found = browser.get(urljoin(path, address))
            assert found.status_code == 200, address
            assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
            if found.headers["content-type"].startswith(("text/css", "image/")):
                assert not re.search(r"url\((?![\"']?data:)|@import", found.text), address


def test_a_file_is_kept_for_long_only_under_the_address_that_names_its_content(service: Service) -> None:
    """During an upgrade, a page of the new release may ask a server of the old one for its files."""
    for name in ("redoc.js", "reference.js", "reference.css", "reference.json", "favicon.svg"):
        for query in ("", "?v=", "?v=0123456789abcdef", "?w=1"):
            assert ask(service, "HEAD", f"/docs/{name}{query}").headers["cache-control"] == "public, max-age=300"


def test_the_host_of_a_request_is_written_nowhere(service: Service) -> None:
    host = "Host: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n"
    for target in (*PAGES, "/docs/reference.json", "/docs/try.json", "/llms.txt", "/docs/operations/login.md"):
        response = say(service, f"GET {target} HTTP/1.1\r\n{host}".encode())
        assert response.status_code == 200
        assert "evil.example" not in response.text + str(response.headers)


def test_the_document_to_read_says_in_words_what_the_keys_say(browser: httpx.Client) -> None:
    document = document_of(browser, "/docs")

    validate(document)
    assert set(document["paths"]) == set(DOCUMENT.bundle["paths"])
    for name, operation in OPERATIONS.items():
        shown = document["paths"][operation.path][operation.method]
        assert {key for key in shown if key.startswith("x-")} == {"x-badges", "x-codeSamples"}
        assert [item["lang"] for item in shown["x-codeSamples"]] == ["Shell", "Python", "TypeScript"]
        assert f"[Try it](./docs/try#/{operation.body['tags'][0]}/{name})" in shown["description"]
        assert f"(./docs/operations/{name}.md)" in shown["description"]
        assert operation.body["description"].strip() in shown["description"]
    badges = [item["name"] for item in document["paths"]["/v1/users/{user_id}"]["delete"]["x-badges"]]
    assert badges == ["owner or users:delete", "recent sign-in", "100000 requests per minute", "If-Match accepted"]


def test_the_document_to_try_fills_in_no_parameter(browser: httpx.Client) -> None:
    document = document_of(browser, "/docs/try")

    validate(document)
    parameters = [
        parameter
        for item in document["paths"].values()
        for operation in item.values()
        for parameter in operation.get("parameters", [])
    ]
    assert len(parameters) > 50
    assert {"If-Match", "Idempotency-Key", "If-None-Match", "user_id"} <= {
        parameter["name"] for parameter in parameters
    }
    for parameter in parameters:
        assert not {"example", "examples"} & (set(parameter) | set(parameter["schema"])), parameter
    assert document["paths"]["/v1/auth/login"]["post"]["requestBody"]["content"]["application/json"]["examples"]


LINK = re.compile(r"- \[([^\]]+)\]\((\S+)\)(?:: (\S.*))?")


def read_index(text: str) -> tuple[str, str, dict[str, dict[str, str]]]:
    """Return title, summary and sections of an llms.txt, and check that a section has links and nothing else."""
    title, summary, *parts = text.rstrip("\n").split("\n\n")
    assert re.fullmatch(r"# \S.*", title)
    assert re.fullmatch(r"> \S.*", summary)
    assert len(parts) % 2 == 0
    sections: dict[str, dict[str, str]] = {}
    for heading, links in zip(parts[::2], parts[1::2], strict=True):
        assert re.fullmatch(r"## \S.*", heading)
        matches = [LINK.fullmatch(line) for line in links.split("\n")]
        assert all(matches), links
        sections[heading[3:]] = {match[1]: match[2] for match in matches if match}
        assert len(sections[heading[3:]]) == len(matches), "no two links have one title"
    return title[2:], summary[2:], sections


def test_the_index_has_the_form_of_llms_txt_and_leads_to_each_page(browser: httpx.Client) -> None:
    index = browser.get("/llms.txt")

    assert index.headers["content-type"] == "text/plain; charset=utf-8"
    title, summary, sections = read_index(index.text)
    assert (title, summary[:32]) == ("Charter", "An accounts and access service t")
    tags = [f"Operations: {tag['name']}" for tag in DOCUMENT.bundle["tags"]]
    assert list(sections) == ["Guides", *tags, "The document"]
    listed = {name: link for tag in tags for name, link in sections[tag].items()}
    assert listed == {name: f"/docs/operations/{name}.md" for name in OPERATIONS}
    assert {"Authentication", "Errors", "Proxies", "Numbers of this deployment"} <= set(sections["Guides"])
    for links in sections.values():
        for link in links.values():
            assert browser.get(link).status_code == 200, link
    for name, link in sections["Guides"].items():
        page = browser.get(link)
        assert page.headers["content-type"] == "text/markdown; charset=utf-8"
        assert page.text.startswith(f"# {name}\n\n")
        assert "\n## " not in page.text
        assert page.text.count("```") % 2 == 0
    assert "| `RATE_LIMITED` |" in browser.get("/docs/guides/errors.md").text
    assert (
        "| the shortest new password has | 15 characters |"
        in browser.get(sections["Guides"]["Numbers of this deployment"]).text
    )


def test_each_operation_has_a_page_in_markdown(browser: httpx.Client) -> None:
    for name, operation in OPERATIONS.items():
        page = browser.get(f"/docs/operations/{name}.md")
        assert page.headers["content-type"] == "text/markdown; charset=utf-8"
        assert page.text.startswith(f"# {name}: {operation.body['summary']}\n")
        assert page.text.count("```") == 6
        for status in operation.body["responses"]:
            assert f"\n| {status} |" in page.text
    login = browser.get("/docs/operations/login.md").text
    assert "- Access: Everyone, without a token." in login
    assert "| `password` | string (password) | yes | " in login
    assert "curl -X POST 'https://accounts.example.com/v1/auth/login'" in login


def test_under_a_path_everything_names_the_address_of_the_deployment(database_url: str) -> None:
    config = config_for(DATABASE_URL=database_url, PUBLIC_URL=PUBLIC)
    with serving(config) as service, service.client() as client:
        document = document_of(client, "/docs")
        assert document["servers"] == [{"url": PUBLIC}]
        paths = ("/docs/reference.json", "/llms.txt", "/docs/operations/get_me.md", "/docs/guides/first-steps.md")
        texts = [client.get(path).text for path in paths]
        assert all(PUBLIC in text and "accounts.example.com" not in text for text in texts)
        links = [link for section in read_index(texts[1])[2].values() for link in section.values()]
        assert len(links) > len(OPERATIONS)
        for link in links:
            assert link.startswith(f"{PUBLIC}/")
            assert client.get(link.removeprefix(PUBLIC)).status_code == 200, link
        for path in ("/llms.txt", "/docs/try", "/docs/operations/get_me.md", "/docs/guides/errors.md"):
            assert ask(service, "GET", f"/accounts{path}").content == ask(service, "GET", path).content


@pytest.mark.parametrize("gateway", ["compiled", "connexion"])
def test_the_pages_can_be_turned_off_and_the_document_stays(database_url: str, gateway: str) -> None:
    config = config_for(DATABASE_URL=database_url, REFERENCE_PAGES="false", CHARTER_GATEWAY=gateway)
    with serving(config) as service:
        for target in (
            "/",
            "/docs",
            "/docs/try",
            "/docs/redoc.js",
            "/docs/operations/login.md",
            "/docs/guides/errors.md",
            "/llms.txt",
        ):
            refused(ask(service, "GET", target), 404, "NOT_FOUND")
        for target in ("/openapi.json", "/openapi.yaml", "/metrics"):
            assert ask(service, "GET", target).status_code == 200
