"""What cannot be a header is refused before anything is sent, without showing what may be a secret."""

import traceback
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest

from tests.integration.sdk_python.test_failures import JSON, envelope, other_server

SECRETS = ["SECRET\n", "SECRET\r\nX-Evil: 1", " SECRET", "SECRET ", "SECRET\N{SNOWMAN}", "SECRET\x00", b"SECRET", 5]


def told(error: BaseException) -> str:
    """Return all that a traceback prints of an error, and of its causes, without lines of code."""
    own = "".join(traceback.format_exception_only(error))
    cause = error.__cause__ or error.__context__
    return own + told(cause) if cause else own


def refused(call: Callable[[str], object], name: str) -> None:
    """Check that a call raises, names the header or the argument, and sends nothing."""
    with other_server((401, JSON, envelope("UNAUTHENTICATED"))) as (url, seen):
        with pytest.raises(ValueError, match=name) as caught:
            call(url)
        assert seen == []
    assert "SECRET" not in told(caught.value)
    assert type(caught.value) is ValueError


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """Without TLS, whose certificates take 50 ms to load."""
    with httpx.Client(verify=False) as client:
        yield client


@pytest.mark.parametrize("secret", SECRETS)
def test_an_access_token_that_cannot_be_sent_is_refused_and_not_shown(
    sdk: Any, http: httpx.Client, secret: Any
) -> None:
    client = partial(sdk.Charter, http_client=http)
    refused(lambda url: client(url, access_token=secret).me.get_me(), "access_token")
    refused(lambda url: client(url).sign_in_with(sdk.Tokens(secret, "refresh")), "access_token")


@pytest.mark.parametrize("secret", SECRETS)
def test_other_headers_that_cannot_be_sent_are_refused_and_not_shown(sdk: Any, http: httpx.Client, secret: Any) -> None:
    client = partial(sdk.Charter, http_client=http)
    account = {"email": "grace@example.com", "password": "compiler moth 9 harbour"}
    refused(lambda url: client(url).users.create_user(**account, idempotency_key=secret), "Idempotency-Key")
    refused(lambda url: client(url).me.update_me(bio="x", if_match=secret), "If-Match")
    refused(lambda url: client(url).me.with_response.get_me(if_none_match=secret), "If-None-Match")
    refused(lambda url: client(url, headers={"X-Key": secret}), "X-Key")
    refused(lambda url: client(url).with_options(headers={"X-Key": secret}), "X-Key")
    refused(lambda url: sdk.AsyncCharter(url, headers={"X-Key": secret}), "X-Key")


def test_a_name_that_cannot_be_one_of_a_header_is_refused(sdk: Any, http: httpx.Client) -> None:
    for name in ("", "X Key", "X-Key\r\nX-Evil", "X-K\N{LATIN SMALL LETTER E WITH ACUTE}y"):
        refused(lambda url, name=name: sdk.Charter(url, http_client=http, headers={name: "SECRET"}), "name of a header")  # type: ignore[misc]


def test_a_header_of_your_own_client_of_httpx_is_not_shown_either(sdk: Any) -> None:
    with httpx.Client(headers={"X-Key": "SECRET\n"}) as http:
        refused(lambda url: sdk.Charter(url, http_client=http).me.get_me(), "X-Key")


def test_an_access_token_of_a_server_that_cannot_be_sent_is_not_from_charter(sdk: Any) -> None:
    body = b'{"data": {"access_token": "SECRET\\n", "refresh_token": "r"}, "meta": {"version": "1.0"}, "errors": null}'
    with (
        other_server((401, JSON, envelope("INVALID_TOKEN")), (200, JSON, body)) as (url, _),
        sdk.Charter(url, store=sdk.MemoryStore(sdk.Tokens("old", "refresh"))) as client,
    ):
        with pytest.raises(sdk.UnexpectedResponse) as caught:
            client.me.get_me()
        assert "SECRET" not in told(caught.value)
        assert client.tokens == sdk.Tokens("old", "refresh")


def test_a_header_is_sent_once_however_its_name_is_written(connect: Callable[..., Any], requests: Any) -> None:
    client = connect(
        transport=httpx.MockTransport(lambda _: httpx.Response(401, headers=JSON, content=envelope("UNAUTHENTICATED"))),
        access_token="t",
        headers={"authorization": "Basic x", "user-agent": "mine"},
    )
    with pytest.raises(Exception, match="UNAUTHENTICATED"):
        client.me.get_me()
    sent = requests.sent[0].headers
    assert (sent.get_list("Authorization"), sent.get_list("User-Agent")) == (["Bearer t"], ["mine"])
