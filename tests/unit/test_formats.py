"""Formats are checked, strictly, wherever the document names one."""

from pathlib import Path

import pytest
import yaml

from app.addresses import canonical, is_address
from app.errors import ValidationError
from app.services import account_addresses
from app.spec.validation import schemas

# Blanks around, and domains beyond ASCII (UTS 46).
ADDRESSES = [
    " ada@example.com",
    "ada@example.com\n",
    "\u3000\tada@example.com\u00a0\r\n",
    f"{' ' * 30}{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 57}.ef{' ' * 30}",
    "ada@bücher.example",
    "ada@bu\u0308cher.example",
    "ada＠ＢÜＣＨＥＲ。example",
    "ada@faß.example",
    "ada@例え.テスト",
    "ada@xn--bcher-kva.example",
    "ada@ab--cd.example",
    "ada@ex\u00adample.com",
]
NO_ADDRESSES = [
    " ", "a b@example.com", "ada@ example.com", "ada @example.com", "\u200bada@example.com", "ada@bücher",
    "ada@bü cher.example", "ada@bü_cher.example", "ada@-bücher.example", "ada@❤.example", "ada@\u0301x.example",
    "ada@\u202eb.example", "ada@⒈com", "ada@bücher..example", "ada@" + "ü" * 60 + ".example",
    "a@" + "b.ü" * 100 + ".example", "a" + "\u0315" * 15_900 + "\u0323" * 15_900,
    "a" * 200 + "@" + "\ufdfa" * 50 + ".com", "ada@example.com" + "x" * 65_000, " " * 65_000 + "x",
]  # fmt: skip

FIELDS = Path(__file__).resolve().parents[2] / "openapi/components/schemas/fields.yaml"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "email",
            [
                "a@b.cd", "a+b.c_d@x-y.example.org", "o'neil@example.com", f"{'a' * 64}@b.cd", "a@1.example",
                "a@b.c1", "ＢＯＢ@example.com", "bob＠example．com", f"{'ﬁ' * 32}@b.cd", *ADDRESSES,
            ],
            [
                "", "a", "a@b", "a@localhost", "a@@b.cd", "a b@c.de", ".a@b.cd", "a.@b.cd", "a..b@c.de", "a@-b.cd",
                "a@b-.cd", "a@b..cd", "a@b.cd.", "a@127.0.0.1", "a@[127.0.0.1]", '"a"@b.cd', "ä@b.cd", "Ada <a@b.cd>",
                f"{'a' * 65}@b.cd", f"{'ﬁ' * 33}@b.cd", f"{'ﬃ' * 20}@{'ﬃ.' * 50}cd", "a@b＠c.de", "½@b.cd", "İ@b.cd",
                *NO_ADDRESSES, f"a@{'b' * 64}.cd", f"a@{'b.' * 126}cd", "a\0@b.cd",
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
)  # fmt: skip
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
        accepted = bool(account_addresses.accept(text))
    except ValidationError:
        accepted = False
    document = schemas.compile({}, {"type": "string", "format": "email"}, direction="request")
    assert accepted is document.is_valid(text)


def test_an_address_is_kept_as_it_is_judged() -> None:
    assert account_addresses.accept("ＢＯＢ＠Example．com") == "bob@example.com"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("\u00a0 Ada@Example.COM\n", "ada@example.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@bu\u0308cher.example", "ada@xn--bcher-kva.example"),
        ("ADA@BÜCHER。EXAMPLE", "ada@xn--bcher-kva.example"),
        ("Ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
        ("ada@faß.example", "ada@xn--fa-hia.example"),
        ("ada@ΦΊΛΟΣ.example", "ada@xn--kxaymql.example"),
        ("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"),
        ("ada@a--b.bücher.example", "ada@a--b.xn--bcher-kva.example"),
    ],
)
def test_an_address_is_kept_as_dns_and_mail_servers_have_it(typed: str, kept: str) -> None:
    assert account_addresses.accept(typed) == canonical(typed) == kept
    assert canonical(kept) == kept


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "NewDisplayName",
            ["Ada Lovelace", "a", " a ", "李", "👩\u200d🚀", "می\u200cخواهم", "-", None],
            [
                "", " ", "\t\n", "\u3000", "\u200b", "\u200d\ufeff", "\u00ad", "\u202e \u202c", "\u2060", "\u3164",
                "\ufe0f\u034f\u115f\u2800", "\x00",
            ],
        )
    ],
)  # fmt: skip
def test_fields_of_a_profile_say_something(name: str, good: list[str | None], bad: list[str]) -> None:
    check = schemas.compile({}, yaml.safe_load(FIELDS.read_text("utf-8"))[name], direction="request")
    assert [text for text in good if not check.is_valid(text)] == []
    assert [text for text in bad if check.is_valid(text)] == []


def test_half_of_a_surrogate_pair_is_in_no_address() -> None:
    assert [text for text in ("ada@\ud800.example", "\udc00@example.com") if is_address(text)] == []
