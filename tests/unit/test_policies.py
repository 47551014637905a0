"""Law 1: nothing without a policy. Each way to break it stops the start and names file and line."""

from pathlib import Path

import pytest

from tests.unit.small_document import (
    EVENTS,
    PERMISSIONS,
    ROOT,
    SCHEMAS,
    USER,
    Breach,
    change,
    check_breach,
    faults,
    get,
    patch,
)


def _query(name: str) -> str:
    return f"{{name: {name}, in: query, schema: {{type: string}}}}"


PUBLIC = "x-public: true\n  security: []"
BREACHES: dict[str, Breach] = {
    "no policy": (get("  x-permission: users:read\n", ""), 3, "GET /v1/users/{user_id} does not say who may call it"),
    "both policies": (get("tags:", PUBLIC + "\n  tags:"), 8, "is public, but has x-permission"),
    "x-public false": (get("x-permission: users:read", "x-public: false"), 6, "value of x-public"),
    "unknown key": (get("tags:", "x-cash: 1\n  tags:"), 5, "no key x-cash"),
    "unknown key on a path": ({"paths/user.yaml": "x-cash: 1\n" + USER}, 1, "no key x-cash"),
    "unknown key at the root": ({"openapi.yaml": "x-cash: 1\n" + ROOT}, "openapi.yaml:1", "no key x-cash"),
    "unknown key in a schema": (
        {"components/schemas.yaml": change("type: object", "x-cash: 1", SCHEMAS)},
        "components/schemas.yaml:2",
        "no key x-cash",
    ),
    "key of an operation in a schema": (
        {"components/schemas.yaml": change("type: object", "x-public: true", SCHEMAS)},
        "components/schemas.yaml:2",
        "x-public does not belong here. Move it to an operation.",
    ),
    "key of a property on an operation": (
        get("tags:", "x-write-permission: users:read\n  tags:"),
        5,
        "x-write-permission does not belong here. Move it to a property.",
    ),
    "unknown permission": (
        get("users:read", "users:reed"),
        6,
        "There is no permission users:reed. Did you mean users:read? If not, add it to permissions.yaml.",
    ),
    "unknown permission in a list": (patch("[users:read,", "[users:reed,"), 11, "users:reed"),
    "permission without grammar": (get("users:read", "Users"), 6, 'Write it like "users:read".'),
    "empty list of permissions": (get("users:read", "[]"), 6, "value of x-permission"),
    "unused permission": (
        {"permissions.yaml": PERMISSIONS + "users:list: {description: x, roles: []}\n"},
        "permissions.yaml:3",
        "No operation requires the permission users:list.",
    ),
    "unknown bucket": (
        patch("x-rate-limit: write", "x-rate-limit: wriite"),
        13,
        "There is no bucket wriite. Did you mean write? If not, choose one of default, write, none, or declare a new",
    ),
    "unknown recency": (patch("account_deletion", "never"), 16, "no recency never"),
    "owner that is no path parameter": (
        patch("x-owner: user_id", "x-owner: me"),
        12,
        "x-owner is me, which is not a path parameter",
    ),
    "owner that is no uuid": (
        {"paths/user.yaml": change(", format: uuid", "")},
        12,
        "x-owner is user_id, whose schema is not a UUID",
    ),
    "owner of a resource that the path does not name": (
        patch("x-owner: user_id", "x-owner: {badge: owner_id}"),
        12,
        "x-owner names the resource badge, but badge_id is not a path parameter. Name the resource of ",
    ),
    "owner of a resource whose id is no uuid": (
        {
            "paths/user.yaml": change(
                ", format: uuid", "", USER.replace("x-owner: user_id", "x-owner: {user: owner_id}")
            )
        },
        12,
        "x-owner names the resource user, but user_id is not a UUID. Add format: uuid to the schema of user_id.",
    ),
    "owner of two resources": (
        patch("x-owner: user_id", "x-owner: {user: a, badge: b}"),
        12,
        "x-owner must name one resource. Write {resource: column}",
    ),
    "owner through nothing else": (patch("x-owner: user_id", "x-owner: {through: a}"), 12, "must name one resource"),
    "owner with a column that is no name": (
        patch("x-owner: user_id", "x-owner: {user: 'a; DROP'}"),
        12,
        "value of x-owner",
    ),
    "pages without offset": (get("tags:", "x-paginated: offset\n  tags:"), 5, "no query parameter offset"),
    "pages without limit": (get("tags:", "x-paginated: offset\n  tags:"), 5, "no query parameter limit"),
    "pages of a write": (patch("tags:", "x-paginated: offset\n  tags:"), 10, "not belong on PATCH"),
    "unknown kind of page": (
        get("tags:", "x-paginated: keyset\n  tags:"),
        5,
        "Choose one of offset, cursor, [offset, cursor].",
    ),
    "a cursor list without cursor": (get("tags:", "x-paginated: cursor\n  tags:"), 5, "no query parameter cursor"),
    "a cursor list without limit": (get("tags:", "x-paginated: cursor\n  tags:"), 5, "no query parameter limit"),
    "a cursor list with an offset": (
        get("tags:", f"x-paginated: cursor\n  parameters: [{_query('cursor')}, {_query('offset')}]\n  tags:"),
        6,
        "is a cursor list, but has an offset",
    ),
    "a cursor that nobody verifies": (
        get("tags:", f"parameters: [{_query('cursor')}]\n  tags:"),
        5,
        "GET /v1/users/{user_id} is not a cursor list, so that its cursor would not be verified",
    ),
    "a cursor of an offset list": (
        get("tags:", f"x-paginated: offset\n  parameters: [{_query('cursor')}]\n  tags:"),
        6,
        "its cursor would not be verified",
    ),
    "a permission far from every other": (
        get("users:read", "wombats:groom"),
        6,
        "There is no permission wombats:groom. Add it to permissions.yaml.",
    ),
    "a key that is nearly one": (
        get("x-permission", "x-permision"),
        6,
        "There is no key x-permision. Did you mean x-permission? If not, remove it",
    ),
    "a permission that is a number": (get("users:read", "5"), 6, "value of x-permission"),
    "a bucket that is a list": (patch("write", "[write]"), 13, "value of x-rate-limit"),
    "an unknown event": (
        patch("user.updated", "user.updatd"),
        14,
        "There is no event user.updatd. Did you mean user.updated? If not, add it to events.yaml.",
    ),
    "an event that nobody leaves": (
        {"events.yaml": EVENTS + "user.seen: {description: x}\n"},
        "events.yaml:3",
        "No operation records the event user.seen. Use it, remove it, or add `by: cli`",
    ),
    "precondition without If-Match": (
        patch("if-match", "if-none"),
        15,
        "has x-precondition, but no header parameter If-Match",
    ),
    "If-Match without precondition": (patch("  x-precondition: required\n", ""), 17, "would be ignored"),
    "precondition of a read": (get("tags:", "x-precondition: accepted\n  tags:"), 5, "not belong on GET"),
    "audit event of a read": (get("tags:", "x-audit: user.read\n  tags:"), 5, "not belong on GET"),
    "event without grammar": (patch("user.updated", "User updated"), 14, "value of x-audit"),
    "step-up of nobody": (
        get("x-permission: users:read", PUBLIC + "\n  x-step-up: account_deletion"),
        8,
        "is public, but has x-step-up",
    ),
    "owner of a public operation": (
        get("x-permission: users:read", PUBLIC + "\n  x-owner: user_id"),
        8,
        "is public, but has x-owner",
    ),
    "public with security": (
        get("x-permission: users:read", "x-public: true\n  security: [{bearer: []}]"),
        7,
        "requires a token",
    ),
    "not public and without security": (get("tags:", "security: []\n  tags:"), 5, "requires no token"),
    "optional security": (get("tags:", "security: [{bearer: []}, {}]\n  tags:"), 5, "is optional"),
    "scopes": (get("tags:", "security: [{bearer: [a]}]\n  tags:"), 5, "scopes of bearer"),
    "unknown scheme": (get("tags:", "security: [{basic: []}]\n  tags:"), 5, "no security scheme basic"),
    "no operationId": (get("  operationId: get_user\n", ""), 3, "has no operationId"),
    "operationId in another case": (get("get_user", "getUser"), 4, "getUser is not snake_case"),
    "duplicate operationId": (
        patch("update_user", "get_user"),
        9,
        "The operationId get_user is already used at openapi/paths/user.yaml:4.",
    ),
    "no tag": (get("  tags: [users]\n", ""), 3, "exactly one tag"),
    "two tags": (get("[users]", "[users, me]"), 5, "exactly one tag"),
    "undeclared tag": (get("[users]", "[me]"), 5, "The tag me is not declared"),
    "no responses": (get("  responses: {default", "  xresponses: {default"), 3, "documents no responses"),
    "unknown executor": (patch("hashing", "fast"), 17, "value of x-executor"),
    "a loop that has to wait": (patch("hashing", "loop"), 17, "must not run on the event loop"),
    "path parameter that the path does not have": (
        {"openapi.yaml": ROOT.replace("user_id", "id")},
        3,
        "The path parameter user_id is declared, but is not in the path /v1/users/{id}",
    ),
    "path parameter that is not declared": (
        {"openapi.yaml": ROOT.replace("user_id", "id")},
        3,
        "The path parameter id is in the path /v1/users/{id}, but is not declared",
    ),
    "cookie parameter": (
        patch("in: header", "in: cookie"),
        18,
        "The parameter if-match is in cookie, which is not read",
    ),
    "HEAD in the document": ({"paths/user.yaml": USER + "head: {}\n"}, 24, "The document must not define HEAD"),
    "an operation that is not valid": ({"paths/user.yaml": USER + "put: 1\n"}, 24, "is not a mapping"),
    "unknown write permission": (
        {"components/schemas.yaml": change("users:update", "users:reed", SCHEMAS)},
        "components/schemas.yaml:4",
        "There is no permission users:reed",
    ),
    "write permission outside any body": (
        {"components/schemas.yaml": SCHEMAS + "Y: {properties: {a: {x-write-permission: users:read}}}\n"},
        "components/schemas.yaml:11",
        "No operation checks the x-write-permission of a.",
    ),
    "write permission inside a list": (
        {
            "components/schemas.yaml": change(
                "allOf: [{$ref: '#/Profile'}]", "{type: array, items: {$ref: '#/Profile'}}", SCHEMAS
            )
        },
        "components/schemas.yaml:10",
        "No operation checks the x-write-permission of bio.",
    ),
    "write permission in a circle": (
        {"components/schemas.yaml": SCHEMAS + "    again: {$ref: '#/Profile'}\n"},
        19,
        "x-write-permission of profile.bio is in a schema that contains itself",
    ),
    "write permission where nobody has one": (
        patch("x-permission: [users:read, users:update]\n  x-owner: user_id", PUBLIC),
        19,
        "x-write-permission of email needs a permission, but the operation is public",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_law_1(tmp_path: Path, breach: str) -> None:
    check_breach(tmp_path, BREACHES[breach])


def test_all_faults_come_at_once_in_the_order_of_the_files(tmp_path: Path) -> None:
    user = (
        USER.replace("users:read", "users:reed").replace("x-owner: user_id", "x-owner: me").replace("hashing", "fast")
    )
    lines = faults(tmp_path, {"paths/user.yaml": user})
    assert [fault.split(": ")[0].rpartition(":")[2] for fault in lines] == ["6", "11", "12", "17"]
