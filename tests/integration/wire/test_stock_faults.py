"""The faults of the stock Connexion stack, in the order of the table they were found in: none of them is ours."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from app.factory import create_app
from app.spec.document import DocumentError
from tests.gateways import GATEWAYS
from tests.integration.wire.conftest import DOCUMENT, HANDLERS
from tests.people import People
from tests.raw import ask, bearer
from tests.service import Service, config_for
from tests.wire import data, refused

JSON = ("Content-Type", "application/json")
ME = "/v1/users/me"
WISHES = "/v1/answers"
# In every run, through both.
pytestmark = pytest.mark.parametrize("gateway", GATEWAYS, indirect=True)


def start_faults(folder: Path, gateway: str, changes: dict[str, str]) -> str:
    """Return why the start is refused when texts of paths/echo.yaml are replaced by others."""
    shutil.copytree(DOCUMENT.parent, folder, dirs_exist_ok=True)
    path = folder / "paths" / "echo.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    config = config_for(DATABASE_URL="postgresql://nowhere/charter", CHARTER_GATEWAY=gateway)
    with pytest.raises(DocumentError) as caught:
        create_app(config, document=folder / DOCUMENT.name, handlers_package=HANDLERS)
    return str(caught.value)


def test_optional_security_does_not_turn_an_invalid_token_into_anonymous(tmp_path: Path, gateway: str) -> None:
    policy = {"x-public: true": "x-permission: account:read", "security: []": "security: [{bearer: []}, {}]"}

    told = start_faults(tmp_path, gateway, policy)

    assert re.search(r"paths/echo.yaml:\d+: The security of GET /v1/echoes/.number. is optional", told)


def test_scopes_of_a_bearer_are_not_ignored(tmp_path: Path, gateway: str) -> None:
    policy = {"x-public: true": "x-permission: account:read", "security: []": "security: [{bearer: [admin]}]"}

    told = start_faults(tmp_path, gateway, policy)

    assert re.search(r"paths/echo.yaml:\d+: The scopes of bearer are not checked", told)


def test_an_operation_without_a_success_is_refused_at_start_with_its_place(tmp_path: Path, gateway: str) -> None:
    told = start_faults(tmp_path, gateway, {'"200":': "default:"})

    assert re.search(
        r"paths/echo.yaml:\d+: echo_parameters has no response that can be sent. It describes no success", told
    )


def test_header_parameters_are_coerced_like_query_parameters(probe_door: Service) -> None:
    headers = [("X-Count", "7")]

    found = data(ask(probe_door, "GET", "/v1/echoes/5?flag=true&sizes=1&sizes=2", headers))

    assert (found["number"], found["x_count"], found["flag"], found["sizes"]) == (5, 7, True, [1, 2])
    for wrong in ("seven", "10", "7.0", ""):
        response = ask(probe_door, "GET", "/v1/echoes/5", [("X-Count", wrong)])
        refused(response, 400, "VALIDATION_ERROR", "X-Count")


def test_cookie_parameters_are_refused_at_start(tmp_path: Path, gateway: str) -> None:
    told = start_faults(tmp_path, gateway, {"name: X-Count, in: header": "name: X-Count, in: cookie"})

    assert "X-Count is in cookie, which is not read" in told


@pytest.mark.parametrize("number", ["abc", "1.5", "-1", "0", "1e3", "%20", "99999999999999999999999", "%ff", "%D9%A3"])
def test_text_for_an_integer_in_the_path_is_a_400_with_the_field(probe_door: Service, number: str) -> None:
    refused(ask(probe_door, "GET", f"/v1/echoes/{number}"), 400, "VALIDATION_ERROR", "number")


def test_every_violation_is_told_with_its_field_and_a_short_message(probe_door: Service) -> None:
    target = "/v1/echoes/x?day=x&moment=x&link=x&key=x&flag=x&sizes=1&sizes=x&unknown=x"

    errors = refused(ask(probe_door, "GET", target, [("X-Count", "x")]), 400, "VALIDATION_ERROR")

    fields = {"number", "X-Count", "day", "moment", "link", "key", "flag", "sizes.1", "unknown"}
    assert {error["field"] for error in errors} == fields
    assert all(len(error["message"]) < 100 and "{" not in error["message"] for error in errors)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("key=019c13ec", "key"),
        ("key=g19c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d", "key"),
        ("day=2026-02-30", "day"),
        ("day=31.01.2026", "day"),
        ("moment=2026-01-31", "moment"),
        ("moment=2026-01-31T25:00:00Z", "moment"),
        ("moment=2026-01-31T12:00:00", "moment"),
        ("link=charter", "link"),
        ("link=/v1/users", "link"),
    ],
)
def test_formats_are_checked(probe_door: Service, query: str, field: str) -> None:
    refused(ask(probe_door, "GET", f"/v1/echoes/5?{query}"), 400, "VALIDATION_ERROR", field)


def test_good_formats_pass(probe_door: Service) -> None:
    good = "key=019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d&day=2028-02-29&moment=2026-01-31T12:00:00%2B01:00&link=https://a.example/"

    assert data(ask(probe_door, "GET", f"/v1/echoes/5?{good}"))["day"] == "2028-02-29"


@pytest.mark.parametrize("body", [b"\xff", b'{"how": "\xc3("}', '{"how": "right"}'.encode("utf-16")])
def test_an_invalid_utf_8_body_is_a_400(probe_door: Service, body: bytes) -> None:
    refused(ask(probe_door, "POST", WISHES, [JSON], body), 400, "MALFORMED_BODY")


def test_a_chunked_body_without_content_length_is_accepted_and_bounded(probe_door: Service) -> None:
    assert data(ask(probe_door, "POST", WISHES, [JSON], [b'{"how":', b' "right"}'])) == {"word": "right"}
    refused(ask(probe_door, "POST", WISHES, [JSON], [b" " * 40_000] * 2), 413, "PAYLOAD_TOO_LARGE")


def test_a_missing_content_type_is_a_415_and_an_odd_case_is_parsed(probe_door: Service) -> None:
    body = b'{"how": "right"}'

    refused(ask(probe_door, "POST", WISHES, [], body), 415, "UNSUPPORTED_MEDIA_TYPE")
    assert data(ask(probe_door, "POST", WISHES, [("content-TYPE", "APPLICATION/Json")], body)) == {"word": "right"}


def test_a_body_is_refused_before_it_is_read_whole(probe_door: Service) -> None:
    announced = ask(probe_door, "POST", WISHES, [JSON, ("Content-Length", "2000000")], b"{")

    refused(announced, 413, "PAYLOAD_TOO_LARGE")


def test_allow_names_every_method_head_and_options_included(probe_door: Service) -> None:
    response = ask(probe_door, "DELETE", WISHES)

    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"


def test_head_is_as_get_without_a_body(probe_door: Service) -> None:
    response = ask(probe_door, "HEAD", WISHES + "?how=right")

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["etag"] == '"1"'
    assert int(response.headers["content-length"]) > 100


THING = {"name": "A thing", "password": "hidden", "note": None}


@pytest.mark.parametrize("note", [None, {"text": "here"}])
def test_read_only_is_not_demanded_and_nullable_stands_beside_all_of(probe_door: Service, note: Any) -> None:
    with probe_door.client() as client:
        found = data(client.post("/v1/things", json={**THING, "note": note}))

    assert found == {"id": "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d", "name": "A thing", "note": note}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"}, "id"),
        ({"note": {}}, "note.text"),
        ({"note": {"text": None}}, "note.text"),
        ({"name": None}, "name"),
    ],
)
def test_what_read_only_and_all_of_forbid_is_refused(probe_door: Service, change: dict[str, Any], field: str) -> None:
    with probe_door.client() as client:
        refused(client.post("/v1/things", json={**THING, **change}), 400, "VALIDATION_ERROR", field)


def test_every_401_carries_www_authenticate(people: People, service: Service) -> None:
    ended = people.bob.sign_in()["access_token"]
    assert ask(service, "POST", "/v1/auth/logout", [bearer(ended)]).status_code == 204
    expired = people.alice.sign_in()["access_token"]
    service.clock.advance(minutes=16)
    login = b'{"email": "nobody@example.com", "password": "x"}'
    refusals = {
        "UNAUTHENTICATED": ask(service, "GET", ME),
        "INVALID_TOKEN": ask(service, "GET", ME, [bearer(expired)]),
        "INVALID_CREDENTIALS": ask(service, "POST", "/v1/auth/login", [JSON], login),
        "INVALID_REFRESH_TOKEN": ask(service, "POST", "/v1/auth/refresh", [JSON], b'{"refresh_token": "x"}'),
    }
    service.clock.reset()
    refusals["SESSION_ENDED"] = ask(service, "GET", ME, [bearer(ended)])

    for code, response in refusals.items():
        refused(response, 401, code)
        assert response.headers["www-authenticate"].startswith('Bearer realm="charter"')


@pytest.mark.parametrize("how", ["wrong_header", "undocumented_header", "undocumented_status"])
def test_header_values_and_statuses_of_responses_are_checked(probe_door: Service, how: str) -> None:
    refused(ask(probe_door, "GET", f"{WISHES}?how={how}"), 500, "INTERNAL_ERROR")
