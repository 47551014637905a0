"""Arguments that cannot be right are refused at once, and no password is shown."""

import traceback
from typing import Any
from uuid import UUID

import pytest

from tests.integration.sdk_python.conftest import Requests
from tests.people import People


@pytest.mark.parametrize("given", [None, "", " ", ".", "..", True, 1.5, b"id", [], {}, "\ud800"], ids=repr)
def test_what_cannot_be_a_part_of_a_path_is_refused(ada: Any, requests: Requests, given: Any) -> None:
    before = len(requests.sent)
    for call in (ada.users.get_user, ada.profiles.get_profile, lambda given: ada.sessions.revoke_session(given, "x")):
        with pytest.raises(ValueError, match="user_id must be an id or a name, not ") as caught:
            call(given)
        assert type(caught.value) is ValueError
    with pytest.raises(ValueError, match="user_id must be an id or a name, not "):
        ada.profiles.update(given, lambda _: {"bio": "x"})
    with pytest.raises(ValueError, match="user_id must be an id or a name, not "):
        next(iter(ada.sessions.iter_sessions(given)))
    assert len(requests.sent) == before


def test_an_id_is_taken_as_a_text_and_as_a_uuid(ada: Any, people: People) -> None:
    assert ada.users.get_user(str(people.ada.id)) == ada.users.get_user(UUID(str(people.ada.id)))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://user:SECRET@h",
        "https://user:SECRET@:80",
        "http://user:SECRET@h:99999",
        "http://user:SECRET/SECRET@h",
        "http://user:SECRET@SECRET@h:x",
        "http://SECRET:SECRET@h",
        "user:SECRET@h",
        "ftp://h?key=SECRET",
        "http://h:x#SECRET",
        "http://h?key=SECRET",
        b"http://user:SECRET@h",
    ],
)
def test_a_base_url_that_is_refused_is_shown_without_its_secrets(sdk: Any, url: Any) -> None:
    for kind in (sdk.Charter, sdk.AsyncCharter):
        with pytest.raises(ValueError, match="base URL must") as caught:
            kind(url)
        lines = traceback.format_exception(caught.value)
        assert "SECRET" not in "".join(line for line in lines if not line.startswith("  File "))


def test_a_base_url_that_is_refused_is_still_recognised(sdk: Any) -> None:
    with pytest.raises(ValueError, match=r"not 'ftp://…@accounts\.example\.com'"):
        sdk.Charter("ftp://user:pass@accounts.example.com")
    with pytest.raises(ValueError, match="not None"):
        sdk.Charter(None)
