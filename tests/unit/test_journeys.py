"""Journeys become Arazzo workflows, and one that does not fit the document is refused with its line."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.pipeline.contract import OPENAPI
from app.spec.document import Document
from app.spec.journeys import INPUTS, journey_faults, read_workflows
from tests.document import DOCUMENT

PATH = OPENAPI / "journeys.yaml"
TEXT = PATH.read_text(encoding="utf-8")
WORKFLOWS = {name: arazzo["workflows"][0] for name, arazzo in read_workflows(PATH, DOCUMENT).items()}


def step(workflow: str, name: str) -> dict[str, Any]:
    return next(each for each in WORKFLOWS[workflow]["steps"] if each["stepId"] == name)


def written(folder: Path, steps: str) -> Path:
    path = folder / "openapi" / "journeys.yaml"
    path.parent.mkdir()
    path.write_text(f"trip:\n  summary: A trip.\n  steps:\n{steps}", encoding="utf-8")
    return path


def test_there_are_the_journeys_that_every_deployment_must_pass() -> None:
    assert list(WORKFLOWS) == ["account_life", "rotation_and_reuse", "idempotent_create", "optimistic_update"]
    for workflow in WORKFLOWS.values():
        assert list(workflow["inputs"]["properties"]) == list(INPUTS)
        assert all(each["successCriteria"][0]["condition"].startswith("$statusCode == ") for each in workflow["steps"])


def test_a_step_takes_its_body_from_an_example_and_its_token_from_a_sign_in() -> None:
    assert step("account_life", "verified") == {
        "stepId": "verified",
        "operationId": "update_user",
        "parameters": [
            {"name": "user_id", "in": "path", "value": "$steps.found.outputs.body_data_0_id"},
            {"name": "Authorization", "in": "header", "value": "Bearer {$steps.admin.outputs.body_data_access_token}"},
        ],
        "requestBody": {"contentType": "application/json", "payload": {"email_verified": True}},
        "successCriteria": [
            {"condition": "$statusCode == 200"},
            {"condition": "$response.body#/data/role == 'user'"},
            {"condition": "$response.body#/data/email_verified == true"},
        ],
    }


def test_a_link_gives_a_step_its_operation_and_parameters() -> None:
    replaced = step("optimistic_update", "replaced")
    assert replaced["operationId"] == "replace_profile"
    assert replaced["parameters"][:2] == [
        {"name": "user_id", "in": "path", "value": "$steps.created.outputs.body_data_id"},
        {"name": "If-Match", "in": "header", "value": "$steps.seen.outputs.header_ETag"},
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (
            '"operationId": "suspend_user"',
            '"operationId": "block_user"',
            "suspended: {",
            "There is no operation suspend_user.",
        ),
        (
            '"restore": {',
            '"reinstate": {',
            "restored: {",
            "The response of suspended (suspend_user) has no link restore.",
        ),
        (
            '"name": "Idempotency-Key"',
            '"name": "Request-Key"',
            "with: {Idempotency-Key",
            "create_user has no parameter Idemp",
        ),
        (
            '"access_token": {"$ref"',
            '"token": {"$ref"',
            "as: admin",
            "The response of admin (login) has no body#/data/access_token.",
        ),
        (
            '"display_name": {"$ref": "#/components/schemas/D',
            '"name": {"$ref": "#/components/schemas/D',
            "named:",
            "has no body#/data/profile/display_name.",
        ),
        (
            '"refresh_token": {"$ref"',
            '"token": {"$ref"',
            "second:",
            "The body of refresh has no property refresh_token.",
        ),
        ('"verify": {', '"confirm": {', "example: verify", "update_user has no request example verify."),
        ('"428": {', '"427": {', "unseen:", "replace_profile does not document the status 428."),
        ('"EMAIL_TAKEN"', '"ADDRESS_TAKEN"', "without_key:", "There is no error code EMAIL_TAKEN."),
        (
            '"Idempotency-Replayed": {"$ref"',
            '"Replayed": {"$ref"',
            "see: {id: $created.id, created_at",
            "has no header.Idempotency-Replayed.",
        ),
        (
            '"/v1/users/{user_id}/suspend"',
            '"/v1/users/{id}/suspend"',
            "suspended: {",
            "suspend_user needs the parameter id.",
        ),
    ],
)
def test_what_is_renamed_in_the_document_is_noticed(old: str, new: str, line: str, message: str) -> None:
    text = json.dumps(DOCUMENT.bundle)
    assert old in text
    changed = Document(json.loads(text.replace(old, new)), "openapi.yaml", {}, {})
    fault = next(fault for fault in journey_faults(PATH, changed) if message in fault.message)
    assert line in TEXT.splitlines()[fault.place.line - 1], fault


@pytest.mark.parametrize(
    ("steps", "line", "message"),
    [
        ("    me: {do: get_me, as: admin}\n", 4, "There is no step admin before this one."),
        ("    me: {do: get_me}\n", 4, "get_me needs a token. Add `as` with"),
        (
            "    health: {do: get_health, with: {a: 1}}\n",
            4,
            "get_health has no parameter a. Write one of its parameters: none.",
        ),
        ("    health: {do: get_health, send: {a: 1}}\n", 4, "get_health takes no body."),
        ("    health:\n      do: get_health\n      see: {status: ok}\n", 6, "has no body#/data/status."),
        (
            "    login: {}\n    me: {follow: login.friends}\n",
            5,
            "login (login) has no link friends. Write one of its links: refresh, self,",
        ),
        ('    login: {see: {token_type: "it\'s"}}\n', 4, "token_type cannot be compared with it's."),
        ("    login: {sends: {email: a}}\n", 4, "steps.login.sends of trip is not"),
        ("    login: {follow: there}\n", 4, "steps.login.follow of trip"),
        ("    Login: {}\n", 1, "Login is not a valid name of a journey or step."),
        ("    - login\n", 3, "steps of trip must be an object."),
        ("    login: [\n", 5, "This is not YAML"),
    ],
)
def test_a_wrong_description_is_refused_with_its_line(tmp_path: Path, steps: str, line: int, message: str) -> None:
    fault, *others = journey_faults(written(tmp_path, steps), DOCUMENT)
    assert (fault.place.file, fault.place.line, others) == ("openapi/journeys.yaml", line, [])
    assert message in str(fault)


def test_a_document_without_journeys_has_no_faults(tmp_path: Path) -> None:
    assert journey_faults(tmp_path / "journeys.yaml", DOCUMENT) == []
