"""What the keys of an operation imply is in the document, as openapi/extensions.md says, and nothing else is."""

import copy
import re
from typing import Any

import pytest

from app.spec.document import load
from app.spec.document.derived import complete
from tests.document import DOCUMENT
from tests.house.repository import ROOT
from tests.unit.small_document import write

COMPONENTS = DOCUMENT.bundle["components"]
ENVELOPE = {"$ref": "#/components/schemas/UserEnvelope"}
BODY = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/LogoutRequest"}}}}
GUARDED = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/UpdateUserRequest"}}}}
ETAG = {"ETag": {"$ref": "#/components/headers/EntityTag"}}
WITH_ETAG = {"200": {"description": "It.", "headers": ETAG, "content": {}}}
# How a row of the table is made: its path, and the keys of its operation.
ROWS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "of any kind": ("get", "/v1/badges", {}),
    "without x-public": ("get", "/v1/badges", {"x-public": None}),
    "with x-permission, unless every role has the permission": ("get", "/v1/badges", {"x-permission": "users:read"}),
    "with x-step-up": ("post", "/v1/badges", {"x-step-up": "account_deletion"}),
    "with x-write-permission in its body": ("post", "/v1/badges", {"requestBody": GUARDED}),
    "with a parameter in its path": ("get", "/v1/badges/{badge_id}", {}),
    "with a body": ("post", "/v1/badges", {"requestBody": BODY}),
    "without x-rate-limit: none": ("get", "/v1/badges", {"x-rate-limit": None}),
    "with x-precondition: accepted": ("put", "/v1/badges", {"x-precondition": "accepted"}),
    "with x-precondition: required": ("put", "/v1/badges", {"x-precondition": "required"}),
    "with x-idempotency": ("post", "/v1/badges", {"x-idempotency": "accepted"}),
    "with x-paginated: offset": ("get", "/v1/badges", {"x-paginated": "offset"}),
    "with x-paginated: cursor": ("get", "/v1/badges", {"x-paginated": "cursor"}),
    "with x-cache": ("get", "/v1/badges", {"x-cache": {"policy": "profile", "tags": ["users"]}}),
    "GET, with a write in the same path that has x-precondition": ("get", "/v1/badges", {"_sibling": True}),
    "GET, with ETag among the headers of its success": ("get", "/v1/badges", {"responses": WITH_ETAG}),
    "with x-sunset": ("get", "/v1/badges", {"x-sunset": "2027-06-30"}),
    "with a response 201": ("post", "/v1/badges", {"responses": {"201": {"description": "Made."}}}),
}
# A row adds more than it says only by what another row says of the same operation.
ALSO = {"with x-write-permission in its body": "with a body"}


def operation(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    body = {
        "operationId": "get_badge",
        "x-public": True,
        "x-rate-limit": "none",
        "responses": {"200": {"description": "It.", "content": {"application/json": {"schema": ENVELOPE}}}},
    }
    merged = body | copy.deepcopy(changes or {})
    return {key: value for key, value in merged.items() if value is not None and key != "_sibling"}


def bundle_of(method: str, path: str, body: dict[str, Any], **siblings: Any) -> dict[str, Any]:
    item = {method: body, **siblings}
    return {"paths": {path: item}, "components": COMPONENTS, "security": [{"bearer": []}]}


def derived(method: str, path: str, changes: dict[str, Any]) -> dict[str, set[str]]:
    siblings = {"put": {"x-precondition": "accepted"}} if "_sibling" in changes else {}
    bundle = bundle_of(method, path, body := operation(changes), **siblings)
    found: dict[str, set[str]] = {"responses": set(), "reads": set(), "headers": set()}
    for pointer in complete(bundle):
        if pointer[2] != method:
            continue
        if pointer[3] == "responses" and len(pointer) == 5:
            found["responses"].add(str(pointer[4]))
        elif pointer[3] == "responses":
            found["headers"].add(str(pointer[-1]))
        elif pointer[3] == "parameters":
            reference = body["parameters"][int(pointer[4])]["$ref"].split("/")[-1]
            found["reads"].add(COMPONENTS["parameters"][reference]["name"])
    return found


def table() -> dict[str, dict[str, set[str]]]:
    text = (ROOT / "openapi" / "extensions.md").read_text(encoding="utf-8")
    section = text.split("## What follows from which key", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {
        cells[0].replace("`", ""): {
            "responses": set(re.findall(r"\d{3}", cells[1])),
            "reads": set(re.findall(r"`([^`]+)`", cells[2])),
            "headers": set(re.findall(r"`([^`]+)`", cells[3])),
        }
        for cells in rows[2:]
    }


def test_the_page_has_a_row_for_each_rule():
    assert list(table()) == list(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_the_page_says_what_is_added(row):
    added, plain = derived(*ROWS[row]), derived(*ROWS["of any kind"])
    expected, always = table()[row], table()["of any kind"]
    if row == "of any kind":
        assert added == expected
        return
    beside = derived(*ROWS[ALSO[row]]) if row in ALSO else {part: set() for part in plain}
    assert {part: added[part] - always[part] - beside[part] for part in added} == expected


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
    responses = {"200": {"description": "It."}, "410": {"description": "Gone.", "headers": ETAG}}
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
    bundle = bundle_of("get", "/v1/badges", body := operation())
    bundle["components"] = {}
    before = copy.deepcopy(body)
    complete(bundle)
    assert body == before | {"security": []}


def test_the_whole_document_needs_nothing_more():
    bundle = copy.deepcopy(DOCUMENT.bundle)
    assert not complete(bundle)
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
        bundle = bundle_of("post", "/v1/badges", operation())
        bundle["paths"]["/v1/badges"]["post"] |= copy.deepcopy(changes)
        assert all(pointer[:3] == ("paths", "/v1/badges", "post") for pointer in complete(bundle))


@pytest.mark.parametrize("key", ["paths", "components", "security"])
@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_a_document_that_is_no_document_does_not_stop_the_rules(key, junk):
    bundle = bundle_of("get", "/v1/badges", operation()) | {key: junk}
    assert all(pointer[:2] == ("paths", "/v1/badges") for pointer in complete(bundle))


def test_a_part_that_is_added_from_files_has_the_place_of_its_operation(tmp_path):
    get = "get: {operationId: get_user, tags: [users], x-permission: users:read, responses: {'200': {}}}"
    files = {"components/responses.yaml": "InvalidPath: {description: No.}", "paths/user.yaml": f"# A user.\n{get}\n"}
    document = load(write(tmp_path, files) / "openapi.yaml")
    place = document.where(("paths", "/v1/users/{user_id}", "get", "responses", "400", "$ref"))
    assert (place.file, place.line) == ("openapi/paths/user.yaml", 2)
