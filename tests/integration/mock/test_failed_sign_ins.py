"""Failed sign-ins are limited in the mock as in the server."""

from typing import Any

import httpx
import pytest

from tests.people import PASSWORD
from tests.wire import refused

NEW = "another lantern 8 quarry"
WRONG = "not the right password"


def _sign_in(people: Any, email: str, password: str = WRONG) -> httpx.Response:
    with people.ada.service.client() as client:
        response: httpx.Response = client.post("/v1/auth/login", json={"email": email, "password": password})
    return response


@pytest.mark.parametrize("email", ["bob@example.com", "nobody@example.com"])
def test_failed_sign_ins_of_an_account_make_it_wait_twice_as_long_each_time(people: Any, email: str) -> None:
    assert people.bob.id
    people.ada.service.clock.stop()
    for _ in range(5):
        refused(_sign_in(people, email), 401, "INVALID_CREDENTIALS")
    for seconds in (1, 2, 4):
        blocked = _sign_in(people, email, PASSWORD)
        refused(blocked, 429, "RATE_LIMITED")
        assert blocked.headers["retry-after"] == str(seconds)
        people.ada.service.clock.advance(seconds=seconds)
        refused(_sign_in(people, email), 401, "INVALID_CREDENTIALS")
    assert _sign_in(people, email).headers["retry-after"] == "8"
    assert people.ada.sign_in()["user"]["role"] == "admin", "other accounts can sign in"


def test_a_success_forgets_the_failures_and_strangers_do_not_lock_out_the_owner(people: Any) -> None:
    people.bob.sign_in()
    people.ada.service.clock.stop()
    for _ in range(2):
        for _ in range(4):
            refused(_sign_in(people, people.bob.email), 401, "INVALID_CREDENTIALS")
        assert _sign_in(people, people.bob.email, PASSWORD).status_code == 200


def test_guesses_at_the_current_password_count_as_failed_sign_ins(people: Any) -> None:
    people.ada.service.clock.stop()
    change = {"current_password": WRONG, "new_password": NEW}
    for _ in range(5):
        wrong = people.alice.api.put("/v1/users/me/password", json=change)
        refused(wrong, 400, "VALIDATION_ERROR", "current_password")
    refused(people.alice.api.put("/v1/users/me/password", json=change), 429, "RATE_LIMITED")
    refused(_sign_in(people, people.alice.email, PASSWORD), 429, "RATE_LIMITED")


def test_failures_of_a_client_make_it_wait_until_the_window_ends(people: Any) -> None:
    people.ada.service.clock.stop()
    for number in range(30):
        refused(_sign_in(people, f"somebody{number}@example.com"), 401, "INVALID_CREDENTIALS")
    people.ada.service.clock.advance(seconds=100)
    blocked = _sign_in(people, people.bob.email, PASSWORD)
    refused(blocked, 429, "RATE_LIMITED")
    assert blocked.headers["retry-after"] == "200"
    people.ada.service.clock.advance(seconds=200)
    assert _sign_in(people, people.bob.email, PASSWORD).status_code == 200
