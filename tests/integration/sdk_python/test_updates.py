"""`update` never overwrites a version that its function has not seen."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.integration.sdk_python.conftest import Requests
from tests.people import PASSWORD, People

USER = "01980000-0000-7000-8000-000000000000"


class WithoutETag(httpx.HTTPTransport):
    """Removes the ETag of each response, as some proxies do."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        response.headers.pop("ETag", None)
        return response


def test_nothing_is_written_when_a_proxy_removed_the_etag(
    sdk: Any, connect: Any, people: People, requests: Requests
) -> None:
    client = connect(transport=WithoutETag(verify=False))
    client.auth.login(email=people.ada.email, password=PASSWORD)
    for update in (client.me.update, lambda change: client.profiles.update(people.ada.id, change)):
        before = len(requests.sent)
        with pytest.raises(sdk.UnexpectedResponse, match="has no ETag, so an update could overwrite"):
            update(lambda _: {"bio": "mine"})
        assert [request.method for request in requests.sent[before:]] == ["GET"]
        assert update(lambda _: {}) is not None


def test_nor_is_it_by_the_client_for_asyncio(sdk: Any) -> None:
    moment = "2026-01-31T12:00:00.000Z"
    meta = {"timestamp": moment, "version": "1.0", "request_id": "r-1"}
    profile: dict[str, Any] = dict.fromkeys(("display_name", "locale", "time_zone", "avatar_url", "bio"))
    data = {"user_id": USER, **profile, "created_at": moment, "updated_at": moment}
    sent = []

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        return httpx.Response(200, json={"data": data, "meta": meta, "errors": None})

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as http:
            client = sdk.AsyncCharter("http://accounts", access_token="x", http_client=http)
            with pytest.raises(sdk.UnexpectedResponse, match="has no ETag"):
                await client.profiles.update(USER, lambda _: {"bio": "mine"})

    asyncio.run(run())
    assert sent == ["GET"]
