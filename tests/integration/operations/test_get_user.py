"""get_user: an account, for its owner and for those who may read accounts."""

import pytest

from app.database import run
from app.identifiers import new_id
from tests.people import People, make_role
from tests.rows import decision, eventless
from tests.wire import data, refused


def test_the_owner_reads_the_account_without_a_permission(people: People) -> None:
    response = people.gus.api.get(f"/v1/users/{people.gus.id}")

    found = data(response)
    assert set(found) == {"id", "email", "role", "status", "email_verified", "created_at", "updated_at", "profile"}
    assert (found["id"], found["email"]) == (str(people.gus.id), "gus@example.com")
    assert (found["role"], found["status"], found["email_verified"]) == ("guest", "active", False)
    assert found["profile"]["display_name"] == "Gus"
    assert response.headers["etag"] == '"1"'
    row = decision(response)
    row.check(by=people.gus, action="get_user", permission="users:read", outcome="allowed")
    assert row.target == f"user:{people.gus.id}"
    assert eventless(response)


def test_an_admin_reads_any_account(people: People) -> None:
    response = people.ada.api.get(f"/v1/users/{people.alice.id}")

    assert data(response)["email"] == "alice@example.com"
    decision(response).check(by=people.ada)


def test_a_role_of_its_own_with_the_permission_reads_any_account(people: People) -> None:
    make_role("reader", "users:read")
    reader = people.make("rita", "reader")

    assert data(reader.api.get(f"/v1/users/{people.ada.id}"))["role"] == "admin"


def test_a_suspended_account_can_be_read_by_others(people: People) -> None:
    run("UPDATE users SET status = 'suspended' WHERE id = %s", (people.bob.id,))

    assert data(people.ada.api.get(f"/v1/users/{people.bob.id}"))["status"] == "suspended"


def test_others_do_not_get_to_know_whether_an_account_exists(people: People) -> None:
    for target in (people.alice.id, new_id()):
        response = people.mallory.api.get(f"/v1/users/{target}")

        assert refused(response, 403, "FORBIDDEN")[0]["field"] is None
        row = decision(response)
        assert (row.permission, row.outcome, row.reason) == ("users:read", "denied", "permission_missing")
        assert row.target == f"user:{target}"
        assert eventless(response)


def test_an_account_that_is_not_there_is_a_404_for_those_who_may_read(people: People) -> None:
    missing = new_id()

    response = people.ada.api.get(f"/v1/users/{missing}")

    refused(response, 404, "NOT_FOUND")
    assert (decision(response).outcome, decision(response).target) == ("allowed", f"user:{missing}")


NO_IDS = ["7", "alice", "019c13ec9e007a1b8c2d3e4f5a6b7c8d", "{019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d}"]


def test_an_id_must_be_a_uuid(people: People, subtests: pytest.Subtests) -> None:
    for name in NO_IDS:
        with subtests.test(name):
            assert refused(people.ada.api.get(f"/v1/users/{name}"), 400, "VALIDATION_ERROR", "user_id")


def test_an_id_in_capitals_names_the_same_account(people: People) -> None:
    response = people.alice.api.get(f"/v1/users/{str(people.alice.id).upper()}")

    assert data(response)["id"] == str(people.alice.id)
    assert decision(response).target == f"user:{people.alice.id}"


def test_a_parameter_that_is_not_known_is_refused(people: People) -> None:
    response = people.alice.api.get(f"/v1/users/{people.alice.id}?expand=profile")

    assert refused(response, 400, "VALIDATION_ERROR", "expand")


FITTING_TAGS = ['"1"', 'W/"1"', '"7", "1"', "*"]


def test_an_unchanged_account_is_a_304_without_a_body(people: People, subtests: pytest.Subtests) -> None:
    for tags in FITTING_TAGS:
        with subtests.test(tags):
            response = people.ada.api.get(f"/v1/users/{people.alice.id}", headers={"If-None-Match": tags})

            assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", '"1"')
            assert decision(response).outcome == "allowed"


def test_a_changed_account_is_sent_whole_with_its_new_tag(people: People) -> None:
    run("UPDATE users SET version = 2 WHERE id = %s", (people.alice.id,))

    response = people.ada.api.get(f"/v1/users/{people.alice.id}", headers={"If-None-Match": '"1"'})

    assert data(response)["id"] == str(people.alice.id)
    assert response.headers["etag"] == '"2"'
