"""A document of two operations, and how it is read: what the tests of policies change one thing in."""

import textwrap
from pathlib import Path

import pytest

from app.spec.document import DocumentError, load
from app.spec.events import load_events
from app.spec.permissions import load_permissions
from app.spec.policies import read_policies
from app.spec.policy import Policy

ROOT = """\
openapi: 3.0.3
tags: [{name: users}]
security: [{bearer: []}]
paths:
  /v1/users/{user_id}: {$ref: paths/user.yaml}
info: {title: Small, version: "1"}
"""
USER = """\
parameters:
  - {name: user_id, in: path, required: true, schema: {type: string, format: uuid}}
get:
  operationId: get_user
  tags: [users]
  x-permission: users:read
  responses: {default: {}, "400": {}, "401": {}, "403": {}, "429": {}}
patch:
  operationId: update_user
  tags: [users]
  x-permission: [users:read, users:update]
  x-owner: user_id
  x-rate-limit: write
  x-audit: user.updated
  x-precondition: required
  x-step-up: account_deletion
  x-executor: hashing
  parameters: [{name: if-match, in: header, schema: {type: string}}]
  requestBody:
    content:
      application/json:
        schema: {$ref: '../components/schemas.yaml#/User'}
  responses: {default: {}, "400": {}, "401": {}, "403": {}, "412": {}, "415": {}, "428": {}, "429": {}}
"""
SCHEMAS = """\
User:
  type: object
  properties:
    email: {type: string, x-write-permission: users:update}
    profile:
      allOf: [{$ref: '#/Profile'}]
Profile:
  properties:
    x-kept: {type: string}
    bio: {type: string, x-write-permission: users:read}
"""
PERMISSIONS = """\
users:read: {description: Read., roles: [guest, user]}
users:update: {description: Update., roles: []}
"""
EVENTS = """\
user.updated: {description: Updated.}
user.fixed: {description: Fixed by the command., by: cli}
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    texts = {
        "openapi.yaml": ROOT,
        "paths/user.yaml": USER,
        "components/schemas.yaml": SCHEMAS,
        "components/securitySchemes.yaml": "bearer: {type: http, scheme: bearer}",
        "permissions.yaml": PERMISSIONS,
        "events.yaml": EVENTS,
    }
    for name, text in (texts | files).items():
        path = folder / "openapi" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder / "openapi"


def read(folder: Path, files: dict[str, str] | None = None) -> dict[str, Policy]:
    openapi = write(folder, files or {})
    found, faults = read_policies(
        load(openapi / "openapi.yaml"),
        permissions=load_permissions(openapi / "permissions.yaml"),
        events=load_events(openapi / "events.yaml"),
        buckets={"default", "write"},
        thorough=True,
        recencies={"account_deletion"},
        lifetimes={"profile", "settings"},
    )
    if faults:
        raise DocumentError(faults)
    return found


def faults(folder: Path, files: dict[str, str]) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        read(folder, files)
    return [str(fault) for fault in caught.value.faults]


Breach = tuple[dict[str, str], int | str, str]
"""What is changed; where that is a fault, by its line in paths/user.yaml or by file and line; words of the fault."""


def check_breach(folder: Path, breach: Breach) -> None:
    """Check that a breach is told with its place."""
    files, place, words = breach
    place = f"paths/user.yaml:{place}" if isinstance(place, int) else place
    lines = faults(folder, files)
    assert [fault for fault in lines if fault.startswith(f"openapi/{place}: ") and words in fault], lines


def change(old: str, new: str, text: str = USER) -> str:
    assert old in text
    return text.replace(old, new, 1)


def get(old: str, new: str) -> dict[str, str]:
    """Change the GET operation, lines 3 to 7."""
    return {"paths/user.yaml": change(old, new)}


def patch(old: str, new: str) -> dict[str, str]:
    """Change the PATCH operation, from line 8."""
    head, tail = USER.split("patch:")
    return {"paths/user.yaml": head + "patch:" + change(old, new, tail)}
