"""x-cache and x-invalidates: what they say is compiled; what they cannot mean stops the start with file and line."""

from pathlib import Path

import pytest

from tests.unit.small_document import USER, Breach, change, check_breach, patch, read

IF_NONE_MATCH = "{name: If-None-Match, in: header, schema: {type: string}}"
RESPONSES = '{default: {}, "400": {}, "401": {}, "403": {}, "429": {}}'
CACHED = change(
    RESPONSES,
    '{default: {}, "200": {headers: {etag: {}}}, "304": {}, "400": {}, "401": {}, "403": {}, "429": {}}\n'
    f"  parameters: [{IF_NONE_MATCH}]\n"
    '  x-cache: {policy: profile, tags: ["user:{user_id}", settings]}',
)
DROPPING = change("  x-executor: hashing\n", '  x-executor: hashing\n  x-invalidates: ["user:{caller}"]\n', CACHED)
OF_READ, OWNER, OF_ROW = "  x-permission: users:read\n", "  x-owner: user_id\n", "  x-owner: {user: owner_id}\n"


def cached(old: str, new: str, text: str = CACHED) -> dict[str, str]:
    return {"paths/user.yaml": change(old, new, text)}


def test_what_is_cached_and_what_drops_it_are_told_apart(tmp_path: Path) -> None:
    policies = read(tmp_path, {"paths/user.yaml": DROPPING})

    rule = policies["get_user"].cache
    assert rule is not None
    assert (rule.policy, [str(tag) for tag in rule.tags]) == ("profile", ["user:{user_id}", "settings"])
    assert [str(tag) for tag in policies["update_user"].invalidates] == ["user:{caller}"]
    assert (policies["update_user"].cache, policies["get_user"].invalidates) == (None, ())


BREACHES: dict[str, Breach] = {
    "an unknown policy": (
        cached("policy: profile", "policy: profiles"),
        9,
        "There is no cache policy profiles. Did you mean profile? If not, choose one of profile, settings, or",
    ),
    "no policy": (cached("policy: profile, ", ""), 9, "value of x-cache"),
    "no tags": (cached('["user:{user_id}", settings]', "[]"), 9, "value of x-cache"),
    "a tag that is not valid": (cached("settings]", '"Settings!"]'), 9, "value of x-cache"),
    "more than that": (cached("policy: profile", "seconds: 3, policy: profile"), 9, "value of x-cache"),
    "a text": (cached('{policy: profile, tags: ["user:{user_id}", settings]}', "profile"), 9, "value of"),
    "a tag of what the path does not have": (
        cached('{user_id}", s', '{role_name}", s'),
        9,
        "The tag user:{role_name} uses role_name, which GET /v1/users/{user_id} does not have. Use one of",
    ),
    "a tag of the caller": (cached('{user_id}", s', '{caller}", s'), 9, "uses caller"),
    "a write": (
        patch("tags:", "x-cache: {policy: profile, tags: [x]}\n  tags:"),
        10,
        "x-cache does not belong on PATCH.",
    ),
    "no ETag": (cached("headers: {etag: {}}", "headers: {}"), 9, "its 200 response has no ETag"),
    "no 304": (cached('"304": {}, ', ""), 9, "clients cannot revalidate their copy"),
    "no If-None-Match": (cached(IF_NONE_MATCH, ""), 9, "clients cannot revalidate their copy"),
    "an owner without the tag of the account": (
        cached('tags: ["user:{user_id}", s', 'tags: ["role:{user_id}", s', CACHED.replace(OF_READ, OF_READ + OWNER)),
        10,
        "GET /v1/users/{user_id} is cached without the tag user:{user_id}, so its response outlives the account. Add",
    ),
    "an owner of a row without the tag of the row": (
        cached('tags: ["user:{user_id}", s', 'tags: ["u:{user_id}", s', CACHED.replace(OF_READ, OF_READ + OF_ROW)),
        10,
        "GET /v1/users/{user_id} is cached without the tag user:{user_id}, so its response outlives a change of the ",
    ),
    "a write of the same path that invalidates nothing": (
        {"paths/user.yaml": CACHED},
        10,
        "PATCH /v1/users/{user_id} does not invalidate the cached response of GET /v1/users/{user_id}. Add",
    ),
    "a list in pages": (cached("  x-cache", "  x-paginated: offset\n  x-cache"), 10, "paginated list"),
    "the loop": (cached("  x-cache", "  x-executor: loop\n  x-cache"), 10, "must not wait for Redis"),
    "a read that drops": (
        cached("  x-cache", "  x-invalidates: [settings]\n  x-cache"),
        9,
        "x-invalidates does not belong on GET.",
    ),
    "a drop of what nobody caches": (
        cached('"user:{caller}"', "setting", DROPPING),
        20,
        "No operation caches a response under setting. Did you mean settings? If not, name a tag of an x-cache, or",
    ),
    "a drop of another shape": (
        cached('"user:{caller}"', '"user:{caller}:x"', DROPPING),
        20,
        "No operation caches a response under user:{caller}:x.",
    ),
    "a drop of what the path does not have": (
        cached("{caller}", "{role_name}", DROPPING),
        20,
        "uses role_name, which PATCH /v1/users/{user_id} does not have. Use one of user_id, caller.",
    ),
    "no list of drops": (cached('["user:{caller}"]', "settings", DROPPING), 20, "value of x-invalidates"),
    "the same drop twice": (cached('"user:{caller}"]', "settings, settings]", DROPPING), 20, "value of"),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_what_cannot_be_meant_stops_the_start(tmp_path: Path, breach: str) -> None:
    check_breach(tmp_path, BREACHES[breach])


def test_the_document_without_them_is_as_before(tmp_path: Path) -> None:
    policies = read(tmp_path, {"paths/user.yaml": USER})

    assert all(policy.cache is None and policy.invalidates == () for policy in policies.values())
