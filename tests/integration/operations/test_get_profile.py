"""get_profile: what somebody says about themselves."""

import pytest

from app.database import run
from app.identifiers import new_id
from tests.people import People, make_role
from tests.rows import decision, eventless
from tests.wire import data, refused


def test_the_owner_reads_their_profile_without_a_permission(people: People) -> None:
    response = people.gus.api.get(f"/v1/users/{people.gus.id}/profile")

    found = data(response)
    assert set(found) == {
        "user_id", "display_name", "locale", "time_zone", "avatar_url", "bio", "created_at", "updated_at",
    }  # fmt: skip
    assert (found["user_id"], found["display_name"], found["bio"]) == (str(people.gus.id), "Gus", None)
    assert response.headers["etag"] == '"1"'
    target = f"user:{people.gus.id}"
    decision(response).check(
        by=people.gus, action="get_profile", permission="profiles:read", outcome="allowed", target=target
    )
    assert eventless(response)


@pytest.mark.parametrize("name", ["bob", "ada"])
def test_users_and_admins_read_any_profile(people: People, name: str) -> None:
    response = getattr(people, name).api.get(f"/v1/users/{people.alice.id}/profile")

    assert data(response)["display_name"] == "Alice"
    assert decision(response).outcome == "allowed"


def test_reading_profiles_is_not_reading_accounts(people: People) -> None:
    data(people.bob.api.get(f"/v1/users/{people.ada.id}/profile"))

    assert refused(people.bob.api.get(f"/v1/users/{people.ada.id}"), 403, "FORBIDDEN")


def test_a_guest_does_not_get_to_know_whether_an_account_exists(people: People) -> None:
    for target in (people.alice.id, new_id()):
        response = people.gus.api.get(f"/v1/users/{target}/profile")

        refused(response, 403, "FORBIDDEN")
        decision(response).check_denied("profiles:read", target=f"user:{target}")
        assert eventless(response)


def test_a_role_of_its_own_without_the_permission_reads_none_but_its_own(people: People) -> None:
    make_role("clerk", "users:list", "users:read")
    clara = people.make("clara", "clerk")

    data(clara.api.get(f"/v1/users/{clara.id}/profile"))
    assert refused(clara.api.get(f"/v1/users/{people.alice.id}/profile"), 403, "FORBIDDEN")


def test_an_account_that_is_not_there_is_a_404_for_those_who_may_read(people: People) -> None:
    response = people.bob.api.get(f"/v1/users/{new_id()}/profile")

    refused(response, 404, "NOT_FOUND")
    assert decision(response).outcome == "allowed"


def test_an_id_must_be_a_uuid(people: People) -> None:
    assert refused(people.ada.api.get("/v1/users/alice/profile"), 400, "VALIDATION_ERROR", "user_id")


def test_a_parameter_that_is_not_known_is_refused(people: People) -> None:
    response = people.alice.api.get(f"/v1/users/{people.alice.id}/profile?fields=bio")

    assert refused(response, 400, "VALIDATION_ERROR", "fields")


def test_an_unchanged_profile_is_a_304_without_a_body(people: People) -> None:
    url = f"/v1/users/{people.alice.id}/profile"
    tag = people.bob.api.get(url).headers["etag"]

    response = people.bob.api.get(url, headers={"If-None-Match": tag})

    assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", tag)


def test_a_changed_profile_is_sent_whole_with_its_new_tag(people: People) -> None:
    url = f"/v1/users/{people.alice.id}/profile"
    tag = people.bob.api.get(url).headers["etag"]
    data(people.alice.api.patch("/v1/users/me", json={"bio": "Paints."}))

    response = people.bob.api.get(url, headers={"If-None-Match": tag})

    assert data(response)["bio"] == "Paints."
    assert response.headers["etag"] == '"2"'


def test_its_times_are_its_own_and_in_utc(people: People) -> None:
    run(
        "UPDATE user_profiles SET created_at = '2026-01-31T14:00:00.1239+02', updated_at = '2026-02-01T00:00Z'"
        " WHERE user_id = %s",
        (people.alice.id,),
    )

    found = data(people.alice.api.get(f"/v1/users/{people.alice.id}/profile"))

    assert (found["created_at"], found["updated_at"]) == ("2026-01-31T12:00:00.123Z", "2026-02-01T00:00:00.000Z")
