"""Formats are checked, strictly, wherever the document names one."""

from pathlib import Path

import pytest
import yaml

from app.errors import ValidationFailed
from app.gateway.validation import schemas
from app.services import addresses

FIELDS = Path(__file__).resolve().parents[2] / "openapi/components/schemas/fields.yaml"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "email",
            [
                "a@b.cd",
                "a+b.c_d@x-y.example.org",
                "o'neil@example.com",
                f"{'a' * 64}@b.cd",
                "a@1.example",
                "a@b.c1",
                "ＢＯＢ@example.com",
                "bob＠example．com",
                f"{'ﬁ' * 32}@b.cd",
            ],
            [
                "",
                "a",
                "a@b",
                "a@localhost",
                "a@@b.cd",
                "a b@c.de",
                ".a@b.cd",
                "a.@b.cd",
                "a..b@c.de",
                "a@-b.cd",
                "a@b-.cd",
                "a@b..cd",
                "a@b.cd.",
                "a@127.0.0.1",
                "a@[127.0.0.1]",
                '"a"@b.cd',
                "ä@b.cd",
                "a@ä.de",
                "a@b.cd\n",
                "Ada <a@b.cd>",
                f"{'a' * 65}@b.cd",
                f"{'ﬁ' * 33}@b.cd",
                f"{'ﬃ' * 20}@{'ﬃ.' * 50}cd",
                "a@b＠c.de",
                "½@b.cd",
                "İ@b.cd",
                f"a@{'b' * 64}.cd",
                f"a@{'b.' * 126}cd",
                "a\0@b.cd",
            ],
        ),
        (
            "time-zone",
            ["Europe/London", "UTC", "America/Argentina/Salta"],
            [
                "",
                "Mars/Olympus",
                "europe/london",
                "../passwd",
                "localtime",
                "posixrules",
                "Factory",
                "posix/Europe/London",
                "right/Europe/London",
            ],
        ),
        ("uri", ["https://a.example/b?c#d", "http://a"], ["//a", "/a", "a b", "https://a b", "https://a/%zz"]),
        (
            "date-time",
            ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123+02:00"],
            [
                "2026-01-31",
                "2026-01-31T12:00:00",
                "2026-02-30T12:00:00Z",
                "2026-01-31 12:00:00Z",
                "2026-01-31T25:00:00Z",
            ],
        ),
        ("date", ["2024-02-29"], ["2025-02-29", "2026-1-1", "x"]),
        (
            "uuid",
            ["019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"],
            [
                "019c13ec9e007a1b8c2d3e4f5a6b7c8d",
                "{019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d}",
                "x",
                "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d\n",
            ],
        ),
        ("password", ["anything"], []),
    ],
)
def test_formats_are_checked(name: str, good: list[str], bad: list[str]) -> None:
    check = schemas.compile({}, {"type": "string", "format": name}, direction="request")
    assert [text for text in good if not check.is_valid(text)] == []
    assert [text for text in bad if check.is_valid(text)] == []


@pytest.mark.parametrize(
    "text",
    ["a@b.cd", "ＢＯＢ@example.com", "admin@localhost", "ä@b.cd", "a@b", f"{'ﬁ' * 33}@b.cd", "a b@c.de", "½@b.cd"],
)
def test_the_services_accept_the_addresses_that_the_document_does(text: str) -> None:
    try:
        accepted = bool(addresses.accept(text))
    except ValidationFailed:
        accepted = False
    document = schemas.compile({}, {"type": "string", "format": "email"}, direction="request")
    assert accepted is document.is_valid(text)


def test_an_address_is_kept_as_it_is_judged() -> None:
    assert addresses.accept("ＢＯＢ＠Example．com") == "bob@example.com"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "AvatarUrl",
            ["https://a.example/b.png", "http://a", "http://[::1]/x", "http://127.0.0.1:80", None],
            ["http://", "https:///b.png", "http://?q", "http://#x", "http://:80", "http://@", "ftp://a.example"],
        ),
        (
            "DisplayName",
            ["Ada Lovelace", "a", " a ", "李", "👩\u200d🚀", "می\u200cخواهم", "-", None],
            [
                "",
                " ",
                "\t\n",
                "\u3000",
                "\u200b",
                "\u200d\ufeff",
                "\u00ad",
                "\u202e \u202c",
                "\u2060",
                "\u3164",
                "\x00",
            ],
        ),
    ],
)
def test_fields_of_a_profile_say_something(name: str, good: list[str | None], bad: list[str]) -> None:
    check = schemas.compile({}, yaml.safe_load(FIELDS.read_text("utf-8"))[name], direction="request")
    assert [text for text in good if not check.is_valid(text)] == []
    assert [text for text in bad if check.is_valid(text)] == []
