"""replace_profile: all five fields, and nobody overwrites what they have not seen."""

from typing import Any

import httpx
import pytest

from app.identifiers import new_id
from tests.people import People, Person, make_role
from tests.rows import decision, event, eventless, stored
from tests.wire import data, refused

PROFILE = {
    "display_name": "Alice Liddell",
    "locale": "en-GB",
    "time_zone": "Europe/London",
    "avatar_url": "https://pictures.example.com/alice.png",
    "bio": "Fell down a hole.",
}
EMPTY = dict.fromkeys(PROFILE)


def replace(actor: Person, target: Person, if_match: str | None = '"1"', **fields: Any) -> httpx.Response:
    headers = {"If-Match": if_match} if if_match is not None else {}
    return actor.api.put(f"/v1/users/{target.id}/profile", json={**PROFILE, **fields}, headers=headers)


def fields_of(person: Person) -> dict[str, Any]:
    found = data(person.api.get(f"/v1/users/{person.id}/profile"))
    return {name: found[name] for name in PROFILE}


def test_the_owner_replaces_their_profile_without_a_permission(people: People) -> None:
    before = data(people.gus.api.get(f"/v1/users/{people.gus.id}/profile"))

    response = replace(people.gus, people.gus)

    changed = data(response)
    assert changed == before | PROFILE | {"updated_at": changed["updated_at"]}
    assert changed["updated_at"] > before["updated_at"]
    assert fields_of(people.gus) == PROFILE
    assert response.headers["etag"] == '"2"'


def test_the_trail_names_the_account_and_keeps_none_of_the_profile(people: People) -> None:
    response = replace(people.alice, people.alice)

    target = f"user:{people.alice.id}"
    decision(response).check(
        by=people.alice,
        action="replace_profile",
        permission="profiles:update",
        outcome="allowed",
        target=target,
        details=None,
    )
    event(response).check(by=people.alice, action="profile.replaced", outcome="succeeded", target=target, details=None)


def test_the_version_of_the_account_rises_with_its_profile(people: People) -> None:
    url = f"/v1/users/{people.alice.id}"
    replace(people.alice, people.alice)

    response = people.alice.api.get(url)

    assert response.headers["etag"] == '"2"'
    assert data(response)["profile"] == PROFILE
    assert data(response)["updated_at"] > data(response)["created_at"]
    assert people.alice.api.get("/v1/users/me").headers["etag"] == '"2"'
    assert refused(
        people.ada.api.patch(url, json={"email_verified": False}, headers={"If-Match": '"1"'}),
        412,
        "PRECONDITION_FAILED",
    )


def test_null_clears_each_field(people: People) -> None:
    data(replace(people.alice, people.alice))

    assert data(replace(people.alice, people.alice, '"2"', **EMPTY))["display_name"] is None
    assert fields_of(people.alice) == EMPTY


def test_an_admin_replaces_any_profile(people: People) -> None:
    assert data(replace(people.ada, people.alice))["display_name"] == "Alice Liddell"


def test_who_has_not_said_what_they_saw_is_asked_to(people: People) -> None:
    response = replace(people.alice, people.alice, None)

    refused(response, 428, "PRECONDITION_REQUIRED", "If-Match")
    assert decision(response).outcome == "allowed"
    assert fields_of(people.alice) == EMPTY | {"display_name": "Alice"}


@pytest.mark.parametrize("tags", ["*", '"1"', '"3", "1"', 'W/"3", "1"', 'W/"1"', '"1-br"'])
def test_a_tag_that_fits_lets_the_change_through(people: People, tags: str) -> None:
    assert data(replace(people.alice, people.alice, tags))["bio"] == PROFILE["bio"]


OTHER_TAGS = ['"2"', 'W/"2"', '"1-clerk"', '"2", "3"', '"one"']


def test_a_tag_that_does_not_fit_changes_nothing(people: People, subtests: pytest.Subtests) -> None:
    for tags in OTHER_TAGS:
        with subtests.test(tags):
            response = replace(people.alice, people.alice, tags)

            refused(response, 412, "PRECONDITION_FAILED")
            event(response).check(action="profile.replaced", outcome="failed", reason="precondition_failed")
            assert fields_of(people.alice) == EMPTY | {"display_name": "Alice"}


NO_TAGS = ["1", '"1', "", "**", '"1";']


def test_a_header_that_is_no_list_of_tags_is_refused(people: People, subtests: pytest.Subtests) -> None:
    for tags in NO_TAGS:
        with subtests.test(tags):
            refused(replace(people.alice, people.alice, tags), 400, "VALIDATION_ERROR", "If-Match")

            assert fields_of(people.alice) == EMPTY | {"display_name": "Alice"}


def test_of_two_who_saw_the_same_only_the_first_writes(people: People) -> None:
    first = replace(people.alice, people.alice, '"1"', bio="First.")
    second = replace(people.ada, people.alice, '"1"', bio="Second.")

    assert first.headers["etag"] == '"2"'
    refused(second, 412, "PRECONDITION_FAILED")
    assert fields_of(people.alice)["bio"] == "First."


def test_others_do_not_get_to_know_whether_an_account_exists(people: People) -> None:
    for target in (people.alice.id, new_id()):
        response = people.mallory.api.put(f"/v1/users/{target}/profile", json=PROFILE, headers={"If-Match": "*"})

        refused(response, 403, "FORBIDDEN")
        decision(response).check_denied("profiles:update", target=f"user:{target}")
        assert eventless(response)


def test_an_account_that_is_not_there_is_a_404_for_those_who_may_change_it(people: People) -> None:
    for tags in ("*", '"1"'):
        response = people.ada.api.put(f"/v1/users/{new_id()}/profile", json=PROFILE, headers={"If-Match": tags})

        refused(response, 404, "NOT_FOUND")
        event(response).check(outcome="failed", reason="not_found")


@pytest.mark.parametrize("name", ["alice", "ada"])
def test_nobody_touches_an_account_that_holds_more_than_they_do(people: People, name: str) -> None:
    make_role("editor", "profiles:update")
    edith, target = people.make("edith", "editor"), getattr(people, name)

    response = replace(edith, target)

    refused(response, 403, "FORBIDDEN")
    event(response).check(outcome="failed", reason="beyond_actor", target=f"user:{target.id}")
    assert stored(target.id).version == 1  # type: ignore[union-attr]
    assert data(replace(edith, people.gus))["bio"] == PROFILE["bio"]


BAD_FIELDS = [
    ({"display_name": ""}, ["display_name"]),
    ({"display_name": "n" * 101}, ["display_name"]),
    ({"display_name": 7}, ["display_name"]),
    ({"locale": "english"}, ["locale"]),
    ({"time_zone": "Europe/Atlantis"}, ["time_zone"]),
    ({"avatar_url": "pictures/alice.png"}, ["avatar_url"]),
    ({"avatar_url": "data:image/png;base64,AAAA"}, ["avatar_url"]),
    ({"bio": "b" * 1001}, ["bio"]),
    ({"bio": ["b"]}, ["bio"]),
    ({"user_id": "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"}, ["user_id"]),
    ({"created_at": "2026-01-31T12:00:00.000Z", "updated_at": None}, ["created_at", "updated_at"]),
    ({"display_name": "", "time_zone": "here", "nickname": "Al"}, ["display_name", "time_zone", "nickname"]),
]


def test_a_bad_body_is_refused_with_every_field(people: People, subtests: pytest.Subtests) -> None:
    for fields, named in BAD_FIELDS:
        with subtests.test(str(fields)):
            response = replace(people.alice, people.alice, **fields)

            refused(response, 400, "VALIDATION_ERROR", *named)
            assert fields_of(people.alice) == EMPTY | {"display_name": "Alice"}


def test_missing_fields_are_named_themselves(people: People) -> None:
    url = f"/v1/users/{people.alice.id}/profile"

    response = people.alice.api.put(url, json={"bio": "Only this."}, headers={"If-Match": "*"})

    assert refused(response, 400, "VALIDATION_ERROR", "display_name", "locale", "time_zone", "avatar_url")


NO_JSON = [b'{"bio": "\xff"}', b'{"bio": "\\u0000"}', b'{"bio": "\\ud800"}', b"[]x", b""]


def test_a_body_that_is_no_json_is_malformed(people: People, subtests: pytest.Subtests) -> None:
    for content in NO_JSON:
        with subtests.test(str(content)):
            headers = {"If-Match": "*", "Content-Type": "application/json"}

            response = people.alice.api.put(f"/v1/users/{people.alice.id}/profile", content=content, headers=headers)

            assert refused(response, 400, "MALFORMED_BODY")


def test_text_in_any_script_comes_back_as_it_was_sent(people: People) -> None:
    name, bio = "愛麗絲 🐇 e\u0301", "Line one.\nLine “two” <b>&amp;</b> \\ '; DROP TABLE users; --"

    data(replace(people.alice, people.alice, display_name=name, bio=bio))

    assert (fields_of(people.alice)["display_name"], fields_of(people.alice)["bio"]) == (name, bio)
