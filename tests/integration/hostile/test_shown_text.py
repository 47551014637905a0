"""Text that others will see: nothing in it is hidden, steers a terminal or turns the rest around; and what is there."""

from typing import Any

import pytest

from app.database import run
from tests.people import PASSWORD, People
from tests.rows import store_setting
from tests.wire import data, refused

TEXTS = ("\x07", "\x1b[2J", "\x9b1m", "\u202eevil", "\u2066", "\U000e0041\U000e007f", "\uffff")
BREAKS = ("a\nb", "a\r\nb", "a\tb")
PROFILE: dict[str, Any] = {
    "display_name": "Alice", "locale": None, "time_zone": None, "avatar_url": None, "bio": None,
}  # fmt: skip


def test_what_hides_or_turns_text_is_refused_wherever_it_would_be_shown(
    people: People, subtests: pytest.Subtests
) -> None:
    ada, alice = people.ada.api, people.alice.api
    account = {"email": "new@example.com", "password": PASSWORD}
    role = {"name": "clerk", "permissions": []}
    profile, clerk = f"/v1/users/{people.alice.id}/profile", "/v1/roles/user"
    tries = [
        ("POST", "/v1/auth/register", lambda text: {**account, "display_name": text}, "display_name", False),
        (
            "POST",
            "/v1/users",
            lambda text: {**account, "profile": {"display_name": text}},
            "profile.display_name",
            False,
        ),
        ("POST", "/v1/users", lambda text: {**account, "profile": {"bio": text}}, "profile.bio", True),
        ("PATCH", "/v1/users/me", lambda text: {"display_name": text}, "display_name", False),
        ("PATCH", "/v1/users/me", lambda text: {"bio": text}, "bio", True),
        ("PUT", profile, lambda text: {**PROFILE, "display_name": text}, "display_name", False),
        ("PUT", profile, lambda text: {**PROFILE, "bio": text}, "bio", True),
        ("POST", "/v1/roles", lambda text: {**role, "description": text}, "description", False),
        ("POST", "/v1/roles", lambda text: {**role, "name": f"a{text}", "description": ""}, "name", False),
        ("PATCH", clerk, lambda text: {"description": text}, "description", False),
        ("PUT", "/v1/settings/service.notice", lambda text: {"value": text}, "value", False),
        ("PUT", "/v1/settings/support.contact", lambda text: {"value": f"https://a.example/{text}"}, "value", False),
    ]
    before = data(alice.get("/v1/users/me"))
    for method, path, body, field, may_break in tries:
        with subtests.test(f"{method} {path} {field}"):
            headers = {"If-Match": "*"} if method == "PUT" else {}
            client = alice if path == "/v1/users/me" else ada
            for text in TEXTS if may_break else (*TEXTS, *BREAKS):
                [error] = refused(
                    client.request(method, path, json=body(f"A{text}z"), headers=headers),
                    400,
                    "VALIDATION_ERROR",
                    field,
                )
                assert error["message"].startswith(("Must be ", "Does not match the required pattern", "Fits none")), (
                    error
                )
    assert data(alice.get("/v1/users/me")) == before


def test_a_message_says_what_is_wrong(people: People) -> None:
    [error] = refused(
        people.alice.api.patch("/v1/users/me", json={"display_name": "\u202eecilA"}), 400, "VALIDATION_ERROR"
    )

    assert error["message"] == (
        "Must be one line of text without control characters, tags, or characters that change the direction of what "
        "follows."
    )


@pytest.mark.parametrize(
    "name",
    ["👩\u200d👩\u200d👧 Lee", "❤\ufe0f Ann", "می\u200cخواهم", "\u200fشَهْد", "שרה", "क्\u200dषमा", "葛\U000e0100城", "Ⅷ"],
)
def test_names_of_all_scripts_are_taken_and_shown_as_they_are_typed(people: People, name: str) -> None:
    told = data(people.alice.api.patch("/v1/users/me", json={"display_name": name, "bio": f"{name}\n\t{name}"}))

    assert (told["profile"]["display_name"], told["profile"]["bio"]) == (name, f"{name}\n\t{name}")


def test_what_an_earlier_release_stored_can_still_be_read(people: People) -> None:
    ada, path, stored = people.ada.api, f"/v1/users/{people.alice.id}", "A\u202eb\n\x07\U000e0041"
    run(
        "UPDATE user_profiles SET display_name = %s, bio = %s, avatar_url = 'https://ada:secret@a.example/x'",
        (stored, stored),
    )
    run("UPDATE roles SET description = %s", (stored,))
    store_setting("service.notice", stored)

    assert data(ada.get(path))["profile"]["display_name"] == stored
    assert data(ada.get(f"{path}/profile"))["bio"] == stored
    assert {account["profile"]["display_name"] for account in data(ada.get("/v1/users"))} == {stored}
    assert data(ada.get("/v1/roles/user"))["description"] == stored
    assert data(ada.get("/v1/settings/service.notice"))["value"] == stored
    assert data(ada.get("/v1/settings/public"))["service.notice"] == stored


@pytest.mark.parametrize(
    "url",
    [
        "https://ada@a.example/x.png",
        "https://ada:secret@a.example/x.png",
        "https://a.example\\@evil.example/",
        "https://a.example /",
        "https://a.example/\n",
        "https://bücher.example/x.png",
        "https://a.example/" + "x" * 2048,
    ],
)
def test_the_url_of_a_picture_names_one_host_and_nobody(people: People, url: str) -> None:
    refused(people.alice.api.patch("/v1/users/me", json={"avatar_url": url}), 400, "VALIDATION_ERROR", "avatar_url")
    body = {"email": "new@example.com", "password": PASSWORD, "profile": {"avatar_url": url}}
    refused(people.ada.api.post("/v1/users", json=body), 400, "VALIDATION_ERROR", "profile.avatar_url")
    refused(
        people.ada.api.put("/v1/settings/support.contact", json={"value": url}, headers={"If-Match": "*"}),
        400,
        "VALIDATION_ERROR",
        "value",
    )
