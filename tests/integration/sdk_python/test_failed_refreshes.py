"""A refresh that ends with an error that is none of the package leaves no call waiting, and no later one."""

import asyncio
import threading
from typing import Any

import httpx
import pytest

from tests.integration.sdk_python.test_failures import JSON, envelope
from tests.integration.sdk_python.test_refused_refreshes import token


class Broken(Exception):
    """What somebody's own client of httpx may raise."""


def respond(request: httpx.Request) -> httpx.Response:
    """Reject the first tokens and accept the second ones."""
    if request.headers["Authorization"] == f"Bearer {token('ada', 2)}":
        return httpx.Response(403, headers=JSON, content=envelope("FORBIDDEN"))
    return httpx.Response(401, headers=JSON, content=envelope("INVALID_TOKEN"))


FRESH = {
    "data": {"access_token": token("ada", 2), "refresh_token": "s"},
    "meta": {"timestamp": "2026-01-31T12:00:00.000Z", "version": "1.0", "request_id": "r-1"},
    "errors": None,
}


def test_threads_that_wait_for_it_are_released_and_the_next_call_refreshes(sdk: Any) -> None:
    begun, release, rejected = threading.Event(), threading.Event(), threading.Event()
    refreshes, calls = [], []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/v1/auth/refresh":
            calls.append(request)
            if len(calls) == 2:
                rejected.set()
            return respond(request)
        refreshes.append(request)
        if len(refreshes) > 1:
            return httpx.Response(200, json=FRESH)
        begun.set()
        assert release.wait(10)
        raise Broken

    raised: dict[str, Exception] = {}
    with httpx.Client(transport=httpx.MockTransport(handle)) as http:
        client = sdk.Charter("http://accounts", http_client=http)
        client.sign_in_with(sdk.Tokens(token("ada"), "r"))

        def call(name: str) -> None:
            try:
                client.me.get_me()
            except (Broken, sdk.CharterError) as error:
                raised[name] = error

        # Threads that do not keep a run of the tests from ending if they wait forever.
        first, second = (threading.Thread(target=call, args=(name,), daemon=True) for name in ("first", "second"))
        first.start()
        assert begun.wait(10)
        second.start()
        assert rejected.wait(10)
        release.set()
        for thread in (first, second):
            thread.join(10)
            assert not thread.is_alive()
        assert isinstance(raised["first"], Broken)
        # If it came late, it made a refresh of its own.
        assert isinstance(raised["second"], sdk.InvalidToken if len(refreshes) == 1 else sdk.Forbidden)
        third = threading.Thread(target=call, args=("third",), daemon=True)
        third.start()
        third.join(10)
    assert isinstance(raised.get("third"), sdk.Forbidden)
    assert len(refreshes) == 2


def test_the_next_task_refreshes(sdk: Any) -> None:
    refreshes = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/v1/auth/refresh":
            return respond(request)
        refreshes.append(request)
        if len(refreshes) > 1:
            return httpx.Response(200, json=FRESH)
        raise Broken

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
            client = sdk.AsyncCharter("http://accounts", http_client=http)
            client.sign_in_with(sdk.Tokens(token("ada"), "r"))
            with pytest.raises(Broken):
                await client.me.get_me()
            with pytest.raises(sdk.Forbidden):
                await client.me.get_me()

    asyncio.run(run())
    assert len(refreshes) == 2
