"""URLs that are wrong, and how messages show URLs: without what may be a password or a token."""

import traceback
from typing import Any

import httpx
import pytest

from tests.integration.sdk_python.test_failures import failure


@pytest.mark.parametrize(
    "url", [None, "localhost:8080", "accounts.example.com", "", "ftp://x", "http://x/v1", "http://x?y", "http://a:b@x"]
)
def test_a_base_url_that_cannot_be_right_is_refused_at_once(sdk: Any, url: str) -> None:
    with pytest.raises(ValueError, match="base URL must"):
        sdk.Charter(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:SECRET", "http://user:…"),
        ("http://user:SECRET/v1", "http://user:…"),
        ("http://user:123456", "http://user:…"),
        ("http:/user:SECRET", "http:…"),
        ("http:user:SECRET", "http:…"),
        ("user:SECRET", "user:…"),
        ("http://:SECRET", "http://:…"),
        ("http://user:\nSECRET", "http://user:…"),
        ("http://[::1]:SECRET", "http://[::1]:…"),
        ("ftp://user:SECRET@h", "ftp://…@h"),
        ("http://u:a/SECRET@h:99999", "http://…@h:99999"),
        ("http://h:99999?key=SECRET", "http://h:99999?…"),
        ("http://h/x#SECRET", "http://h/x#…"),
        ("http://h:99999/x", "http://h:99999/x"),
        ("localhost:8080", "localhost:8080"),
    ],
)
def test_a_base_url_that_is_wrong_is_shown_without_what_may_be_secret(sdk: Any, url: str, shown: str) -> None:
    with pytest.raises(ValueError, match=r"^The base URL must ") as caught:
        sdk.Charter(url)
    assert str(caught.value).endswith(f", not {shown!r}.")
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))


def test_other_messages_show_urls_without_what_may_be_secret(sdk: Any) -> None:
    for target in ("https://user:SECRET@portal.example/x", "/sign-in?next=SECRET", "//user:SECRET"):
        caught = failure(sdk, (302, {"Location": target}, b""))
        assert "a redirect to " in str(caught) or "Location header has no valid URL" in str(caught)
        assert "SECRET" not in "".join(traceback.format_exception(caught))

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"no way to {request.url}", request=request)

    with (
        httpx.Client(transport=httpx.MockTransport(fail)) as http,
        pytest.raises(sdk.ConnectionFailed, match=r"no way to http://accounts/v1/users\?…") as caught,
    ):
        sdk.Charter("http://accounts", http_client=http, retries=0).users.list_users(q="SECRET")
    assert "SECRET" not in str(caught.value)
