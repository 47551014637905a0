"""Refusals that an operation's policy makes possible are documented, or the linter says which are not."""

from pathlib import Path

import pytest

from tests.unit.small_document import PERMISSIONS, USER, faults, get, read

PARAMETERS = USER.split("get:")[0]
ASKED = '"400": {}, "401": {}, "403": {}, "429": {}'


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (400, "requestBody"),
        (401, "security"),
        (403, "x-permission"),
        (412, "x-precondition"),
        (415, "requestBody"),
        (428, "x-precondition"),
        (429, "x-rate-limit"),
    ],
)
def test_what_the_policy_makes_possible_is_documented(tmp_path: Path, status: int, cause: str) -> None:
    named = USER.replace("default: {}", '"413": {}, "414": {}, "431": {}, "500": {}, "503": {}')
    head, tail = named.split("patch:")
    user = f"{head}patch:" + tail.replace(f'"{status}": {{}}, ', "").replace(f', "{status}": {{}}', "")

    [fault] = faults(tmp_path, {"paths/user.yaml": user})

    line = len(user.splitlines())
    message = f'update_user can return {status} ({cause}), but does not document it. Add "{status}".'
    assert fault == f"openapi/paths/user.yaml:{line}: {message}"


def test_all_that_is_missing_is_told_together(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, get(f"default: {{}}, {ASKED}", '"200": {}, "400": {}, "503": {}'))

    assert fault.endswith(
        "get_user can return 401 (security), 403 (x-permission), 413, 414, 429 (x-rate-limit), 431, 500, but does not "
        'document them. Add "401", "403", "413", "414", "429", "431", "500".'
    )


def test_a_public_operation_that_counts_nothing_refuses_what_the_gateway_does(tmp_path: Path) -> None:
    policy = "x-public: true\n  security: []\n  x-rate-limit: none\n"
    user = USER.replace("x-permission: users:read\n", policy, 1).replace(ASKED, '"400": {}', 1)

    assert read(tmp_path, {"paths/user.yaml": user})


def test_a_permission_that_every_role_holds_forbids_nobody(tmp_path: Path) -> None:
    user = USER.replace("x-permission: users:read", "x-permission: account:read", 1).replace(', "403": {}', "", 1)
    permissions = PERMISSIONS + "account:read: {description: x, roles: [guest, user]}\n"

    assert read(tmp_path, {"paths/user.yaml": user, "permissions.yaml": permissions})


@pytest.mark.parametrize("cause", ["x-step-up", "x-write-permission"])
def test_a_403_comes_of_more_than_the_permission(tmp_path: Path, cause: str) -> None:
    user = USER.replace("[users:read, users:update]", "account:update").replace('"403": {}, "412"', '"412"')
    if cause == "x-write-permission":
        user = user.replace("  x-step-up: account_deletion\n", "")
    permissions = PERMISSIONS + "account:update: {description: x, roles: [guest, user]}\n"

    [fault] = faults(tmp_path, {"paths/user.yaml": user, "permissions.yaml": permissions})

    assert f"update_user can return 403 ({cause}), but does not document it." in fault


@pytest.mark.parametrize(
    ("method", "key", "status", "header"),
    [
        ("post", "", 201, "Location (201)"),
        ("get", "x-paginated: offset", 200, "Link (x-paginated)"),
        ("patch", "x-precondition: accepted", 200, "ETag (x-precondition)"),
        ("post", "x-idempotency: accepted", 202, "Idempotency-Replayed (x-idempotency)"),
    ],
)
def test_what_a_success_carries_is_documented(tmp_path: Path, method: str, key: str, status: int, header: str) -> None:
    path = method_with(method, key, f'"{status}": {{content: {{}}}}')

    lines = [fault for fault in faults(tmp_path, path) if "can have" in fault]

    name, _ = header.split(" ")
    place = f"openapi/paths/user.yaml:{len(path['paths/user.yaml'].splitlines())}"
    message = f"The {status} response of touch_user can have {header}, but does not document it."
    assert lines == [f"{place}: {message} Add the header {name}."]
    documented = method_with(method, key, f'"{status}": {{content: {{}}, headers: {{{name.lower()}: {{}}}}}}')
    assert [fault for fault in faults(tmp_path, documented) if "can have" in fault] == []


def method_with(method: str, key: str, success: str) -> dict[str, str]:
    """Return an operation with a key and a success, all of whose other faults are of no interest."""
    lines = [f"{method}:", "  operationId: touch_user", "  tags: [users]", "  x-permission: users:read"]
    lines += [f"  {key}"] * bool(key)
    return {"paths/user.yaml": PARAMETERS + "\n".join([*lines, f"  responses: {{default: {{}}, {success}}}"])}
