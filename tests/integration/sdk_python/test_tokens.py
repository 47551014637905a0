"""Tokens: refreshed once for all that wait, never after the end of a session, and dropped after a sign-out."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.integration.sdk_python.conftest import Requests
from tests.people import PASSWORD, People
from tests.service import Service

REFRESH = "POST /v1/auth/refresh"


def test_200_threads_at_the_expiry_make_one_refresh(ada: Any, service: Service, requests: Requests) -> None:
    old = ada.tokens
    service.clock.advance(minutes=16)
    with ThreadPoolExecutor(200) as pool:
        results = list(pool.map(lambda _: ada.me.get_me().email, range(200)))
    assert results == ["ada@example.com"] * 200
    assert requests.count(REFRESH) == 1
    assert ada.tokens != old


def test_200_tasks_at_the_expiry_make_one_refresh(
    aconnect: Callable[..., Any], service: Service, requests: Requests, people: People
) -> None:
    async def run() -> None:
        async with aconnect() as client:
            await client.auth.login(email=people.ada.email, password=PASSWORD)
            service.clock.advance(minutes=16)
            users = await asyncio.gather(*(client.me.get_me() for _ in range(200)))
            assert {user.email for user in users} == {people.ada.email}

    asyncio.run(run())
    assert requests.count(REFRESH) == 1


def test_the_task_that_began_the_refresh_can_be_cancelled(
    aconnect: Callable[..., Any], service: Service, requests: Requests, people: People
) -> None:
    async def run() -> None:
        async with aconnect() as client:
            await client.auth.login(email=people.ada.email, password=PASSWORD)
            service.clock.advance(minutes=16)
            first = asyncio.create_task(client.me.get_me())
            while requests.count(REFRESH) == 0:  # noqa: ASYNC110  # httpx has no event for it
                await asyncio.sleep(0)
            second = asyncio.create_task(client.users.list_users())
            first.cancel()
            assert (await second).total == 1
            with pytest.raises(asyncio.CancelledError):
                await first

    asyncio.run(run())
    assert requests.count(REFRESH) == 1


def test_a_session_that_has_ended_is_not_refreshed(sdk: Any, ada: Any, requests: Requests, people: People) -> None:
    for session in ada.sessions.list_sessions(people.ada.id):
        ada.sessions.revoke_session(people.ada.id, session.id)
    with pytest.raises(sdk.SessionEnded):
        ada.me.get_me()
    assert requests.count(REFRESH) == 0
    assert ada.tokens is None


def test_a_rejected_refresh_says_so_and_forgets_the_tokens(sdk: Any, ada: Any, service: Service) -> None:
    service.clock.advance(days=31)
    with pytest.raises(sdk.InvalidRefreshToken):
        ada.me.get_me()
    assert ada.tokens is None


class Holding(httpx.HTTPTransport):
    """Holds the response of a refresh back until it is released."""

    def __init__(self) -> None:
        super().__init__(verify=False)
        self.refreshed = threading.Event()
        self.release = threading.Event()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if request.url.path == "/v1/auth/refresh":
            self.refreshed.set()
            self.release.wait(10)
        return response


@pytest.mark.parametrize("back", [False, True], ids=["out", "out-and-in"])
def test_a_refresh_that_ends_after_a_sign_out_is_dropped(
    sdk: Any, connect: Callable[..., Any], service: Service, people: People, requests: Requests, back: bool
) -> None:
    holding = Holding()
    client = connect(transport=holding)
    client.auth.login(email=people.ada.email, password=PASSWORD)
    service.clock.advance(minutes=16)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(client.me.get_me)
        assert holding.refreshed.wait(10)
        client.sign_in_with(None)
        if back:
            client.auth.login(email=people.alice.email, password=PASSWORD)
        kept = client.tokens
        holding.release.set()
        # Nor is it sent again for the person who signed in meanwhile.
        with pytest.raises(sdk.InvalidToken):
            late.result()
    assert client.tokens == kept
    assert requests.count("GET /v1/users/me") == 1


def test_two_programs_with_one_store_do_not_sign_each_other_out(
    sdk: Any, connect: Callable[..., Any], service: Service, people: People, requests: Requests
) -> None:
    store = sdk.MemoryStore()
    one, other = connect(store=store), connect(store=store)
    one.auth.login(email=people.ada.email, password=PASSWORD)
    assert other.me.get_me().id == people.ada.id
    service.clock.advance(minutes=16)
    assert one.me.get_me() == other.me.get_me()
    service.clock.advance(minutes=16)
    with ThreadPoolExecutor(2) as pool:
        assert len({user.email for user in pool.map(lambda client: client.me.get_me(), (one, other))}) == 1
    assert one.me.get_me() == other.me.get_me()


def test_a_lone_access_token_is_sent_and_never_refreshed(
    sdk: Any, connect: Callable[..., Any], service: Service, people: People, requests: Requests
) -> None:
    client = connect(access_token=people.alice.sign_in()["access_token"])
    assert client.me.get_me().id == people.alice.id
    service.clock.advance(minutes=16)
    with pytest.raises(sdk.InvalidToken):
        client.me.get_me()
    assert requests.count(REFRESH) == 0


def test_no_token_is_shown(sdk: Any, ada: Any, people: People) -> None:
    signed_in = ada.auth.login(email=people.ada.email, password=PASSWORD)
    refreshed = ada.auth.refresh(refresh_token=signed_in.refresh_token)
    for shown in (ada.tokens, signed_in, refreshed):
        assert "access_token=" not in repr(shown)
        assert "refresh_token=" not in repr(shown)
    with pytest.raises(ValueError, match="either an access token or a token store"):
        sdk.Charter("http://127.0.0.1", access_token="x", store=sdk.MemoryStore())
