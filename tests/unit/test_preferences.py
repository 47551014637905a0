"""The Prefer header (RFC 7240) as the mock reads it."""

import pytest

from app.errors import ValidationError
from app.mock.preferences import Preferences, read


@pytest.mark.parametrize(
    ("text", "preferences"),
    [
        ("code=429", Preferences(code=429)),
        (' Code = 429 , delay="0.5"; x=y', Preferences(code=429, delay=0.5)),
        ('example="one two"', Preferences(example="one two")),
        ("code=404, code=500", Preferences(code=404)),
        ("return=minimal, wait=3, respond-async", Preferences()),
        ("", Preferences()),
        ('example="a,b"', Preferences(example="a,b")),
        ('example="a, b;c" ; x="d,e", code=404', Preferences(404, "a, b;c")),
        (r'example="a\"b\\c\d,"', Preferences(example='a"b\\cd,')),
        ('example="", code=404', Preferences(code=404)),
        ('wait="1, code=500", code=404', Preferences(code=404)),
        ('wait=1"2", code=404', Preferences(code=404)),
        (", ,=,;", Preferences()),
    ],
)
def test_what_a_header_asks_for(text: str, preferences: Preferences) -> None:
    assert read(text) == preferences


def test_what_was_done_is_said_in_short() -> None:
    assert str(read("delay=2, code=404")) == "code=404, delay=2"


@pytest.mark.parametrize(
    ("example", "said"),
    [("a", "a"), ("one two", '"one two"'), ("a,b", '"a,b"'), ('a"b\\', r'"a\"b\\"')],
)
def test_what_was_done_is_written_so_that_it_can_be_read_again(example: str, said: str) -> None:
    assert str(Preferences(example=example)) == f"example={said}"
    assert read(str(Preferences(code=404, example=example))) == Preferences(404, example)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('example="a,b', "A quoted string has no end"),
        (r'example="a\"', "A quoted string has no end"),
        ('code=404, wait="', "A quoted string has no end"),
        ('example="a"b', "example cannot be read"),
        ('example=a"b"', "example cannot be read"),
        ("example=a b", "example cannot be read"),
        ("Code 429", "code cannot be read"),
        ("delay==1", "delay must be"),
    ],
)
def test_what_cannot_be_read_is_refused_and_told(text: str, told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read(text)
    assert refused.value.details[0].message.startswith(told)
    assert refused.value.details[0].field == "Prefer"


@pytest.mark.parametrize("text", ["code=4", "code=x", "code=600", "code", "delay=", "delay=1e9", "delay=-1"])
def test_what_cannot_be_is_a_fault(text: str) -> None:
    with pytest.raises(ValidationError):
        read(text)
