"""Content-Type: which spellings are JSON, what a PATCH may be besides, and what the refusal of anything else says."""

import pytest

from app.spec.operation import operations
from tests.document import DOCUMENT
from tests.people import People
from tests.raw import ask, bearer
from tests.service import Service
from tests.wire import data, refused

LOGIN = "/v1/auth/login"
JSON = ("Content-Type", "application/json")

PARSED_TYPES = (
    "application/json",
    "Application/JSON",
    "APPLICATION/JSON",
    "application/json; charset=utf-8",
    'application/json ; Charset="UTF-8"',
    "application/json;",
    "application/json ; ;charset=utf-8;",
    "application/json; foo=bar",
    'application/json; foo="a;charset=latin-1"; charset=utf-8',
    "application/json; charset=utf8",
    "application/json;charset=UTF8",
    "application/json; charset=latin-1",
    "application/json; charset=iso-8859-1",
    'application/json; charset="utf-16"',
    "application/json; charset=utf-8; charset=utf-16",
    "application/json; charset=us-ascii; charset=us-ascii",
    "application/json; charset=none-such",
    "application/json; version=1; profile=x",
    "application/json; charset = utf8",
)
REFUSED_TYPES = (
    "", "json", "*/*", "text/json", "text/plain", "application/xml", "application/jsonx",
    "application/json-patch+json", "application/problem+json", "application/vnd.api+json",
    "application/merge-patch+json", "application/x-ndjson", "application/json5", "text/x-json", "application/ json",
    "application /json", "application/json, application/json", "application/json; charset=utf8, application/json",
    "application/json; charset", "application/json; charset=", "application/json; foo", 'application/json; foo="bar',
    "application/json foo=bar", "application/json" + " ;" * 3000 + "!", "application/json, text/plain",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
)  # fmt: skip


@pytest.mark.parametrize("kind", PARSED_TYPES)
def test_json_by_another_spelling_is_json(door: Service, kind: str) -> None:
    response = ask(door, "POST", LOGIN, [("cOnTeNt-TyPe", kind)], b"{}")

    refused(response, 400, "VALIDATION_ERROR", "email", "password")


@pytest.mark.parametrize("kind", REFUSED_TYPES)
@pytest.mark.parametrize("body", [b"{}", [b"{}"]], ids=["sized", "chunked"])
def test_another_media_type_is_a_415(door: Service, kind: str, body: bytes | list[bytes]) -> None:
    refused(ask(door, "POST", LOGIN, [("Content-Type", kind)], body), 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=latin-1", "application/json; charset=utf-16", "application/json"]
)
def test_bytes_that_are_not_utf_8_are_told_as_such_whatever_the_charset_says(door: Service, kind: str) -> None:
    for body in ('{"email": "\xe9"}'.encode("latin-1"), '{"email": "a"}'.encode("utf-16-le")):
        [error] = refused(ask(door, "POST", LOGIN, [("Content-Type", kind)], body), 400, "MALFORMED_BODY")
        assert error["message"] == "The body is not UTF-8."


PATCHES = "application/json, application/merge-patch+json"


@pytest.mark.parametrize(
    "kind",
    ["application/merge-patch+json", "Application/Merge-Patch+JSON", "application/merge-patch+json;charset=utf8"],
)
def test_a_patch_may_say_that_it_is_a_merge_patch(people: People, service: Service, kind: str) -> None:
    """RFC 7396: null removes, what is left out stays, all else replaces."""
    token, sent = bearer(people.alice.sign_in()["access_token"]), ("Content-Type", kind)
    ask(service, "PATCH", "/v1/users/me", [token, JSON], b'{"bio": "Hello.", "locale": "de"}')

    response = ask(service, "PATCH", "/v1/users/me", [token, sent], [b'{"bio": null, "time', b'_zone": "UTC"}'])

    profile = data(response)["profile"]
    assert (profile["bio"], profile["locale"], profile["time_zone"]) == (None, "de", "UTC")
    refused(ask(service, "PATCH", "/v1/users/me", [token, sent], b'[{"op": "remove"}]'), 400, "VALIDATION_ERROR")
    other = ask(service, "PATCH", "/v1/users/me", [token, ("Content-Type", "application/json-patch+json")], b"[]")
    refused(other, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert (other.headers["accept"], other.headers["accept-patch"]) == (PATCHES, PATCHES)


def test_every_patch_of_the_document_takes_a_merge_patch(door: Service) -> None:
    patches = [operation for operation in operations(DOCUMENT) if operation.method == "patch"]

    assert len(patches) >= 3
    for operation in patches:
        content = operation.resolved(operation.body["requestBody"])["content"]
        assert list(content) == ["application/json", "application/merge-patch+json"], operation.name
        path = operation.path.replace("{", "").replace("}", "")
        assert ask(door, "OPTIONS", path).headers["accept-patch"] == PATCHES
    assert "accept-patch" not in ask(door, "OPTIONS", LOGIN).headers


def test_the_refusal_of_a_body_says_what_is_taken(door: Service) -> None:
    for headers in ([("Content-Type", "application/merge-patch+json")], [("Content-Type", "text/plain")], []):
        for body in (b"{}", [b"{}"]):
            response = ask(door, "POST", LOGIN, headers, body)
            refused(response, 415, "UNSUPPORTED_MEDIA_TYPE")
            assert response.headers["accept"] == "application/json"
            assert "accept-patch" not in response.headers
    encoded = ask(door, "POST", LOGIN, [JSON, ("Content-Encoding", "gzip")], b"{}")
    assert (encoded.status_code, encoded.headers["accept-encoding"]) == (415, "identity")
    assert "accept" not in encoded.headers


@pytest.mark.parametrize("body", [b"{}", [b"{}"]], ids=["sized", "chunked"])
def test_a_body_without_a_media_type_is_a_415(door: Service, body: bytes | list[bytes]) -> None:
    refused(ask(door, "POST", LOGIN, [], body), 415, "UNSUPPORTED_MEDIA_TYPE")
