"""What the overlay of a project takes from the protection of Charter's operations: refused, warned of, or accepted."""

import pytest

from app.spec.weakenings import find_weakenings
from tests.unit.sample_project import contract, document, edited, faults
from tests.unit.test_overlay import FILE, action, overlay

ROOT = "openapi/openapi.yaml"
LIST_USERS = "$.paths['/v1/users'].get"
PUBLIC = action(f"{LIST_USERS}['x-permission']", "remove: true") + action(
    LIST_USERS, "update: {x-public: true, security: []}"
)
REFUSED = [
    (PUBLIC, "5: Everybody may call list_users now, without an access token."),
    (
        action("$.paths['/v1/roles'].get", "update: {x-permission: account:read}"),
        "4: list_roles no longer needs the permission roles:read.",
    ),
    (
        action("$.paths['/v1/users/{user_id}/role'].put", "update: {x-owner: user_id}"),
        "4: The owner that x-owner of set_user_role now names needs no permission.",
    ),
    (
        action("$..['x-write-permission']", "remove: true"),
        "4: create_user no longer needs the permission roles:assign to set role.",
    ),
]
WARNED = [
    (
        action("$.paths['/v1/users/{user_id}'].delete", "update: {x-step-up: other}"),
        ("delete_user", "x-step-up", 4),
    ),
    (action("$.paths['/v1/auth/login'].post", "update: {x-rate-limit: default}"), ("login", "x-rate-limit", 4)),
    (action(LIST_USERS, "update: {x-rate-limit: none}"), ("list_users", "x-rate-limit", 4)),
    (action(LIST_USERS, "update: {security: [{other: []}]}"), ("list_users", "security", 4)),
    (action("$..additionalProperties", "remove: true"), ("login", "additionalProperties", 4)),
]
NOT_WEAKER = [
    action(LIST_USERS, "update: {x-permission: [users:list, users:read], x-rate-limit: write}"),
    action("$.paths['/v1/auth/login'].post", "remove: true"),
    action("$..maxLength", "remove: true"),
    action("$.paths['/v1/users/{user_id}'].get['x-owner']", "remove: true"),
]


@pytest.mark.parametrize(("actions", "words"), REFUSED)
def test_an_overlay_that_lets_more_callers_do_something_is_refused_unless_the_project_says_so(tmp_path, actions, words):
    found = faults(tmp_path, overlay(actions))
    assert any(fault.startswith(f"{FILE}:{words}") for fault in found), found
    assert all("to `weaken` in x-charter if it is meant." in fault for fault in found), found


@pytest.mark.parametrize(("actions", "weakening"), WARNED)
def test_an_overlay_that_protects_less_in_another_way_is_told(tmp_path, actions, weakening):
    found = find_weakenings(document(tmp_path, overlay(actions)))
    assert weakening in [(one.operation, one.key, one.place.line) for one in found]
    assert not any(one.needs_consent for one in found)


def test_what_does_not_protect_less_is_not_told(tmp_path):
    assert find_weakenings(document(tmp_path, overlay("".join(NOT_WEAKER)))) == []


def test_what_the_project_accepts_is_no_fault_and_no_warning(tmp_path):
    accepted = edited(ROOT, "weaken: [delete_user]", "weaken: [list_users]")
    made = contract(tmp_path, {**accepted, **overlay(PUBLIC)})
    assert made.policies["list_users"].public
    assert [(one.operation, one.key) for one in made.weakenings] == [("list_users", "x-public")]
    assert made.warnings == []


def test_the_rest_is_a_warning_with_its_line_and_so_is_a_consent_to_nothing(tmp_path):
    change = action("$.paths['/v1/auth/login'].post", "update: {x-rate-limit: read}")
    to_nothing, limit = map(str, contract(tmp_path, overlay(change)).warnings)
    assert to_nothing == f"{ROOT}:12: The overlay weakens nothing of delete_user. Remove it from `weaken`."
    assert limit.startswith(f"{FILE}:4: The rate limit of login is no longer login but read. Remove the change, or ")


def test_only_operations_of_charter_can_be_weakened_and_hidden_ones_too(tmp_path):
    listed = edited(ROOT, "weaken: [delete_user]", "weaken: [get_project, invalidate_cache, register]")
    own, omitted = faults(tmp_path, listed)
    assert own.startswith(f"{ROOT}:12: get_project is an operation of this project, which no overlay protects less.")
    assert omitted.startswith(f"{ROOT}:12: register is already listed at {ROOT}:10.")
