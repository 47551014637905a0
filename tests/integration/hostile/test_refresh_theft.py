"""Stolen refresh tokens: shown again, shown at once by many, and raced against what ends the session.

ASVS 5.0 V7.2 and V7.4; RFC 9700, 4.14.2 for rotation and what a reuse means. Callers are kept waiting for the row that
they all need, so that each of them has begun before any is done.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest

from app.database import run
from tests.integration.conftest import Services
from tests.integration.hostile.crowd import in_turn, together
from tests.people import PASSWORD, People, Person
from tests.rows import event, live_sessions
from tests.service import Service
from tests.wire import data, refused

NEW = "velvet anchor 3 turnip"
SESSION = "SELECT FROM sessions FOR UPDATE"
CROWD = 20

Race = list[Callable[[], httpx.Response]]


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """One way in: what races here does so behind it."""
    return services["compiled"]


def refresh(service: Service, token: str) -> httpx.Response:
    with service.client() as client:
        return client.post("/v1/auth/refresh", json={"refresh_token": token})


def rotated(service: Service, token: str) -> dict[str, Any]:
    found: dict[str, Any] = data(refresh(service, token))
    return found


def check_dead(service: Service, *tokens: dict[str, Any]) -> None:
    """Assert that neither the access tokens nor the refresh tokens of these answers open anything."""
    for pair in tokens:
        with service.client(pair["access_token"]) as client:
            refused(client.get("/v1/users/me"), 401, "SESSION_ENDED")
        refused(refresh(service, pair["refresh_token"]), 401, "INVALID_REFRESH_TOKEN")


def check_alive(service: Service, tokens: dict[str, Any]) -> None:
    with service.client(tokens["access_token"]) as client:
        data(client.get("/v1/users/me"))


@pytest.fixture
def stolen(service: Service, people: People) -> dict[str, Any]:
    """Alice's tokens, of which Mallory has a copy; from now on the clock moves only when told."""
    service.clock.stop()
    return people.alice.sign_in()


def test_a_crowd_with_one_token_gets_one_next_token(service: Service, stolen: dict[str, Any]) -> None:
    """RFC 9700, 4.14.2: a client that repeats itself is no thief, and its repeats make no second line of tokens."""
    limits = run("SELECT expires_at FROM sessions")

    found = [data(response) for response in together(*[partial(refresh, service, stolen["refresh_token"])] * CROWD)]

    assert len({tokens["refresh_token"] for tokens in found}) == 1
    assert len({tokens["access_token"] for tokens in found}) == CROWD
    assert run("SELECT generation, ended_at FROM sessions") == [(2, None)]
    assert run("SELECT expires_at FROM sessions") == limits
    service.clock.advance(seconds=16)
    refused(refresh(service, stolen["refresh_token"]), 401, "INVALID_REFRESH_TOKEN")
    check_dead(service, stolen, *found[:3])


def test_anybody_who_comes_second_ends_it_for_both(service: Service, people: People, stolen: dict[str, Any]) -> None:
    """RFC 9700, 4.14.2: the server cannot know who of the two is the thief."""
    elsewhere = people.alice.sign_in()
    ahead = rotated(service, stolen["refresh_token"])
    ahead = rotated(service, ahead["refresh_token"])
    service.clock.advance(seconds=16)

    response = refresh(service, stolen["refresh_token"])

    refused(response, 401, "INVALID_REFRESH_TOKEN")
    assert (event(response).outcome, event(response).reason) == ("failed", "reuse")
    check_dead(service, stolen, ahead)
    check_alive(service, elsewhere)


def test_two_that_share_a_session_unnoticed_are_noticed_at_the_next_step(
    service: Service, stolen: dict[str, Any]
) -> None:
    """RFC 9700, 4.14.2: the grace gives a thief one response, and not a session."""
    owner = rotated(service, stolen["refresh_token"])
    service.clock.advance(seconds=14)
    thief = rotated(service, stolen["refresh_token"])
    assert thief["refresh_token"] == owner["refresh_token"]
    service.clock.advance(seconds=300)
    owner = rotated(service, owner["refresh_token"])
    service.clock.advance(seconds=300)

    refused(refresh(service, thief["refresh_token"]), 401, "INVALID_REFRESH_TOKEN")

    check_dead(service, owner, thief)


@pytest.mark.parametrize("order", [1, -1], ids=["reuse first", "rotation first"])
def test_reuse_that_races_a_rotation_ends_what_the_rotation_made(
    service: Service, database_url: str, stolen: dict[str, Any], order: int
) -> None:
    """RFC 9700, 4.14.2: under any order there is no response left that opens anything."""
    current = rotated(service, stolen["refresh_token"])
    service.clock.advance(seconds=16)
    race = [partial(refresh, service, tokens["refresh_token"]) for tokens in (stolen, current)]

    reused, legitimate = in_turn(database_url, SESSION, *race[::order])[::order]

    refused(reused, 401, "INVALID_REFRESH_TOKEN")
    # It came too late or was the last one, and either is worth nothing.
    check_dead(service, stolen, current, *([data(legitimate)] if legitimate.status_code == 200 else []))
    assert run("SELECT end_reason FROM sessions") == [("reuse",)]


def test_a_crowd_of_thieves_gets_nothing_and_ends_it_once(service: Service, stolen: dict[str, Any]) -> None:
    """RFC 9700, 4.14.2."""
    current = rotated(service, stolen["refresh_token"])
    service.clock.advance(seconds=16)

    responses = together(*[partial(refresh, service, stolen["refresh_token"])] * CROWD)

    for response in responses:
        refused(response, 401, "INVALID_REFRESH_TOKEN")
    assert sorted(str(event(response).reason) for response in responses) == ["ended"] * (CROWD - 1) + ["reuse"]
    check_dead(service, stolen, current)


def sign_in(service: Service, person: Person) -> httpx.Response:
    with service.client() as client:
        return client.post("/v1/auth/login", json={"email": person.email, "password": PASSWORD})


def enders(people: People) -> dict[str, Callable[[], httpx.Response]]:
    """What ends the session that Mallory has a copy of, done by Alice from elsewhere or by Ada."""
    alice, ada, path = people.alice.api, people.ada.api, f"/v1/users/{people.alice.id}"
    change = {"current_password": PASSWORD, "new_password": NEW}
    return {
        "logout": lambda: alice.post("/v1/auth/logout", json={"scope": "others"}),
        "logout everywhere": lambda: alice.post("/v1/auth/logout", json={"scope": "all"}),
        "another password": lambda: alice.put("/v1/users/me/password", json=change),
        "suspension": lambda: ada.post(f"{path}/suspend"),
        "deletion": lambda: ada.delete(path),
    }


ENDERS = ("logout", "logout everywhere", "another password", "suspension", "deletion")
ORDERS = pytest.mark.parametrize("order", [1, -1], ids=["end second", "end first"])


@pytest.mark.parametrize("ender", ENDERS)
@ORDERS
def test_no_refresh_outlives_the_end_that_it_races(
    service: Service, people: People, database_url: str, stolen: dict[str, Any], ender: str, order: int
) -> None:
    """ASVS 7.4.1, 7.4.2, 7.4.3: whichever comes first, afterwards nothing of the session is left."""
    people.alice.sign_in()
    race: Race = [partial(refresh, service, stolen["refresh_token"]), enders(people)[ender]]

    renewed, ended = in_turn(database_url, SESSION, *race[::order])[::order]

    assert ended.status_code in {200, 204}, ended.text
    assert renewed.status_code in {200, 401}, renewed.text
    check_dead(service, stolen, *([data(renewed)] if renewed.status_code == 200 else []))


@pytest.mark.parametrize("ender", ["another password", "suspension", "deletion"])
@ORDERS
def test_no_sign_in_outlives_the_end_that_it_races(
    service: Service, people: People, database_url: str, ender: str, order: int
) -> None:
    """ASVS 7.4.2, 7.4.3: a password that was right when it was checked opens nothing once it is not."""
    race: Race = [partial(sign_in, service, people.alice), enders(people)[ender]]
    account = f"SELECT FROM users WHERE id = '{people.alice.id}' FOR UPDATE"

    signed_in, ended = in_turn(database_url, account, *race[::order])[::order]

    assert ended.status_code in {200, 204}, ended.text
    if signed_in.status_code == 200:
        check_dead(service, data(signed_in))
    else:
        refused(signed_in, 401, "INVALID_CREDENTIALS")
    assert live_sessions(people.alice.id) == (1 if ender == "another password" else 0)


def test_a_clock_set_back_makes_no_thief_of_the_owner(service: Service, stolen: dict[str, Any]) -> None:
    """ASVS 7.3.2: nor does it move the end of the session, and once it is right again a reuse is one."""
    limits = run("SELECT expires_at FROM sessions")
    first = rotated(service, stolen["refresh_token"])
    service.clock.advance(seconds=-20)

    again = rotated(service, stolen["refresh_token"])

    assert again["refresh_token"] == first["refresh_token"]
    check_alive(service, again)
    following = rotated(service, again["refresh_token"])
    assert run("SELECT expires_at FROM sessions") == limits
    service.clock.advance(seconds=36)
    refused(refresh(service, first["refresh_token"]), 401, "INVALID_REFRESH_TOKEN")
    check_dead(service, following)


def test_a_token_made_of_good_ones_ends_nobodys_session(
    service: Service, people: People, stolen: dict[str, Any]
) -> None:
    """ASVS 7.2.3: what was never issued is refused and does no harm, so nobody is signed out by a guess."""
    bob = people.bob.sign_in()
    key_id, _, alices = stolen["refresh_token"].partition(".")
    mine, theirs = (urlsafe_b64decode(f"{text}==") for text in (alices, bob["refresh_token"].partition(".")[2]))
    generations = [mine[:16] + number.to_bytes(4, "big") + mine[20:] for number in (0, 2, 3, 2**32 - 1)]
    swapped = [theirs[:16] + mine[16:], theirs[:20] + mine[20:], mine[:20] + theirs[20:], mine[:20] + bytes(32)]
    texts = [f"{key_id}.{urlsafe_b64encode(body).rstrip(b'=').decode()}" for body in (*generations, *swapped)]
    texts += [f"k2.{alices}", f"K1.{alices}", f".{alices}", alices, f"{key_id}.{alices}=", f" {key_id}.{alices}"]
    before = run("SELECT * FROM sessions ORDER BY id")

    for text in texts:
        refused(refresh(service, text), 401, "INVALID_REFRESH_TOKEN")

    assert run("SELECT * FROM sessions ORDER BY id") == before
    rotated(service, stolen["refresh_token"])
