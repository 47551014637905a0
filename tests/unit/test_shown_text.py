"""What others will see is refused where it hides something or turns the rest around, and shown where it is stored."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, strategies

from app.spec.validation import schemas

FIELDS = Path(__file__).resolve().parents[2] / "openapi/components/schemas/fields.yaml"
WEB_URL = r"https?://[0-9A-Za-z.\[\]:~_-]{1,9}(:[0-9]{1,5})?([/?#][ -~]{0,9})?"

SEEN = ["Ada Lovelace", "李", "👩\u200d🚀", "❤\ufe0f", "می\u200cخواهم", "שָׁלוֹם", "क\u094d\u200dष", "葛\U000e0100"]
SEEN += ["\u200fأحمد", "O'Brien-Núñez, Jr.", "\u1e00\u0301", "\U0001f1eb\U0001f1ee"]
HIDDEN = [
    *("\0", "\x07", "\x1b[31m", "\x7f", "\x85", "\x9b", "\u2028", "\u2029"),
    *("\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u206a"),
    *("\U000e0001", "\U000e0041", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"),
    *("\ufff9", "\ufdd0", "\uffff", "\U0001fffe", "\U0010ffff"),
]
FLOWING = ["two\nlines", "two\r\nlines", "a\ttab"]


@pytest.mark.parametrize(
    ("page", "name", "good", "bad"),
    [
        ("fields", "NewDisplayName", SEEN, [*HIDDEN, *FLOWING]),
        ("roles", "NewRoleDescription", ["", *SEEN], [*HIDDEN, *FLOWING]),
        ("fields", "NewBiography", ["", *SEEN, *FLOWING], HIDDEN),
    ],
)
def test_what_others_see_hides_nothing_and_turns_nothing_around(
    page: str, name: str, good: list[str], bad: list[str]
) -> None:
    schema = yaml.safe_load(FIELDS.with_name(f"{page}.yaml").read_text("utf-8"))[name]
    check = schemas.compile({}, schema, direction="request")
    assert [text for text in good if not check.is_valid(text)] == []
    assert [text for text in bad if check.is_valid(f"a{text}b")] == []
    # A pattern is what other tools know: what it alone says, they say too, but for the planes beyond the first.
    known_elsewhere = schemas.compile({}, {**schema, "format": "password"}, direction="request")
    assert [text for text in good if not known_elsewhere.is_valid(text)] == []
    assert [text for text in bad if max(text) < "\U00010000" and known_elsewhere.is_valid(f"a{text}b")] == []


def test_what_an_earlier_release_took_is_shown_as_it_is_stored() -> None:
    fields = yaml.safe_load(FIELDS.read_text("utf-8"))
    stored = {
        "DisplayName": "a\u202eb\n\U000e0041",
        "Biography": "\x07",
        "AvatarUrl": "https://ada:secret@pictures.example.com/ada.png",
    }
    for name, value in stored.items():
        assert schemas.compile({}, fields[name], direction="response").is_valid(value), name
        assert not schemas.compile({}, fields[f"New{name}"], direction="request").is_valid(value), name


def test_what_is_taken_for_the_url_of_a_picture_can_be_shown() -> None:
    fields = yaml.safe_load(FIELDS.read_text("utf-8"))
    taken = schemas.compile({}, fields["NewAvatarUrl"], direction="request").is_valid
    shown = schemas.compile({}, fields["AvatarUrl"], direction="response").is_valid

    @given(strategies.from_regex(WEB_URL, fullmatch=True))
    def check(url: str) -> None:
        assert not taken(url) or shown(url)

    check()


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "NewAvatarUrl",
            [
                "https://a.example/b.png",
                "http://a",
                "http://[::1]/x",
                "http://127.0.0.1:80",
                "https://xn--bcher-kva.example/@ada/%C3%A4.png?size=1&x=[1]#top".replace("[1]", "1"),
                "https://a.example?q=a@b",
                None,
            ],
            [
                *("http://", "https:///b.png", "http://?q", "http://#x", "http://:80", "http://@", "ftp://a.example"),
                *(
                    "https://ada@a.example/",
                    "https://ada:secret@a.example",
                    "https://@a.example",
                    "https://:@a.example",
                ),
                *("https://a.example\\@evil.example", "https://a.example\\b", "https:\\\\a.example", "https:a"),
                *(
                    "https://a.example /",
                    " https://a.example",
                    "https://a.example/\n",
                    "https://a\t.example",
                    "https://a\0",
                ),
                *("https://bücher.example/", "https://a.example/ä.png", "https://a.example/\u202e", "https://a%40b/"),
                *(
                    "https://a.example:99999/",
                    "https://a.example:8o/",
                    "https://[::zz]/",
                    "https://[::1]x/",
                    "https://::1/",
                ),
                *("https://a.example/%zz", "https://a.example/<b>", 'https://a.example/"', "javascript:alert(1)"),
                *("HTTPS://ada:secret@a.example", "https://a.example/#a#b", "data:image/png;base64,AA=="),
            ],
        )
    ],
)
def test_the_url_of_a_picture_has_one_reading(name: str, good: list[str | None], bad: list[str]) -> None:
    check = schemas.compile({}, yaml.safe_load(FIELDS.read_text("utf-8"))[name], direction="request")
    assert [text for text in good if not check.is_valid(text)] == []
    assert [text for text in bad if check.is_valid(text)] == []
