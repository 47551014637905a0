"""The watch over the whole run's secrets learns them on the wire, and finds them."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests import leaks

PASSWORD = "velvet anchor 3 turnip"
TOKENS = {
    "access_token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiIifQ.c2lnbmF0dXJlLW9mLXRoaXMtdG9rZW4",
    "refresh_token": "r" * 43,
}


@pytest.fixture(autouse=True)
def nothing_noted() -> Iterator[None]:
    leaks.forget()
    yield
    leaks.forget()


def sign_in(status: int) -> httpx.Response:
    request = httpx.Request("POST", "http://charter.test/v1/auth/login", json={"email": "ada", "password": PASSWORD})
    return httpx.Response(status, request=request, json={"data": TOKENS if status == 200 else None})


def test_what_a_sign_in_shows_and_gets_is_secret_from_then_on():
    leaks.learn(sign_in(200))

    for secret in (PASSWORD, *TOKENS.values(), TOKENS["access_token"].split(".")[2][-24:]):
        with pytest.raises(leaks.Leak):
            leaks.refuse(f"before {secret} after", "a line")
    leaks.refuse("before ada after", "a line")


def test_a_refused_sign_in_teaches_nothing():
    leaks.learn(sign_in(401))
    assert leaks.noted() == set()


def test_the_bearer_of_a_request_that_was_taken_is_secret():
    request = httpx.Request("GET", "http://charter.test/v1/users/me", headers={"Authorization": "Bearer a.b.c-token"})
    leaks.learn(httpx.Response(200, request=request))

    assert leaks.found_in("a.b.c-token") == leaks.found_in("x a.b.c-token x") != []


@pytest.mark.parametrize("secret", leaks.ALWAYS, ids=["token secret", "refresh key", "hash"])
def test_what_is_secret_in_every_test_is_found_without_learning(secret):
    with pytest.raises(leaks.Leak, match="in the table"):
        leaks.refuse(json.dumps({"bio": secret}), "the table")
