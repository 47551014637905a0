"""put_setting: a value that fits, from the next request on, with old and new in the trail."""

import json
from typing import Any

import pytest

from tests import leaks
from tests.integration.operations.bounds import check_bodies, check_unavailable
from tests.integration.operations.conftest import Away, Variant
from tests.people import PASSWORD, People, make_role
from tests.rows import decision, event, store_setting, stored_settings
from tests.service import Service
from tests.wire import data, refused

PATH = "/v1/settings/service.notice"
CODE = "six geese a-laying"


def path_of(key: str) -> str:
    return f"/v1/settings/{key}"


def test_it_counts_from_the_next_request_on_and_is_shown_as_it_is_now(people: People) -> None:
    response = people.ada.api.put(PATH, json={"value": "Back at noon."})

    shown = data(response)
    assert (shown["key"], shown["value"], shown["is_set"]) == ("service.notice", "Back at noon.", True)
    again = people.ada.api.get(PATH)
    assert data(again) == shown
    assert again.headers["etag"] == response.headers["etag"]
    assert stored_settings() == {"service.notice": "Back at noon."}


def test_the_trail_keeps_old_and_new(people: People) -> None:
    changes = [people.ada.api.put(PATH, json={"value": value}) for value in ("One.", "Two.", None)]

    kept = [event(response).details for response in changes]
    assert [(change["old"], change["new"]) for change in kept if change] == [
        (None, "One."),
        ("One.", "Two."),
        ("Two.", None),
    ]
    details = {"key": "service.notice", "old": None, "new": "One."}
    ada, target = people.ada.id, "setting:service.notice"
    event(changes[0]).check(
        actor=ada, role="admin", action="setting.changed", outcome="succeeded", target=target, details=details
    )
    decision(changes[0]).check(action="put_setting", permission="settings:write", outcome="allowed", target=target)


def test_of_a_secret_one_nothing_is_shown_and_nothing_kept(people: People) -> None:
    leaks.note(CODE)
    path = path_of("registration.invitation_code")

    responses = [people.ada.api.put(path, json={"value": value}) for value in (CODE, CODE[::-1])]

    for response in responses:
        assert (data(response)["value"], data(response)["is_set"]) == (None, True)
        details = event(response).details
        assert details == {"key": "registration.invitation_code", "old": "***", "new": "***"}
    assert stored_settings() == {"registration.invitation_code": CODE[::-1]}
    assert responses[0].headers["etag"] != responses[1].headers["etag"]


def test_a_refused_secret_is_in_no_answer_and_no_row(people: People) -> None:
    leaks.note("only fifteen ch")

    response = people.ada.api.put(path_of("registration.invitation_code"), json={"value": "only fifteen ch"})

    [error] = refused(response, 400, "VALIDATION_ERROR", "value")
    assert "fifteen ch" not in response.text
    assert error["message"] == "Must have at least 16 characters."
    row = event(response)
    assert (row.outcome, row.reason, row.details) == ("failed", "validation_error", None)


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("registration.open", "false", "value"),
        ("registration.open", 0, "value"),
        ("registration.open", None, "value"),
        ("registration.open", {"value": True}, "value"),
        ("registration.allowed_domains", "example.com", "value"),
        ("registration.allowed_domains", ["example.com", 1], "value.1"),
        ("registration.allowed_domains", ["a@b"], "value.0"),
        ("registration.allowed_domains", ["a.example", "a.example"], "value"),
        ("registration.allowed_domains", [f"d{n}.example" for n in range(101)], "value"),
        ("service.notice", "", "value"),
        ("service.notice", "x" * 501, "value"),
        ("service.notice", "x" * 20_000, "value"),
        ("service.notice", 1.5, "value"),
        ("support.contact", "nowhere", "value"),
        ("support.contact", "javascript:alert(1)", "value"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_changes_nothing(
    people: People, key: str, value: Any, field: str
) -> None:
    assert refused(people.ada.api.put(path_of(key), json={"value": value}), 400, "VALIDATION_ERROR", field)
    assert stored_settings() == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("registration.open", False),
        ("registration.allowed_domains", ["example.com", "example.org"]),
        ("registration.allowed_domains", []),
        ("sign_in.unverified", None),
        ("service.notice", "x" * 500),
        ("service.notice", "Ünïcödé 💡 می\u200cخواهم 👩\u200d🚀"),
        ("support.contact", "help@example.com"),
        ("support.contact", "https://example.com/help?a=1#b"),
    ],
)
def test_a_value_that_fits_is_kept_as_it_is(people: People, key: str, value: Any) -> None:
    assert data(people.ada.api.put(path_of(key), json={"value": value}))["value"] == value

    assert data(people.ada.api.get(path_of(key)))["value"] == value


@pytest.mark.parametrize("text", [b"NaN", b"-Infinity", b"1e400", b"1" * 25, b'"\\u0000"', b'"\\ud800"', b"[" * 40])
def test_what_is_no_json_is_refused(people: People, text: bytes) -> None:
    raw = b'{"value": ' + text + (b"]" * 40 if text[:1] == b"[" else b"") + b"}"

    response = people.ada.api.put(PATH, content=raw, headers={"Content-Type": "application/json"})

    assert refused(response, 400, "MALFORMED_BODY")


def test_the_body_is_a_value_and_nothing_else(people: People) -> None:
    api = people.ada.api
    refused(api.put(PATH, json={}), 400, "VALIDATION_ERROR", "value")
    refused(api.put(PATH, json={"value": "x", "visibility": "public"}), 400, "VALIDATION_ERROR", "visibility")
    refused(api.put(f"{PATH}?force=1", json={"value": "x"}), 400, "VALIDATION_ERROR", "force")
    check_bodies(api, "PUT", PATH)
    assert stored_settings() == {}


def test_a_key_that_nobody_declares_is_a_404_and_stays_unset(people: People) -> None:
    store_setting("relic.of_old", 1)
    for key in ("no.such.key", "relic.of_old"):
        response = people.ada.api.put(path_of(key), json={"value": 2})

        refused(response, 404, "NOT_FOUND")
        event(response).check(action="setting.changed", outcome="failed", reason="not_found", target=f"setting:{key}")
    assert stored_settings() == {"relic.of_old": 1}


def test_only_the_version_that_was_seen_is_replaced(people: People) -> None:
    api = people.ada.api
    unset = api.get(PATH).headers["etag"]
    first = api.put(PATH, json={"value": "One."}, headers={"If-Match": unset}).headers["etag"]

    for stale in (unset, '"999"', f"W/{unset}", first.partition("-")[0] + '"'):
        response = api.put(PATH, json={"value": "Lost."}, headers={"If-Match": stale})
        refused(response, 412, "PRECONDITION_FAILED")
        assert event(response).reason == "precondition_failed"
    refused(api.put(PATH, json={"value": "x"}, headers={"If-Match": "one"}), 400, "VALIDATION_ERROR", "If-Match")

    assert data(api.put(PATH, json={"value": "Two."}, headers={"If-Match": f'"x", {first}'}))["value"] == "Two."
    assert data(api.put(PATH, json={"value": "Three."}, headers={"If-Match": "*"}))["value"] == "Three."


def test_the_same_value_again_writes_nothing(people: People) -> None:
    api = people.ada.api
    first, again = (api.put(PATH, json={"value": "One."}) for _ in range(2))

    assert (data(again), again.headers["etag"]) == (data(first), first.headers["etag"])
    assert event(again).details == {"key": "service.notice", "old": "One.", "new": "One."}


def test_the_default_may_be_set_and_then_it_is_set(people: People) -> None:
    assert data(people.ada.api.put(path_of("registration.open"), json={"value": True}))["is_set"] is True
    assert stored_settings() == {"registration.open": True}


def test_a_value_that_no_longer_fitted_is_fixed(people: People) -> None:
    store_setting("service.notice", 5)

    response = people.ada.api.put(PATH, json={"value": "Back at noon."})

    assert data(response)["value"] == "Back at noon."
    assert event(response).details == {"key": "service.notice", "old": None, "new": "Back at noon."}


def test_who_may_write_need_not_be_able_to_read_and_others_may_not_write(people: People, service: Service) -> None:
    make_role("writer", "settings:write")
    make_role("reader", "settings:read")

    assert data(people.make("walt", "writer").api.put(PATH, json={"value": "One."}))["value"] == "One."

    for person in (people.alice, people.gus, people.make("rita", "reader")):
        refused(person.api.put(PATH, json={"value": "Mine."}), 403, "FORBIDDEN")
    with service.client() as client:
        refused(client.put(PATH, json={"value": "Mine."}), 401, "UNAUTHENTICATED")
    assert stored_settings() == {"service.notice": "One."}


def test_another_server_on_the_database_goes_by_it_at_once(people: People, variant: Variant) -> None:
    body = {"email": "nora@example.com", "password": PASSWORD}
    with variant() as other, other.client() as client:
        data(client.post("/v1/auth/register", json=body), 202)
        data(people.ada.api.put(path_of("registration.open"), json={"value": False}))
        refused(client.post("/v1/auth/register", json=body), 403, "FORBIDDEN")
        data(people.ada.api.put(path_of("registration.open"), json={"value": True}))
        data(client.post("/v1/auth/register", json=body), 202)


def test_the_setting_says_whether_a_guest_signs_in_and_else_the_variable(variant: Variant, people: People) -> None:
    path, api, gus = path_of("sign_in.unverified"), people.ada.api, people.gus
    guest, user = ({"email": person.email, "password": PASSWORD} for person in (gus, people.alice))
    with variant(SIGN_IN_UNVERIFIED="false") as strict, strict.client() as there, gus.service.client() as here:

        def statuses() -> tuple[int, ...]:
            assert here.post("/v1/auth/login", json=user).status_code == 200
            return tuple(client.post("/v1/auth/login", json=guest).status_code for client in (here, there))

        for value, expected in ((False, (401, 401)), (True, (200, 200)), (None, (200, 401))):
            data(api.put(path, json={"value": value}))
            assert statuses() == expected
        data(api.put(path, json={"value": False}))
        assert api.delete(path).status_code == 204
        assert statuses() == (200, 401)


def test_the_values_are_in_no_place_but_their_own(people: People) -> None:
    response = people.ada.api.put(path_of("sign_in.unverified"), json={"value": True})

    assert "value" not in json.dumps(dict(response.headers))
    assert stored_settings() == {"sign_in.unverified": True}


def test_without_the_database_it_says_so_and_recovers(people: People, database_away: Away) -> None:
    api = people.ada.api
    with database_away():
        check_unavailable(api.put(PATH, json={"value": "One."}))
    assert data(api.put(PATH, json={"value": "One."}))
