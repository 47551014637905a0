"""x-cache and x-invalidates: what they say is compiled; what they cannot mean stops the start with file and line."""

from pathlib import Path

import pytest

from tests.unit.small_document import USER, change, faults, patch, read

IF_NONE_MATCH = "{name: If-None-Match, in: header, schema: {type: string}}"
RESPONSES = '{default: {}, "400": {}, "401": {}, "403": {}, "429": {}}'
CACHED = change(
    RESPONSES,
    '{default: {}, "200": {headers: {etag: {}}}, "304": {}, "400": {}, "401": {}, "403": {}, "429": {}}\n'
    f"  parameters: [{IF_NONE_MATCH}]\n"
    '  x-cache: {policy: profile, tags: ["user:{user_id}", settings]}',
)
DROPPING = change("  x-executor: hashing\n", '  x-executor: hashing\n  x-invalidates: ["user:{caller}"]\n', CACHED)


def cached(old: str, new: str, text: str = CACHED) -> dict[str, str]:
    return {"paths/user.yaml": change(old, new, text)}


def test_what_is_cached_and_what_drops_it_are_told_apart(tmp_path: Path) -> None:
    policies = read(tmp_path, {"paths/user.yaml": DROPPING})

    rule = policies["get_user"].cache
    assert rule is not None
    assert (rule.policy, [str(tag) for tag in rule.tags]) == ("profile", ["user:{user_id}", "settings"])
    assert [str(tag) for tag in policies["update_user"].invalidates] == ["user:{caller}"]
    assert (policies["update_user"].cache, policies["get_user"].invalidates) == (None, ())


BREACHES: dict[str, tuple[dict[str, str], str, str]] = {
    "an unknown policy": (
        cached("policy: profile", "policy: profiles"),
        "paths/user.yaml:9",
        "There is no cache policy profiles. Did you mean profile? If not, choose one of profile, settings, or",
    ),
    "no policy": (cached("policy: profile, ", ""), "paths/user.yaml:9", "value of x-cache"),
    "no tags": (cached('["user:{user_id}", settings]', "[]"), "paths/user.yaml:9", "value of x-cache"),
    "a tag that is not valid": (cached("settings]", '"Settings!"]'), "paths/user.yaml:9", "value of x-cache"),
    "more than that": (
        cached("policy: profile", "seconds: 3, policy: profile"),
        "paths/user.yaml:9",
        "value of x-cache",
    ),
    "a text": (
        cached('{policy: profile, tags: ["user:{user_id}", settings]}', "profile"),
        "paths/user.yaml:9",
        "value of",
    ),
    "a tag of what the path does not have": (
        cached('{user_id}", s', '{role_name}", s'),
        "paths/user.yaml:9",
        "The tag user:{role_name} uses role_name, which GET /v1/users/{user_id} does not have. Use one of",
    ),
    "a tag of the caller": (cached('{user_id}", s', '{caller}", s'), "paths/user.yaml:9", "uses caller"),
    "a write": (
        patch("tags:", "x-cache: {policy: profile, tags: [x]}\n  tags:"),
        "paths/user.yaml:10",
        "x-cache does not belong on PATCH.",
    ),
    "no ETag": (cached("headers: {etag: {}}", "headers: {}"), "paths/user.yaml:9", "its 200 response has no ETag"),
    "no 304": (cached('"304": {}, ', ""), "paths/user.yaml:9", "clients cannot revalidate their copy"),
    "no If-None-Match": (cached(IF_NONE_MATCH, ""), "paths/user.yaml:9", "clients cannot revalidate their copy"),
    "a list in pages": (
        cached("  x-cache", "  x-paginated: offset\n  x-cache"),
        "paths/user.yaml:10",
        "paginated list",
    ),
    "the loop": (cached("  x-cache", "  x-executor: loop\n  x-cache"), "paths/user.yaml:10", "must not wait for Redis"),
    "a read that drops": (
        cached("  x-cache", "  x-invalidates: [settings]\n  x-cache"),
        "paths/user.yaml:9",
        "x-invalidates does not belong on GET.",
    ),
    "a drop of what nobody caches": (
        cached('"user:{caller}"', "setting", DROPPING),
        "paths/user.yaml:20",
        "No operation caches a response under setting. Did you mean settings? If not, name a tag of an x-cache, or",
    ),
    "a drop of another shape": (
        cached('"user:{caller}"', '"user:{caller}:x"', DROPPING),
        "paths/user.yaml:20",
        "No operation caches a response under user:{caller}:x.",
    ),
    "a drop of what the path does not have": (
        cached("{caller}", "{role_name}", DROPPING),
        "paths/user.yaml:20",
        "uses role_name, which PATCH /v1/users/{user_id} does not have. Use one of user_id, caller.",
    ),
    "no list of drops": (
        cached('["user:{caller}"]', "settings", DROPPING),
        "paths/user.yaml:20",
        "value of x-invalidates",
    ),
    "the same drop twice": (
        cached('"user:{caller}"]', "settings, settings]", DROPPING),
        "paths/user.yaml:20",
        "value of",
    ),
}


@pytest.mark.parametrize(("files", "place", "message"), BREACHES.values(), ids=list(BREACHES))
def test_what_cannot_be_meant_stops_the_start(tmp_path: Path, files: dict[str, str], place: str, message: str) -> None:
    matching = [fault for fault in faults(tmp_path, files) if place + ":" in fault or place + " " in fault]

    assert any(message in fault for fault in matching), faults(tmp_path, files)


def test_the_document_without_them_is_as_before(tmp_path: Path) -> None:
    policies = read(tmp_path, {"paths/user.yaml": USER})

    assert all(policy.cache is None and policy.invalidates == () for policy in policies.values())
