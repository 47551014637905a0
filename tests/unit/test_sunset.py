"""x-sunset: days of the calendar beside `deprecated: true`, compiled once into the headers of every response."""

from pathlib import Path

import pytest

from tests.unit.small_document import faults, get, read


def ending(value: str, *, beside: str = "deprecated: true") -> dict[str, str]:
    """Let the GET operation end; x-sunset stands in line 6."""
    return get("tags:", f"{beside}\n  x-sunset: {value}\n  tags:")


def headers(tmp_path: Path, value: str, *, beside: str = "deprecated: true") -> dict[str, str]:
    sunset = read(tmp_path, ending(value, beside=beside))["get_user"].sunset
    assert sunset
    return {name.decode(): text.decode() for name, text in sunset.headers}


def test_the_short_form_says_when_it_goes_and_that_it_is_deprecated_by_now(tmp_path: Path) -> None:
    assert headers(tmp_path, '"2027-06-30"') == {
        "deprecation": "@0",
        "sunset": "Wed, 30 Jun 2027 00:00:00 GMT",
        "link": '</docs#/users/get_user>; rel="deprecation"',
    }


def test_the_long_form_says_since_when(tmp_path: Path) -> None:
    names = headers(tmp_path, '{on: "2024-03-01", since: "2024-02-29"}')

    assert (names["deprecation"], names["sunset"]) == ("@1709164800", "Fri, 01 Mar 2024 00:00:00 GMT")


def test_days_need_no_quotes(tmp_path: Path) -> None:
    assert headers(tmp_path, "2027-06-30")["sunset"] == "Wed, 30 Jun 2027 00:00:00 GMT"


def test_documentation_of_the_operations_own_is_linked_to(tmp_path: Path) -> None:
    beside = "externalDocs: {url: 'https://docs.example.com/v2?a=[1]#e'}\n  deprecated: true"

    assert headers(tmp_path, "2027-06-30", beside=beside)["link"] == (
        '<https://docs.example.com/v2?a=[1]#e>; rel="deprecation"'
    )


@pytest.mark.parametrize("beside", ["deprecated: true", "deprecated: false", "summary: Stays."])
def test_without_the_key_an_operation_stays(tmp_path: Path, beside: str) -> None:
    assert read(tmp_path, get("tags:", f"{beside}\n  tags:"))["get_user"].sunset is None


DEPRECATED, STAYING = "deprecated: true", "deprecated: false"
BREACHES = {
    "no day": ('"2026-02-30"', DEPRECATED, "There is no date 2026-02-30."),
    "month thirteen": ('"2026-13-01"', DEPRECATED, "There is no date 2026-13-01."),
    "year nought": ('"0000-01-01"', DEPRECATED, "There is no date 0000-01-01."),
    "no day since": ('{on: "2026-03-01", since: "2026-02-30"}', DEPRECATED, "There is no date 2026-02-30."),
    "gone before": (
        '{on: "2026-03-01", since: "2026-03-02"}',
        DEPRECATED,
        "ends on 2026-03-01, before it is deprecated on 2026-03-02",
    ),
    "a word": ("soon", DEPRECATED, "value of x-sunset"),
    "a moment": ('"2026-03-01T00:00:00Z"', DEPRECATED, "value of x-sunset"),
    "a number": ("20260301", DEPRECATED, "value of x-sunset"),
    "half of the long form": ('{since: "2026-03-01"}', DEPRECATED, "value of x-sunset"),
    "more than the long form": ('{on: "2026-03-01", since: "2026-03-01", why: x}', DEPRECATED, "value of x-sunset"),
    "not deprecated": ('"2026-03-01"', STAYING, "has x-sunset, but is not deprecated. Add deprecated: true."),
    "silent about it": ('"2026-03-01"', "summary: It stays.", "has x-sunset, but is not deprecated"),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_an_end_that_cannot_be_told_stops_the_start(tmp_path: Path, breach: str) -> None:
    value, beside, words = BREACHES[breach]

    [fault] = faults(tmp_path, ending(value, beside=beside))

    assert fault.startswith("openapi/paths/user.yaml:6: ")
    assert words in fault


@pytest.mark.parametrize("url", ["https://docs.example.com/a b", "https://docs.example.com/é", "a>; rel=x", ""])
def test_an_explanation_that_no_header_can_hold_stops_the_start(tmp_path: Path, url: str) -> None:
    beside = f"externalDocs: {{url: '{url}'}}\n  deprecated: true"

    [fault] = faults(tmp_path, get("tags:", f"{beside}\n  x-sunset: 2027-06-30\n  tags:"))

    assert fault.startswith("openapi/paths/user.yaml:5: The externalDocs of GET")
