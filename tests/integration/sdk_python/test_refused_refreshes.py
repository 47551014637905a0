"""What a refresh that the server refuses means for the session of the Python package."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.sdk.templates import package_values
from tests.document import DOCUMENT
from tests.integration.sdk_python.test_failures import JSON, envelope


def token(session: str, number: int = 1) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"sid": session}).encode()).decode().rstrip("=")
    return f"e30.{claims}.{number}"


def refused(status: int, code: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers={**JSON, **headers}, content=envelope(code))


@pytest.mark.parametrize(
    ("status", "code", "left"), [(429, "RATE_LIMITED", True), (401, "INVALID_REFRESH_TOKEN", False)]
)
def test_only_a_rejected_token_signs_out(
    sdk: Any, connect: Callable[..., Any], requests: Any, status: int, code: str, left: bool
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/auth/refresh":
            return refused(status, code, **{"Retry-After": "100"})
        return refused(401, "INVALID_TOKEN")

    client = connect(transport=httpx.MockTransport(handle), store=sdk.MemoryStore(sdk.Tokens(token("ada"), "r")))
    with pytest.raises(sdk.ResponseError) as caught:
        client.me.get_me()
    assert caught.value.code == code
    assert (client.tokens is not None) == left
    # With a longer attempt, another one would not be in time for the same response.
    assert requests.sent[1].extensions["timeout"]["read"] == 5


def test_without_an_operation_refresh_an_expired_token_is_the_error(
    sdk: Any, connect: Callable[..., Any], requests: Any
) -> None:
    bundle = {**DOCUMENT.bundle, "paths": {"/v1/users/me": DOCUMENT.bundle["paths"]["/v1/users/me"]}}
    assert (package_values(bundle)["refresh_path"], package_values(DOCUMENT.bundle)["refresh_path"]) == (
        None,
        "/v1/auth/refresh",
    )
    store = sdk.MemoryStore(sdk.Tokens(token("ada"), "r"))
    client = connect(transport=httpx.MockTransport(lambda _: refused(401, "INVALID_TOKEN")), store=store)
    transport = client._transport
    transport.about = replace(transport.about, refresh_path=None)
    with pytest.raises(sdk.InvalidToken):
        client.me.get_me()
    assert len(requests.sent) == 1
    assert client.tokens is not None


def test_the_tokens_of_a_faster_process_are_used(sdk: Any, connect: Callable[..., Any], requests: Any) -> None:
    store = sdk.MemoryStore(sdk.Tokens(token("ada"), "r"))
    fresh = sdk.Tokens(token("ada", 2), "s")

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/auth/refresh":
            store.save(fresh)
            return refused(401, "INVALID_REFRESH_TOKEN")
        is_new = request.headers["Authorization"] == f"Bearer {fresh.access_token}"
        return refused(403, "FORBIDDEN") if is_new else refused(401, "INVALID_TOKEN")

    client = connect(transport=httpx.MockTransport(handle), store=store)
    with pytest.raises(sdk.Forbidden):
        client.me.get_me()
    assert len(requests.sent) == 3
    assert client.tokens == fresh
