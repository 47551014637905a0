"""What the keys of an operation imply is in the document, as openapi/extensions.md says, and nothing else is."""

import copy
from typing import Any

import pytest

from app.spec.derived_table import EXAMPLES, operation, with_derived_parts
from app.spec.document import load
from app.spec.document.derived import complete
from tests.document import DOCUMENT
from tests.house.repository import ROOT
from tests.unit.small_document import write

COMPONENTS = DOCUMENT.bundle["components"]
PAGE = ROOT / "openapi" / "extensions.md"


def bundle_of(method: str, path: str, body: dict[str, Any], **siblings: Any) -> dict[str, Any]:
    item = {method: body, **siblings}
    return {"paths": {path: item}, "components": COMPONENTS, "security": [{"bearer": []}]}


def test_the_page_has_a_row_for_each_rule():
    section = PAGE.read_text(encoding="utf-8").split("## What follows from which key", 1)[1].split("\n## ", 1)[0]
    labels = [line.split("|")[1].strip().replace("`", "") for line in section.splitlines() if line[:1] == "|"]
    assert labels[2:] == list(EXAMPLES)


def test_each_row_of_the_page_says_what_is_added():
    text = PAGE.read_text(encoding="utf-8")
    assert with_derived_parts(text, COMPONENTS) == text, "Run charter spec docs."


def test_a_row_that_says_something_else_is_written_again_and_the_others_stay():
    text = PAGE.read_text(encoding="utf-8")
    row = "| with `x-precondition: required` | 412, 428 | `If-Match` | `ETag`, if they have a body |\n"
    assert row in text
    assert (
        with_derived_parts(text.replace(row, ""), COMPONENTS).count("| with x-precondition: required | 412, 428 |") == 1
    )
    for wrong in ("| 412 | `If-Match` | `ETag` |", "| 412, 428, 429 | | `ETag` |", "| | `If-Match`, `x` | |"):
        written = with_derived_parts(text.replace(row, f"| with `x-precondition: required` {wrong}\n"), COMPONENTS)
        assert written == text.replace(", if they have a body |\n| with `x-idem", " |\n| with `x-idem"), wrong
    assert with_derived_parts(text.replace(row, f"{row}| with `x-gone` | 400 | | |\n"), COMPONENTS) == text


@pytest.mark.parametrize(
    ("changes", "security"),
    [
        ({}, []),
        ({"x-public": None, "x-permission": "users:read"}, [{"bearer": []}]),
        ({"security": [{"other": []}]}, [{"other": []}]),
    ],
)
def test_the_security_follows_from_x_public(changes, security):
    bundle = bundle_of("get", "/v1/badges", body := operation(changes))
    complete(bundle)
    assert body["security"] == security


def test_what_the_author_wrote_stays():
    own = {
        "200": {"description": "It.", "headers": {"x-request-id": {"schema": {"type": "string"}}}},
        "400": {"description": "Mine."},
        "404": {"$ref": "#/components/responses/EmailTaken"},
    }
    parameters = [{"name": "LIMIT", "in": "query", "schema": {"type": "integer"}}]
    changes = {"responses": own, "parameters": parameters, "x-paginated": "offset"}
    bundle = bundle_of("get", "/v1/badges/{badge_id}", body := operation(changes))
    complete(bundle)
    assert list(body["responses"]["200"]["headers"]) == ["Link", "x-request-id"]
    assert body["responses"]["400"]["description"] == "Mine."
    assert body["responses"]["404"] == own["404"]
    assert body["parameters"] == [*parameters, {"$ref": "#/components/parameters/Offset"}]


def test_an_error_of_the_operation_itself_gets_its_headers_and_the_envelope():
    changes = {"x-rate-limit": "write", "responses": {"200": {"description": "It."}, "409": {"description": "Taken."}}}
    bundle = bundle_of("post", "/v1/badges", body := operation(changes))
    complete(bundle)
    error = body["responses"]["409"]
    assert list(error["headers"]) == ["X-Request-Id", "RateLimit", "RateLimit-Policy"]
    assert error["headers"]["RateLimit"]["$ref"].endswith("/RateLimitWhereCounted")
    assert error["content"] == {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorEnvelope"}}}


def test_a_response_has_no_header_that_it_cannot_have():
    responses = {"204": {"description": "Done."}, "413": {"description": "Too large."}}
    changes: dict[str, Any] = {"x-rate-limit": None, "x-precondition": "accepted", "responses": responses}
    bundle = bundle_of("delete", "/v1/badges", body := operation(changes))
    complete(bundle)
    assert list(body["responses"]["204"]["headers"]) == ["X-Request-Id", "RateLimit", "RateLimit-Policy"]
    assert list(body["responses"]["413"]["headers"]) == ["X-Request-Id"]


def test_a_permission_of_a_nested_property_is_found():
    inner = {"type": "object", "properties": {"a": {"type": "string", "x-write-permission": "users:read"}}}
    body = {"content": {"application/json": {"schema": {"properties": {"inner": {"allOf": [inner]}}}}}}
    bundle = bundle_of("post", "/v1/badges", made := operation({"requestBody": body}))
    complete(bundle)
    assert made["responses"]["403"] == {"$ref": "#/components/responses/ForbiddenProperty"}


def test_an_etag_of_an_error_makes_no_304():
    responses = {
        "200": {"description": "It."},
        "410": {"description": "Gone.", "headers": {"ETag": {"$ref": "#/components/headers/EntityTag"}}},
    }
    bundle = bundle_of("get", "/v1/badges", made := operation({"responses": responses}))
    complete(bundle)
    assert "304" not in made["responses"]


def test_a_default_response_stands_for_failures_only():
    changes = {"responses": {"200": {"description": "It."}, "default": {"description": "Other."}}}
    bundle = bundle_of("get", "/v1/badges", body := operation(changes))
    complete(bundle)
    assert list(body["responses"]) == ["200", "400", "413", "414", "431", "default"]


@pytest.mark.parametrize(
    ("permission", "denied"), [("account:read", False), (["account:read", "sessions:end"], False), (["a:b"], True)]
)
def test_nobody_is_denied_what_every_role_has(permission, denied):
    bundle = bundle_of("get", "/v1/badges", body := operation({"x-public": None, "x-permission": permission}))
    complete(bundle)
    assert ("403" in body["responses"]) is denied


def test_the_first_success_stays_the_first():
    changes: dict[str, Any] = {"responses": {"default": {}, "409": {}, "202": {}, "200": {}}}
    bundle = bundle_of("get", "/v1/badges", body := operation(changes))
    complete(bundle)
    assert list(body["responses"]) == ["202", "200", "400", "409", "413", "414", "431", "default"]


def test_a_required_idempotency_key_is_required_in_the_document():
    bundle = bundle_of("post", "/v1/badges", body := operation({"x-idempotency": "required"}))
    complete(bundle)
    assert body["parameters"] == [COMPONENTS["parameters"]["IdempotencyKey"] | {"required": True}]


def test_nothing_is_added_that_the_document_has_no_component_for():
    bundle = bundle_of("get", "/v1/badges", body := operation({}))
    bundle["components"] = {}
    before = copy.deepcopy(body)
    complete(bundle)
    assert body == before | {"security": []}


def test_the_whole_document_needs_nothing_more():
    bundle = copy.deepcopy(DOCUMENT.bundle)
    assert complete(bundle) == ({}, {})
    assert bundle == DOCUMENT.bundle


def test_the_place_of_an_added_part_is_in_its_operation():
    pointer = ("paths", "/v1/users/{user_id}", "delete", "responses", "404")
    assert pointer in DOCUMENT.derived
    assert DOCUMENT.where((*pointer, "$ref")) == DOCUMENT.where(pointer[:4])
    assert DOCUMENT.where(pointer).file == "openapi/paths/user.yaml"


JUNK: tuple[Any, ...] = (None, 7, "text", [], [7], {}, {"get": 7}, {"200": 7}, {"x": []}, [{"in": 7}])


@pytest.mark.parametrize("key", ["parameters", "requestBody", "responses", "security", "x-permission", "x-paginated"])
@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_an_operation_that_is_no_operation_does_not_stop_the_rules(key, junk):
    for changes in ({key: junk}, {"responses": {"200": {key: junk}, "409": {"headers": junk, "content": junk}}}):
        bundle = bundle_of("post", "/v1/badges", operation({}))
        bundle["paths"]["/v1/badges"]["post"] |= copy.deepcopy(changes)
        assert all(pointer[:3] == ("paths", "/v1/badges", "post") for pointer in complete(bundle)[0])


@pytest.mark.parametrize("key", ["paths", "components", "security"])
@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_a_document_that_is_no_document_does_not_stop_the_rules(key, junk):
    bundle = bundle_of("get", "/v1/badges", operation({})) | {key: junk}
    assert all(pointer[:2] == ("paths", "/v1/badges") for pointer in complete(bundle)[0])


def test_a_part_that_is_added_from_files_has_the_place_of_its_operation(tmp_path):
    get = "get: {operationId: get_user, tags: [users], x-permission: users:read, responses: {'200': {}}}"
    files = {"components/responses.yaml": "InvalidPath: {description: No.}", "paths/user.yaml": f"# A user.\n{get}\n"}
    document = load(write(tmp_path, files) / "openapi.yaml")
    place = document.where(("paths", "/v1/users/{user_id}", "get", "responses", "400", "$ref"))
    assert (place.file, place.line) == ("openapi/paths/user.yaml", 2)
