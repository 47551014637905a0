"""Policies: what the x- keys say, read once and frozen; and the list of permissions they choose from."""

import json
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from app.spec.document import DocumentError
from app.spec.permissions import GRAMMAR, load_permissions
from tests.unit.small_document import PERMISSIONS, ROOT, SCHEMAS, USER, get, read, write

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_cursor_list_is_one_with_cursor_and_limit(tmp_path: Path) -> None:
    limit = "{type: integer, minimum: 1, maximum: 100, default: 20}"
    window = f"{{name: cursor, in: query, schema: {{type: string}}}}, {{name: limit, in: query, schema: {limit}}}"
    user = USER.replace("get:\n", f"get:\n  x-paginated: cursor\n  parameters: [{window}]\n")
    assert read(tmp_path, {"paths/user.yaml": user})["get_user"].paginated == "cursor"


def test_what_the_keys_say_becomes_a_frozen_policy(tmp_path: Path) -> None:
    policies = read(tmp_path)
    assert list(policies) == ["get_user", "update_user"]
    update = policies["update_user"]
    assert (update.method, update.path, update.tag, update.safe) == ("patch", "/v1/users/{user_id}", "users", False)
    assert (update.public, update.permissions, update.owner) == (False, ("users:read", "users:update"), "user_id")
    assert (update.bucket, update.event, update.precondition) == ("write", "user.updated", "required")
    assert (update.step_up, update.executor, update.paginated) == ("account_deletion", "hashing", None)
    assert update.write_permissions == ((("email",), "users:update"), (("profile", "bio"), "users:read"))
    assert update.target == ("user", "user_id")
    assert str(update.place) == "openapi/paths/user.yaml:8"
    with pytest.raises(FrozenInstanceError):
        update.tag = "me"  # type: ignore[misc]


def test_what_is_absent_means_the_stricter_thing(tmp_path: Path) -> None:
    policy = read(tmp_path)["get_user"]
    assert (policy.bucket, policy.event, policy.executor, policy.safe) == ("default", "get_user", "common", True)
    assert (policy.owner, policy.precondition, policy.step_up, policy.write_permissions) == (None, None, None, ())


def test_a_public_operation_asks_nobody(tmp_path: Path) -> None:
    user = USER.replace("x-permission: users:read\n", "x-public: true\n  security: []\n  x-rate-limit: none\n", 1)
    policy = read(tmp_path, {"paths/user.yaml": user})["get_user"]
    assert (policy.public, policy.permissions, policy.bucket) == (True, (), None)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/v1/users/{user_id}/sessions/{session_id}", ("session", "session_id")),
        ("/v1/roles/{role_name}", ("role", "role_name")),
        ("/v1/settings/{key}", ("setting", "key")),
        ("/v1/users/{user_id}/badges/{badge_id}", ("badge", "badge_id")),
        ("/v1/job_runs/{job_run_name}", ("job_run", "job_run_name")),
        ("/v1/users/{user_id}/things/{thing}", None),
        ("/v1/users", None),
    ],
)
def test_the_target_is_what_the_path_names_last(tmp_path: Path, path: str, target: tuple[str, str] | None) -> None:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    declared = "".join(f"  - {{name: {n}, in: path, required: true, schema: {{type: string}}}}\n" for n in names)
    item = "parameters:\n" + declared if names else ""
    item += "get: {operationId: it, tags: [users], x-permission: users:read, responses: {default: {}"
    item += ", '400': {}, '401': {}, '403': {}, '429': {}}}"
    files = {
        "openapi.yaml": ROOT.replace("/v1/users/{user_id}", path),
        "paths/user.yaml": item,
        "components/schemas.yaml": "X: {type: string}",
        "permissions.yaml": PERMISSIONS.splitlines()[0],
        "events.yaml": "{}",
    }
    assert read(tmp_path, files)["it"].target == target


def test_names_that_look_like_keys_and_examples_are_left_alone(tmp_path: Path) -> None:
    schemas = SCHEMAS.replace("type: object", "example: {x-anything: 1}")
    assert read(tmp_path, {"components/schemas.yaml": schemas})


def test_a_public_constant_may_run_on_the_loop(tmp_path: Path) -> None:
    public = "security: []\n  x-public: true\n  x-rate-limit: none\n  x-executor: loop"
    files = get("x-permission: users:read", public)
    assert read(tmp_path, files)["get_user"].executor == "loop"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Users: {description: x, roles: []}", "openapi/permissions.yaml:1: Users is not a valid permission."),
        ("\na:b: {description: x}", "openapi/permissions.yaml:2: a:b must have a description and roles"),
        ("a:b: {description: '', roles: []}", "openapi/permissions.yaml:1: a:b has no description."),
        ("a:b: {description: x, roles: [admin]}", "openapi/permissions.yaml:1: The roles of a:b are not"),
        ("a:b: {description: x, roles: user}", "openapi/permissions.yaml:1: The roles of a:b are not"),
        ("a:b: {description: x, roles: [{}]}", "openapi/permissions.yaml:1: The roles of a:b are not"),
        ("a:b: 1\na:b: 2", "openapi/permissions.yaml:2: The key `a:b` is here twice"),
        ("[]", "openapi/permissions.yaml:1: This file is not a mapping."),
    ],
)
def test_the_list_of_permissions_is_held_to_its_form(tmp_path: Path, text: str, fault: str) -> None:
    openapi = write(tmp_path, {"permissions.yaml": text})
    with pytest.raises(DocumentError) as caught:
        load_permissions(openapi / "permissions.yaml")
    assert [str(line).startswith(fault) for line in caught.value.faults].count(True) == 1


def test_a_list_of_permissions_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"permissions\.yaml:1: This file does not exist"):
        load_permissions(tmp_path / "permissions.yaml")


def test_the_schema_of_the_keys_and_its_explanation_name_the_same_keys() -> None:
    schema: dict[str, Any] = json.loads((REPOSITORY / "openapi/extensions.schema.json").read_text())["$defs"]
    explained = (REPOSITORY / "openapi/extensions.md").read_text()
    headings = [line[3:] for line in explained.splitlines() if line.startswith("## x-")]
    holders = ("operation", "property", "schema")
    assert sorted(headings) == sorted(key for holder in holders for key in schema[holder]["properties"])
    for holder in holders:
        for key in schema[holder]["properties"].values():
            assert {"title", "description", "examples"} <= set(key)
    assert schema["permission"]["pattern"] == f"^{GRAMMAR.pattern}$"
