"""get_setting: one setting, what it is now and what it is while nobody sets it."""

import pytest

from tests.people import People, make_role
from tests.rows import decision, eventless, store_setting
from tests.service import Service
from tests.wire import data, refused

PATH = "/v1/settings/service.notice"
SECRET = "/v1/settings/registration.invitation_code"
CODE = "six geese a-laying"


def test_a_setting_that_nobody_set_has_its_default(people: People) -> None:
    shown = data(people.ada.api.get(PATH))

    assert shown.pop("description").startswith("A notice that clients show")
    assert shown == {
        "key": "service.notice",
        "visibility": "public",
        "schema": {"type": "string", "x-format": "single-line", "nullable": True, "minLength": 1, "maxLength": 500},
        "default": None,
        "value": None,
        "is_set": False,
        "updated_at": None,
    }


def test_a_setting_that_somebody_set_has_that_value(people: People) -> None:
    store_setting("service.notice", "Back at noon.")

    shown = data(people.ada.api.get(PATH))

    assert (shown["value"], shown["default"], shown["is_set"]) == ("Back at noon.", None, True)
    assert shown["updated_at"].endswith("Z")


def test_of_a_secret_one_it_is_only_told_whether_it_is_set(people: People) -> None:
    unset = data(people.ada.api.get(SECRET))
    store_setting("registration.invitation_code", CODE)

    response = people.ada.api.get(SECRET)

    assert data(response) == {**unset, "is_set": True, "updated_at": data(response)["updated_at"]}
    assert (unset["value"], unset["is_set"]) == (None, False)
    assert CODE not in response.text + str(response.headers)


def test_a_copy_that_is_current_is_not_sent_again(people: People) -> None:
    read = people.ada.api.get
    for path, key in ((PATH, "service.notice"), (SECRET, "registration.invitation_code")):
        copy = {"If-None-Match": read(path).headers["etag"]}
        assert read(path, headers=copy).status_code == 304
        store_setting(key, "the first of two values")
        first = read(path, headers=copy).headers["etag"]
        store_setting(key, "the second of two values")
        response = read(path, headers={"If-None-Match": first})
        assert response.headers["etag"] not in (first, copy["If-None-Match"])
        assert data(response)["is_set"] is True


@pytest.mark.parametrize("value", [5, None, "", "x" * 501, ["Back"], {"a": 1}])
def test_a_stored_value_that_the_schema_does_not_take_counts_for_nothing(people: People, value: object) -> None:
    if value is None:
        store_setting("registration.open", None)
    else:
        store_setting("service.notice", value)

    path = "/v1/settings/registration.open" if value is None else PATH
    shown = data(people.ada.api.get(path))

    assert (shown["value"], shown["is_set"], shown["updated_at"]) == (shown["default"], False, None)


def test_the_trail_names_the_setting(people: People) -> None:
    make_role("reader", "settings:read")

    response = people.make("rita", "reader").api.get(PATH)

    assert data(response)
    target = "setting:service.notice"
    decision(response).check(
        action="get_setting", permission="settings:read", outcome="allowed", target=target, details=None
    )
    assert eventless(response)


def test_others_may_not_and_do_not_get_to_know_whether_there_is_one(people: People, service: Service) -> None:
    for key in ("service.notice", "no.such.key"):
        response = people.alice.api.get(f"/v1/settings/{key}")

        refused(response, 403, "FORBIDDEN")
        decision(response).check_denied("settings:read", target=f"setting:{key}")
    with service.client() as client:
        refused(client.get(PATH), 401, "UNAUTHENTICATED")


def test_a_key_that_nobody_declares_is_a_404(people: People) -> None:
    store_setting("relic.of_old", 1)

    for key in ("no.such.key", "relic.of_old", "x" * 64):
        refused(people.ada.api.get(f"/v1/settings/{key}"), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    "key", ["Service.notice", "service..notice", ".notice", "a b", "a%00", "a%0A", "a%25", "x" * 65, "%C3%A9", "a:b"]
)
def test_a_key_that_no_setting_can_have_is_refused(people: People, key: str) -> None:
    assert refused(people.ada.api.get(f"/v1/settings/{key}"), 400, "VALIDATION_ERROR", "key")


def test_a_slash_ends_the_key(people: People) -> None:
    for key in ("a/b", "a%2Fb"):
        response = people.ada.api.get(f"/v1/settings/{key}")
        assert response.status_code in (400, 404), response.text
