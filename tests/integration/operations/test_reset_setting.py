"""reset_setting: the default counts again, whether or not somebody had set anything else."""

import pytest

from tests import leaks
from tests.integration.operations.bounds import check_unavailable
from tests.integration.operations.conftest import Away
from tests.people import People, make_role
from tests.rows import decision, event, store_setting, stored_settings
from tests.service import Service
from tests.wire import data, refused

PATH = "/v1/settings/registration.open"


def test_the_default_counts_again(people: People) -> None:
    store_setting("registration.open", False)

    response = people.ada.api.delete(PATH)

    assert (response.status_code, response.content) == (204, b"")
    assert stored_settings() == {}
    shown = data(people.ada.api.get(PATH))
    assert (shown["value"], shown["is_set"]) == (True, False)


def test_the_trail_keeps_what_it_was(people: People) -> None:
    store_setting("registration.open", False)

    response, again = people.ada.api.delete(PATH), people.ada.api.delete(PATH)

    details = {"key": "registration.open", "old": False, "new": True}
    target = "setting:registration.open"
    event(response).check(by=people.ada, action="setting.reset", outcome="succeeded", target=target, details=details)
    decision(response).check(action="reset_setting", permission="settings:write", outcome="allowed", target=target)
    assert event(again).details == {"key": "registration.open", "old": True, "new": True}


def test_of_a_secret_one_nothing_is_kept(people: People) -> None:
    leaks.note("six geese a-laying")
    store_setting("registration.invitation_code", "six geese a-laying")

    response = people.ada.api.delete("/v1/settings/registration.invitation_code")

    assert response.status_code == 204
    assert event(response).details == {"key": "registration.invitation_code", "old": "***", "new": "***"}


def test_only_the_version_that_was_seen_is_reset(people: People) -> None:
    api = people.ada.api
    seen = api.put(PATH, json={"value": False}).headers["etag"]
    later = api.put(PATH, json={"value": True}).headers["etag"]

    refused(api.delete(PATH, headers={"If-Match": seen}), 412, "PRECONDITION_FAILED")
    assert stored_settings() == {"registration.open": True}
    assert api.delete(PATH, headers={"If-Match": later}).status_code == 204


def test_a_key_set_again_after_a_reset_repeats_no_tag(people: People) -> None:
    api, tags = people.ada.api, []
    for _ in range(2):
        tags.append(api.put(PATH, json={"value": False}).headers["etag"])
        assert api.delete(PATH).status_code == 204

    assert len(set(tags)) == 2


def test_a_row_that_no_longer_fits_is_dropped(people: People) -> None:
    store_setting("registration.open", "maybe")

    assert people.ada.api.delete(PATH).status_code == 204
    assert stored_settings() == {}


def test_a_key_that_nobody_declares_is_a_404_and_its_row_stays(people: People) -> None:
    store_setting("relic.of_old", 1)

    response = people.ada.api.delete("/v1/settings/relic.of_old")

    refused(response, 404, "NOT_FOUND")
    event(response).check(action="setting.reset", outcome="failed", reason="not_found", target="setting:relic.of_old")
    assert stored_settings() == {"relic.of_old": 1}


@pytest.mark.parametrize("key", ["Registration.open", "a%0A", "x" * 65])
def test_a_key_that_no_setting_can_have_is_refused(people: People, key: str) -> None:
    assert refused(people.ada.api.delete(f"/v1/settings/{key}"), 400, "VALIDATION_ERROR", "key")


def test_others_may_not(people: People, service: Service) -> None:
    store_setting("registration.open", False)
    make_role("reader", "settings:read")

    for person in (people.alice, people.gus, people.make("rita", "reader")):
        refused(person.api.delete(PATH), 403, "FORBIDDEN")
    with service.client() as client:
        refused(client.delete(PATH), 401, "UNAUTHENTICATED")
    assert stored_settings() == {"registration.open": False}


def test_without_the_database_it_says_so_and_recovers(people: People, database_away: Away) -> None:
    api = people.ada.api
    with database_away():
        check_unavailable(api.delete(PATH))
    assert api.delete(PATH).status_code == 204
