"""The mock serves any document that Charter could serve: its own resources keep what is written."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from tests.integration.mock.library import BOOK, BOOK_ID, write_library
from tests.integration.mock.mocked import MockService
from tests.wire import data, refused


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockService]:
    service = MockService(document=write_library(tmp_path_factory.mktemp("library")))
    yield service
    service.close()


@pytest.fixture
def admin(library: MockService) -> Iterator[httpx.Client]:
    library.state.reset()
    with library.client(library.sign_in("admin@example.com")["access_token"]) as client:
        yield client


def test_a_resource_begins_with_the_example_of_its_list(admin: httpx.Client) -> None:
    assert data(admin.get("/v1/books")) == [BOOK]
    read = admin.get(f"/v1/books/{BOOK_ID}")
    assert data(read) == BOOK
    assert read.headers["etag"] == '"1"'


def test_a_resource_keeps_what_is_written(admin: httpx.Client) -> None:
    made = admin.post("/v1/books", json={"title": "Notes", "pages": 12})
    book = data(made, 201)
    assert (book["title"], book["pages"], book["author"]) == ("Notes", 12, BOOK["author"])
    assert UUID(book["id"]).version == 7
    assert book["created_at"] > BOOK["created_at"]
    path = made.headers["location"]
    assert path == f"/v1/books/{book['id']}"
    read = admin.get(path)
    assert data(read) == book
    assert admin.get(path, headers={"If-None-Match": read.headers["etag"]}).status_code == 304
    changed = admin.patch(path, json={"title": "More notes"}, headers={"If-Match": read.headers["etag"]})
    assert data(changed)["title"] == "More notes"
    assert changed.headers["etag"] == '"2"'
    stale = admin.patch(path, json={"title": "x"}, headers={"If-Match": read.headers["etag"]})
    refused(stale, 412, "PRECONDITION_FAILED")
    assert admin.patch(path, json={"title": "More notes"}).headers["etag"] == '"2"'
    assert admin.delete(path).status_code == 204
    refused(admin.get(path), 404, "NOT_FOUND")
    refused(admin.delete(path), 404, "NOT_FOUND")


def test_its_list_has_pages_and_filters(admin: httpx.Client) -> None:
    for number in range(5):
        admin.post("/v1/books", json={"title": f"Volume {number}", "author": "Grace" if number % 2 else "Ada"})
    titles, path = [], "/v1/books?limit=2"
    while path:
        page = admin.get(path)
        titles += [book["title"] for book in data(page)]
        path = page.json()["meta"]["pagination"]["next"]
    assert titles == [BOOK["title"], *(f"Volume {number}" for number in range(5))]
    assert [book["title"] for book in data(admin.get("/v1/books?author=Grace"))] == ["Volume 1", "Volume 3"]


def test_ids_are_made_as_the_document_has_them(admin: httpx.Client) -> None:
    numbers = [shelf["number"] for shelf in data(admin.get("/v1/shelves"))]
    made = data(admin.post("/v1/shelves", json={"title": "x"}), 201)
    assert made["number"] == max(numbers) + 1
    assert data(admin.get(f"/v1/shelves/{made['number']}")) == made


def test_an_id_that_the_client_chooses_is_taken_once(admin: httpx.Client) -> None:
    loan = {"id": BOOK_ID, "title": "x"}
    assert data(admin.post("/v1/loans", json=loan), 201) == loan
    assert admin.post("/v1/loans", json=loan).status_code == 409
    assert data(admin.get(f"/v1/loans/{BOOK_ID}")) == loan


def test_a_list_by_cursor_goes_on_to_the_end(admin: httpx.Client) -> None:
    made = [data(admin.post("/v1/loans", json={"title": f"Loan {number}"}), 201)["id"] for number in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = admin.get(f"/v1/loans?limit=2{cursor}")
        seen += [loan["id"] for loan in data(page)]
        following = page.json()["meta"]["pagination"]["next_cursor"]
        cursor = following and f"&cursor={following}"
    assert seen == sorted(seen, reverse=True)
    assert set(made) < set(seen)


def test_who_made_a_resource_owns_it(admin: httpx.Client, library: MockService) -> None:
    with (
        library.client(library.sign_in("user@example.com")["access_token"]) as user,
        library.client(library.sign_in("guest@example.com")["access_token"]) as guest,
    ):
        loan = f"/v1/loans/{data(user.post('/v1/loans', json={'title': 'Mine'}), 201)['id']}"
        assert data(user.get(loan))["title"] == data(admin.get(loan))["title"] == "Mine"
        for path in (loan, f"/v1/loans/{BOOK_ID}"):
            refused(guest.get(path), 403, "FORBIDDEN")
        refused(user.get(f"/v1/loans/{BOOK_ID}"), 403, "FORBIDDEN")
        refused(admin.get(f"/v1/loans/{BOOK_ID}"), 404, "NOT_FOUND")


def test_requests_are_checked_against_the_document(admin: httpx.Client, library: MockService) -> None:
    refused(admin.post("/v1/books", json={"pages": 0, "price": 1}), 400, "VALIDATION_ERROR", "pages", "price")
    with library.client(library.sign_in("user@example.com")["access_token"]) as user:
        refused(user.get("/v1/books"), 403, "FORBIDDEN")


def test_what_has_no_example_is_made_from_its_schema_and_is_valid(admin: httpx.Client) -> None:
    report = data(admin.get(f"/v1/books/{BOOK_ID}/report"))
    assert report == data(admin.get(f"/v1/books/{BOOK_ID}/report"))
    assert "secret" not in report
    other = data(admin.get(f"/v1/books/{BOOK_ID}/report", headers={"Prefer": "example=generated"}))
    assert set(other) == set(report)


def test_events_of_such_a_document_are_in_the_trail(admin: httpx.Client) -> None:
    admin.patch(f"/v1/books/{BOOK_ID}", json={"pages": 70})
    [event] = data(admin.get("/v1/audit-events?action=book.updated"))
    assert (event["outcome"], event["target"]) == ("succeeded", {"type": "book", "id": BOOK_ID})


def test_a_document_of_another_team_needs_no_handlers(tmp_path: Path) -> None:
    from app.mock.configuration import read_config
    from app.mock.contract import read_mock_contract

    config = read_config({}, host="127.0.0.1", port=0)
    document = Path("tests/sample_contract/document/openapi.yaml")
    mocked = read_mock_contract(config, document, seed=1)
    assert set(mocked.contract.operations) == set(mocked.examples)
