"""What another program does with the same store while a call is under way: the call stays with its own account."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.integration.sdk_python.conftest import Requests
from tests.people import PASSWORD, People
from tests.service import Service

ME, REFRESH = "GET /v1/users/me", "POST /v1/auth/refresh"


class Meanwhile(httpx.HTTPTransport):
    """Has something happen after the first request of a kind has its response, and may lose that response."""

    def __init__(self, line: str, *, lost: bool = False) -> None:
        super().__init__(verify=False)
        self.line, self.lost = line, lost
        self.happen: Callable[[], object] | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if f"{request.method} {request.url.path}" == self.line and self.happen is not None:
            response.read()
            happen, self.happen = self.happen, None
            happen()
            if self.lost:
                raise httpx.ReadError("cut", request=request)
        return response


@pytest.mark.parametrize("signs_in", [True, False], ids=["in", "out"])
@pytest.mark.parametrize(
    ("line", "lost", "minutes", "failure", "refreshes"),
    [
        (ME, True, 0, "ConnectionFailed", 0),
        (ME, False, 16, "InvalidToken", 0),
        (REFRESH, False, 16, "InvalidToken", 1),
    ],
    ids=["in-a-pause", "before-the-refresh", "in-the-refresh"],
)  # fmt: skip
def test_a_call_is_not_sent_again_for_another_account(
    sdk: Any,
    connect: Callable[..., Any],
    service: Service,
    people: People,
    requests: Requests,
    line: str,
    lost: bool,
    minutes: int,
    failure: str,
    refreshes: int,
    signs_in: bool,
) -> None:
    store, meanwhile = sdk.MemoryStore(), Meanwhile(line, lost=lost)
    client, other = connect(store=store, transport=meanwhile), connect(store=store)
    client.auth.login(email=people.ada.email, password=PASSWORD)
    service.clock.advance(minutes=minutes)

    def happen() -> None:
        if signs_in:
            other.auth.login(email=people.alice.email, password=PASSWORD)
        else:
            other.sign_in_with(None)

    meanwhile.happen = happen
    with pytest.raises(getattr(sdk, failure)):
        client.me.get_me()
    assert (requests.count(ME), requests.count(REFRESH)) == (1, refreshes)
    if signs_in:
        assert client.me.get_me().email == people.alice.email
    else:
        assert client.tokens is None


def test_a_call_goes_on_with_the_tokens_that_another_program_refreshed(
    sdk: Any, connect: Callable[..., Any], service: Service, people: People, requests: Requests
) -> None:
    store, meanwhile = sdk.MemoryStore(), Meanwhile(ME)
    client, other = connect(store=store, transport=meanwhile), connect(store=store)
    client.auth.login(email=people.ada.email, password=PASSWORD)
    service.clock.advance(minutes=16)
    meanwhile.happen = other.users.list_users
    assert client.me.get_me().email == people.ada.email
    assert requests.count(REFRESH) == 1


def test_a_call_of_another_account_does_not_wait_for_a_refresh_that_is_not_its_own(
    sdk: Any, connect: Callable[..., Any], service: Service, people: People
) -> None:
    """Both access tokens have expired, and the first refresh is held back until the second account has its result."""
    store, meanwhile = sdk.MemoryStore(), Meanwhile(REFRESH)
    client = connect(store=store, transport=meanwhile)
    alice = people.alice.sign_in()
    client.auth.login(email=people.ada.email, password=PASSWORD)
    service.clock.advance(minutes=16)
    refreshed, release = threading.Event(), threading.Event()

    def happen() -> None:
        store.save(sdk.Tokens(alice["access_token"], alice["refresh_token"]))
        refreshed.set()
        assert release.wait(10)

    meanwhile.happen = happen
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.me.get_me)
        assert refreshed.wait(10)
        try:
            assert pool.submit(client.me.get_me).result(5).email == people.alice.email
        finally:
            release.set()
        with pytest.raises(sdk.InvalidToken):
            first.result()
