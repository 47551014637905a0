"""get_public_settings: what anybody may know, and nothing else."""

import httpx

from tests.integration.operations.bounds import check_unavailable
from tests.integration.operations.conftest import Away
from tests.people import People
from tests.rows import audit_rows, store_setting
from tests.wire import data, refused

PATH = "/v1/settings/public"
DEFAULTS = {"registration.open": True, "service.notice": None, "support.contact": None}


def test_anybody_reads_the_values_of_public_settings_and_of_no_others(anonymous: httpx.Client) -> None:
    store_setting("sign_in.unverified", True)
    store_setting("registration.invitation_code", "six geese a-laying")

    response = anonymous.get(PATH)

    assert data(response) == DEFAULTS
    assert list(response.json()["data"]) == sorted(DEFAULTS)
    assert audit_rows(response, "decision") == audit_rows(response, "event") == []


def test_a_change_is_there_for_the_next_who_asks(anonymous: httpx.Client, people: People) -> None:
    first = anonymous.get(PATH)
    copy = {"If-None-Match": first.headers["etag"]}
    assert anonymous.get(PATH, headers=copy).status_code == 304

    data(people.ada.api.put("/v1/settings/service.notice", json={"value": "Back at noon."}))

    assert data(anonymous.get(PATH, headers=copy)) == {**DEFAULTS, "service.notice": "Back at noon."}


def test_a_change_of_what_is_not_public_changes_nothing_here(anonymous: httpx.Client, people: People) -> None:
    copy = {"If-None-Match": anonymous.get(PATH).headers["etag"]}

    data(people.ada.api.put("/v1/settings/registration.invitation_code", json={"value": "six geese a-laying"}))

    assert anonymous.get(PATH, headers=copy).status_code == 304


def test_it_is_no_setting_of_that_key(people: People) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        response = people.ada.api.request(method, PATH, json={"value": 1})
        refused(response, 405, "METHOD_NOT_ALLOWED")
        assert response.headers["allow"] == "GET, HEAD, OPTIONS"


def test_the_door_is_that_of_every_operation(anonymous: httpx.Client) -> None:
    assert refused(anonymous.get(f"{PATH}?key=x"), 400, "VALIDATION_ERROR", "key")


def test_without_the_database_it_says_so_and_recovers(anonymous: httpx.Client, database_away: Away) -> None:
    with database_away():
        check_unavailable(anonymous.get(PATH))
    assert data(anonymous.get(PATH)) == DEFAULTS
