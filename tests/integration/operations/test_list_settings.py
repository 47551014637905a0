"""list_settings: all that the release declares, in order, whether or not somebody set it."""

from app.pipeline.contract import OPENAPI
from app.spec.settings_file import load_declarations
from tests.integration.operations.bounds import check_unavailable
from tests.integration.operations.conftest import Away
from tests.people import People, make_role
from tests.rows import decision, eventless, store_setting
from tests.service import Service
from tests.wire import data, refused

PATH = "/v1/settings"
CODE = "six geese a-laying"
KEYS = sorted(load_declarations(OPENAPI / "settings.yaml").by_key)


def test_without_any_row_every_setting_has_its_default(people: People) -> None:
    shown = data(people.ada.api.get(PATH))

    assert [setting["key"] for setting in shown] == KEYS
    for setting in shown:
        assert (setting["is_set"], setting["updated_at"], setting["value"]) == (False, None, setting["default"])
        assert setting["description"]
    [opened] = [setting for setting in shown if setting["key"] == "registration.open"]
    assert (opened["visibility"], opened["schema"], opened["value"]) == ("public", {"type": "boolean"}, True)


def test_what_was_set_is_shown_but_for_what_is_secret(people: People) -> None:
    store_setting("registration.open", False)
    store_setting("registration.invitation_code", CODE)

    response = people.ada.api.get(PATH)

    shown = {setting["key"]: setting for setting in data(response)}
    assert (shown["registration.open"]["value"], shown["registration.open"]["is_set"]) == (False, True)
    secret = shown["registration.invitation_code"]
    assert (secret["value"], secret["default"], secret["is_set"]) == (None, None, True)
    assert secret["updated_at"]
    assert CODE not in response.text


def test_a_copy_that_is_current_is_not_sent_again(people: People) -> None:
    read = people.ada.api.get
    copy = {"If-None-Match": read(PATH).headers["etag"]}

    assert read(PATH, headers=copy).status_code == 304
    store_setting("registration.invitation_code", CODE)
    assert data(read(PATH, headers=copy))


def test_a_row_of_a_key_that_nobody_declares_is_passed_over(people: People) -> None:
    store_setting("relic.of_old", 1)

    assert [setting["key"] for setting in data(people.ada.api.get(PATH))] == KEYS


def test_who_may_read_the_settings_may(people: People) -> None:
    make_role("reader", "settings:read")

    response = people.make("rita", "reader").api.get(PATH)

    assert len(data(response)) == len(KEYS)
    decision(response).check(
        action="list_settings", permission="settings:read", outcome="allowed", target=None, details=None
    )
    assert eventless(response)


def test_others_may_not(people: People, service: Service) -> None:
    make_role("writer", "settings:write")
    for person in (people.alice, people.gus, people.make("walt", "writer")):
        refused(person.api.get(PATH), 403, "FORBIDDEN")
    with service.client() as client:
        refused(client.get(PATH), 401, "UNAUTHENTICATED")


def test_the_door_is_that_of_every_operation(people: People) -> None:
    api = people.ada.api
    assert refused(api.get(f"{PATH}?page=1"), 400, "VALIDATION_ERROR", "page")
    assert api.post(PATH, json={}).headers["allow"] == "GET, HEAD, OPTIONS"


def test_without_the_database_it_says_so_and_recovers(people: People, database_away: Away) -> None:
    api = people.ada.api
    with database_away():
        check_unavailable(api.get(PATH))
    assert data(api.get(PATH))
