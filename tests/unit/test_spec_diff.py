"""`charter spec diff`: each kind of change has its rule, its severity and its place."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from app.spec.diff import RULES, Source, changelog, compare
from tests.diffs.all import EDITS
from tests.diffs.document import DOCUMENT, SCHEMAS
from tests.diffs.edit import GONE, Edit, Path, edit
from tests.document import DOCUMENT as CHARTER

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize("edit", EDITS, ids=[edit.name for edit in EDITS])
def test_each_edit_is_found_by_exactly_its_rules(edit: Edit) -> None:
    changes = compare(Source("old", DOCUMENT), Source("new", edit.applied(DOCUMENT)), today=TODAY)
    told = [(change.rule.id, change.pointer, change.text) for change in changes]
    assert sorted(change.rule.id for change in changes) == sorted(edit.rules), told
    assert all(change.text.endswith(".") for change in changes), told


_SCHEMAS = ("components", "schemas")
_USER = ("paths", "/v1/users/{user_id}", "get")


@pytest.mark.parametrize(
    "change",
    [
        edit("nothing", ""),
        edit("remove a response field", "response-property-removed", (*_SCHEMAS, "User", "properties", "status"), GONE),
        edit(
            "add a required request field",
            "request-property-added-required",
            (*_SCHEMAS, "LoginRequest", "properties", "device"),
            {"type": "string"},
            (*_SCHEMAS, "LoginRequest", "required"),
            ["email", "password", "device"],
        ),
        edit(
            "narrow a request enum", "request-enum-value-removed", (*_SCHEMAS, "LogoutScope", "enum"), ["this", "all"]
        ),
        edit("remove an operation", "operation-removed", ("paths", "/v1/users/{user_id}", "delete"), GONE),
        edit(
            "add an optional request field",
            "request-property-added",
            (*_SCHEMAS, "LoginRequest", "properties", "device"),
            {"type": "string"},
        ),
        edit("a new status", "other-status-added", (*_USER, "responses", "410"), {"description": "It is gone."}),
        edit("tighten a length", "request-bound-tightened", (*_SCHEMAS, "NewDisplayName", "maxLength"), 3),
        edit(
            "rename a property",
            "request-property-added-required request-property-removed",
            (*_SCHEMAS, "RefreshRequest", "properties"),
            {"token": {"$ref": "#/components/schemas/RefreshToken"}},
            (*_SCHEMAS, "RefreshRequest", "required"),
            ["token"],
        ),
        edit(
            "a header becomes required",
            "parameter-became-required",
            ("components", "parameters", "IfMatch", "required"),
            True,
        ),
        edit(
            "widen an enum of both",
            "request-enum-value-added response-enum-value-added",
            (*_SCHEMAS, "UserStatus", "enum"),
            ["active", "suspended", "asleep"],
        ),
        edit("rename an operationId", "operation-id-renamed", (*_USER, "operationId"), "read_user"),
        edit("change a permission", "permission-required permission-waived", (*_USER, "x-permission"), "users:list"),
    ],
    ids=lambda change: change.name,
)
def test_the_edits_of_a_trial_in_our_own_document(change: Edit) -> None:
    old = Source("openapi/openapi.yaml", CHARTER.bundle, CHARTER)
    changes = compare(old, Source("new", change.applied(CHARTER.bundle)), today=TODAY)
    assert sorted(found.rule.id for found in changes) == sorted(change.rules), changes


def test_every_rule_has_an_edit() -> None:
    assert sorted(RULES.keys() - {rule for edit in EDITS for rule in edit.rules}) == []


def test_the_edits_have_names_of_their_own() -> None:
    names = [edit.name for edit in EDITS]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def _paths(node: Any, path: Path = ()) -> Iterator[Path]:
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*path, key)
        if isinstance(child, dict | list):
            yield from _paths(child, (*path, key))


# What is the case without it, too.
SAID_TWICE = {
    ("components", "schemas", "Thing", "properties", "owner", "x-write-permission"),  # nobody writes a response
    ("paths", "/v1/things", "get", "parameters", 0, "required"),
    ("paths", "/v1/things", "get", "parameters", 3, "required"),
    ("info", "version"),
}


def test_nothing_can_be_removed_without_a_change() -> None:
    removals = [
        path for path in _paths(DOCUMENT) if path[:1] != ("openapi",) and len(path) > 1 and path not in SAID_TWICE
    ]
    unnoticed = []
    for path in removals:
        if SCHEMAS in (path, path[:-1]):
            continue  # what refers to it would refer to nothing
        new = Source("new", edit("", "", path, GONE).applied(DOCUMENT))
        if not compare(Source("old", DOCUMENT), new, today=TODAY):
            unnoticed.append("/".join(map(str, path)))
    assert len(removals) > 300
    assert unnoticed == []


def test_a_change_that_operations_share_is_told_once_with_all_of_them() -> None:
    changed = edit("", "", ("components", "schemas", "Thing", "properties", "size"), GONE).applied(DOCUMENT)
    changes = compare(Source("old", DOCUMENT), Source("new", changed), today=TODAY)
    assert [(change.rule.id, set(change.operations)) for change in changes] == [
        ("response-property-removed", {"list_things", "create_thing", "get_thing"})
    ]
    assert changes[0].text == "The property `size` of `Thing` in responses is gone."


def test_schemas_that_contain_themselves_are_compared() -> None:
    document = edit(
        "", "", ("components", "schemas", "Square", "properties", "inside"), {"$ref": "#/components/schemas/Square"}
    ).applied(DOCUMENT)
    deeper = ("components", "schemas", "Square", "properties", "inside")
    changed = edit("", "", deeper, {"type": "string"}).applied(document)
    found = compare(Source("old", document), Source("new", changed), today=TODAY)
    assert {change.rule.id for change in found} >= {"request-type-changed", "response-type-changed"}
    assert compare(Source("old", document), Source("new", document), today=TODAY) == []


def test_a_changelog_says_that_nothing_has_changed() -> None:
    assert changelog([], "1.0.1") == "## 1.0.1\n\nNothing has changed for clients.\n"


def test_a_changelog_names_a_few_of_many_operations() -> None:
    changed = edit("", "", (*_SCHEMAS, "ProblemCode", "enum"), ["NEW"]).applied(CHARTER.bundle)
    changes = compare(Source("old", CHARTER.bundle), Source("new", changed), today=TODAY)
    added = [change for change in changes if change.rule.id == "error-code-added"]
    text = changelog(added, "1.1.0")
    assert text.startswith("## 1.1.0\n\n### New\n\n- **register, login, refresh and ")
    assert text.endswith("more operations**: There is the error code `NEW`.\n")
