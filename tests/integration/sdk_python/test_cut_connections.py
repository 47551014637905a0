"""The connection is cut on the wire: what can be repeated is done once, and the session goes on."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.database import run
from tests.integration.sdk_python.conftest import Requests
from tests.integration.sdk_python.wire import Point, Wire, wire_to
from tests.people import PASSWORD, People
from tests.service import Service

POINTS: tuple[Point, ...] = ("in the request", "before the response", "in the response")


@pytest.fixture
def wire(service: Service) -> Iterator[Wire]:
    with wire_to(service.url) as wire:
        yield wire


@pytest.fixture
def ada(connect: Callable[..., Any], wire: Wire, people: People) -> Any:
    client = connect(url=wire.url)
    client.auth.login(email=people.ada.email, password=PASSWORD)
    return client


def accounts(email: str) -> list[tuple[Any, ...]]:
    return run("SELECT id FROM users WHERE email = %s", (email,))


@pytest.mark.parametrize("point", POINTS)
def test_an_account_is_created_exactly_once(ada: Any, wire: Wire, requests: Requests, point: Point) -> None:
    wire.cut(point, "POST /v1/users ")
    made = ada.users.with_response.create_user(email="once@example.com", password=PASSWORD)
    assert wire.cuts == 1
    assert requests.count("POST /v1/users") == 2
    assert made.replayed == (point != "in the request")
    assert accounts("once@example.com") == [(made.data.id,)]


@pytest.mark.parametrize("point", POINTS)
def test_the_same_for_asyncio(
    aconnect: Callable[..., Any], wire: Wire, people: People, requests: Requests, point: Point
) -> None:
    async def run_it() -> Any:
        async with aconnect(url=wire.url) as client:
            await client.auth.login(email=people.ada.email, password=PASSWORD)
            wire.cut(point, "POST /v1/users ")
            return await client.users.with_response.create_user(email="once@example.com", password=PASSWORD)

    made = asyncio.run(run_it())
    assert (wire.cuts, made.replayed) == (1, point != "in the request")
    assert accounts("once@example.com") == [(made.data.id,)]


@pytest.mark.parametrize("point", POINTS)
def test_a_change_without_a_key_is_sent_once_and_the_failure_told(
    sdk: Any, ada: Any, wire: Wire, requests: Requests, point: Point
) -> None:
    wire.cut(point, "PATCH /v1/users/me ")
    with pytest.raises(sdk.ConnectionFailed):
        ada.me.update_me(bio="perhaps")
    assert requests.count("PATCH /v1/users/me") == 1
    assert ada.me.get_me().profile.bio == (None if point == "in the request" else "perhaps")


@pytest.mark.parametrize("point", POINTS)
def test_a_refresh_that_lost_its_response_goes_on_whatever_the_retries(
    sdk: Any, ada: Any, wire: Wire, service: Service, requests: Requests, point: Point
) -> None:
    service.clock.advance(minutes=16)
    wire.cut(point, "POST /v1/auth/refresh ")
    assert ada.with_options(retries=0).me.get_me().email == "ada@example.com"
    assert requests.count("POST /v1/auth/refresh") == 2
    # And the session is not taken for stolen later.
    service.clock.advance(minutes=16)
    assert ada.me.get_me().email == "ada@example.com"


def test_a_refresh_goes_on_while_the_server_restarts(
    ada: Any, wire: Wire, service: Service, requests: Requests
) -> None:
    service.clock.advance(minutes=16)
    wire.cut("before the response", "POST /v1/auth/refresh ")
    wire.refuse(2)
    assert ada.with_options(retries=0).me.get_me().email == "ada@example.com"
    assert requests.count("POST /v1/auth/refresh") == 4


def test_a_refresh_that_never_reached_the_server_is_repeated_as_the_client_wants(
    sdk: Any, connect: Callable[..., Any], requests: Requests
) -> None:
    client = connect(url="http://127.0.0.1:1", retries=1)
    client.sign_in_with(sdk.Tokens("expired", "kept"))
    with pytest.raises(sdk.ConnectionFailed):
        client.auth.refresh(refresh_token="kept")
    assert requests.count("POST /v1/auth/refresh") == 2
    assert client.tokens == sdk.Tokens("expired", "kept")
