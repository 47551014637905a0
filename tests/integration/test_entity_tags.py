"""If-Match on every operation that has it: the current tag and what proxies make of it, and nothing else."""

from typing import Any

import httpx
import pytest

from app.spec.operation import operations
from tests.document import DOCUMENT
from tests.people import People, Person, make_role
from tests.rows import sessions_of
from tests.wire import data, refused

PROFILE = {"display_name": "Clara", "locale": None, "time_zone": None, "avatar_url": None, "bio": None}
SETTING = "/v1/settings/service.notice"
CHANGED = "has changed since you read it"


class Guarded:
    """An operation with If-Match, and where the tag of what it changes is read.

    Attributes:
        read: path of the resource; None for one without a tag.
    """

    def __init__(self, caller: Person, method: str, path: str, read: str | None, body: Any = None) -> None:
        self._caller, self._method, self._path, self._body = caller, method, path, body
        self.read = read

    def send(self, tag: str) -> httpx.Response:
        return self._caller.api.request(self._method, self._path, json=self._body, headers={"If-Match": tag})

    def tag(self) -> str:
        assert self.read is not None
        response = self._caller.api.get(self.read)
        data(response)
        return response.headers["etag"]


@pytest.fixture
def guarded(people: People) -> dict[str, Guarded]:
    """Every such operation; what deletes comes last."""
    make_role("clerk")
    make_role("spare")
    make_role("unused")
    ada, clara, bob = people.ada, people.make("clara", "clerk"), people.bob
    clara.sign_in()
    url, session = f"/v1/users/{clara.id}", sessions_of(clara.id)[0]
    data(ada.api.put(SETTING, json={"value": "Closed."}))
    return {
        "update_me": Guarded(clara, "PATCH", "/v1/users/me", "/v1/users/me", {"bio": "x"}),
        "update_user": Guarded(ada, "PATCH", url, url, {"email": "moved@example.com"}),
        "replace_profile": Guarded(clara, "PUT", f"{url}/profile", f"{url}/profile", PROFILE),
        "set_user_role": Guarded(ada, "PUT", f"{url}/role", url, {"role": "spare"}),
        "update_role": Guarded(ada, "PATCH", "/v1/roles/clerk", "/v1/roles/clerk", {"description": "x"}),
        "put_setting": Guarded(ada, "PUT", SETTING, SETTING, {"value": "Open."}),
        "reset_setting": Guarded(ada, "DELETE", SETTING, SETTING),
        "revoke_session": Guarded(ada, "DELETE", f"{url}/sessions/{session}", None),
        "suspend_user": Guarded(ada, "POST", f"{url}/suspend", url),
        "restore_user": Guarded(ada, "POST", f"{url}/restore", url),
        "delete_user": Guarded(ada, "DELETE", f"/v1/users/{bob.id}", f"/v1/users/{bob.id}"),
        "delete_role": Guarded(ada, "DELETE", "/v1/roles/unused", "/v1/roles/unused"),
    }


def test_every_operation_with_if_match_is_tried_here(guarded: dict[str, Guarded]) -> None:
    found = {operation.body["operationId"] for operation in operations(DOCUMENT) if "x-precondition" in operation.body}

    assert set(guarded) == found


def test_everything_that_is_deleted_may_be_guarded() -> None:
    without = [
        operation.body["operationId"]
        for operation in operations(DOCUMENT)
        if operation.method == "delete" and "x-precondition" not in operation.body
    ]

    assert without == [], "DELETE honours If-Match: add x-precondition, and compare the version in the service"


def test_nothing_but_the_current_tag_lets_a_write_through(
    guarded: dict[str, Guarded], subtests: pytest.Subtests
) -> None:
    for name, operation in guarded.items():
        if operation.read is None:
            continue
        current = operation.tag()
        version, dash, _ = current.strip('"').partition("-")
        wrong = [f'"{version}x"', f'"x-{version}"', f'W/"{version}x-gzip"', '"99"', f'{current[:-1]}-gzip-gzip"']
        if dash:
            wrong.append(f'"{version}"')
            wrong.append(f'"{version}-"')
        for tag in wrong:
            with subtests.test(name, tag=tag):
                [error] = refused(operation.send(tag), 412, "PRECONDITION_FAILED")
                assert CHANGED not in error["message"]
                assert operation.tag() == current


def test_a_write_with_the_tag_of_an_earlier_version_is_told_of_the_change(people: People) -> None:
    profile = f"/v1/users/{people.alice.id}/profile"
    seen = people.alice.api.get(profile).headers["etag"]
    data(people.alice.api.put(profile, json=PROFILE, headers={"If-Match": seen}))

    for tag in (seen, f"W/{seen}", f'{seen[:-1]}-gzip"'):
        response = people.alice.api.put(profile, json=PROFILE, headers={"If-Match": tag})
        [error] = refused(response, 412, "PRECONDITION_FAILED")
        assert CHANGED in error["message"]


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', '"{}-gzip"', '"{};br"'])
def test_the_current_tag_in_a_form_that_proxies_make_lets_every_write_through(
    guarded: dict[str, Guarded], form: str
) -> None:
    done = {}
    for name, operation in guarded.items():
        tag = "*" if operation.read is None else operation.tag()
        done[name] = operation.send("*" if tag == "*" else form.format(tag.strip('"')))

    assert {
        name: response.status_code for name, response in done.items() if response.status_code not in (200, 204)
    } == {}


def test_a_session_has_no_tag_and_takes_none(guarded: dict[str, Guarded]) -> None:
    operation = guarded["revoke_session"]

    for tag in ('"1"', 'W/"1"', '""'):
        [error] = refused(operation.send(tag), 412, "PRECONDITION_FAILED")
        assert "has no ETag" in error["message"]

    assert operation.send("*").status_code == 204


def test_a_copy_is_known_again_by_the_tag_that_a_proxy_made(people: People) -> None:
    api, url = people.ada.api, f"/v1/users/{people.alice.id}"
    for path in (url, f"{url}/profile", "/v1/roles/user", SETTING, "/v1/settings", "/v1/settings/public"):
        tag = api.get(path).headers["etag"].strip('"')
        for known in (f'"{tag}"', f'W/"{tag}"', f'"{tag}-gzip"', f'"x", "{tag}--br"', "*"):
            response = api.get(path, headers={"If-None-Match": known})
            assert (response.status_code, response.content) == (304, b""), (path, known)
        for other in (f'"{tag}x"', f'"{tag}', f"{tag}", f'"{tag}-gzip-gzip"', ""):
            assert api.get(path, headers={"If-None-Match": other}).status_code == 200, (path, other)
