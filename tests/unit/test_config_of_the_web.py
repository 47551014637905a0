"""The settings about clients on the web: where the deployment is, and who may call it from a browser."""

import re

import pytest

from tests.unit.test_config import faults, read

WRONG = {
    "PUBLIC_URL": [
        "https://me@a.example",
        "https://münchen.example/a",
        "https://me:hush@a.example",
        "https://a.example/?",
        "https://a.example/#",
        "https://a.example/a//b",
        "https://a.example/a/../b",
        "https://a.example/./a",
        'https://a.example/"a',
        "https://a.example/<a>",
        "https://a.example/ä",
        "https://a.example/a%2",
        "https://a.example/a\\b",
    ],
    "CORS_ORIGINS": [
        "null",
        "NULL",
        "https://a.example, null",
        "capacitor://*",
        "capacitor://localhost/",
        "chrome-extension://abc/page.html",
        "://a.example",
        "app://",
        "app://a b",
        "app://me@host",
        "app://host:port",
        "file://",
        "file:///",
        "FILE://localhost",
        "data://x",
        "blob://x",
        "about://blank",
        "wss://a.example",
        "ftp://a.example",
        "https://a.example?x=1",
        "https://a.example https://b.example",
        "//a.example",
        "https:/a.example",
    ],
    "CORS_REQUEST_HEADERS": ["*", "traceparent, *", "a b", "a:b", "traceparent; b3", "é"],
    "CORS_EXPOSED_HEADERS": ["*", "a b"],
    "CORS_MAX_AGE_SECONDS": ["-1", "86401", "1h"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_told_by_its_variable_and_without_credentials(name: str, value: str) -> None:
    [line] = faults({name: value})

    assert re.match(rf"{name} (must|has) ", line)
    assert "hush" not in line


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("HTTPS://App.Example.com", "https://app.example.com"),
        ("https://a.example:443", "https://a.example"),
        ("http://a.example:80", "http://a.example"),
        ("http://a.example:443", "http://a.example:443"),
        ("http://[0:0::1]:3000", "http://[::1]:3000"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"),
        ("https://tauri.localhost", "https://tauri.localhost"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("IONIC://localhost", "ionic://localhost"),
        ("tauri://localhost", "tauri://localhost"),
        ("app://localhost:3000", "app://localhost:3000"),
        ("app://obsidian.md", "app://obsidian.md"),
        ("chrome-extension://abcdefghijklmnopabcdefghijklmnop", "chrome-extension://abcdefghijklmnopabcdefghijklmnop"),
        (
            "moz-extension://0b0bbf4a-2d2e-4c2f-9d9a-8d2f0c1a7e33",
            "moz-extension://0b0bbf4a-2d2e-4c2f-9d9a-8d2f0c1a7e33",
        ),
        ("safari-web-extension://A1B2C3D4-0000-4000-8000-00000000000F",) * 2,
    ],
)
def test_an_origin_is_kept_as_a_browser_sends_it(given: str, sent: str) -> None:
    assert read({"CORS_ORIGINS": given}).cors_origins == (sent,)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("*", "List each origin"),
        ("https://*.example.com", "List each origin"),
        ("null", "sandboxed frame"),
        ("https://app.example.com/", "a slash at its end"),
        ("https://münchen.example", "xn--"),
        ("app.example.com", "without a scheme"),
        ("file://", "does not identify one site"),
    ],
)
def test_an_origin_that_cannot_be_is_refused_with_its_reason(given: str, words: str) -> None:
    assert words in faults({"CORS_ORIGINS": given})[0]


def test_lists_of_headers_are_read_in_lower_case_and_each_once() -> None:
    config = read({"CORS_REQUEST_HEADERS": "X-Trace, x-trace,traceparent", "CORS_EXPOSED_HEADERS": "X-Cache"})

    assert config.cors_request_headers == ("x-trace", "traceparent")
    assert config.cors_exposed_headers == ("x-cache",)
    assert str(config.cors_request_headers) == "x-trace, traceparent"
    assert {"traceparent", "tracestate", "baggage", "sentry-trace", "b3"} <= set(read().cors_request_headers)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("https://api.example.com", ""),
        ("https://api.example.com/", ""),
        ("https://api.example.com:8443/accounts/", "/accounts"),
        ("http://[::1]:8080/a/b-c_d.e~f/%C3%A4", "/a/b-c_d.e~f/%C3%A4"),
    ],
)
def test_the_path_of_a_deployment_has_no_slash_at_its_end(given: str, path: str) -> None:
    config = read({"PUBLIC_URL": given})

    assert (config.public_url, config.public_path) == (given.rstrip("/"), path)
