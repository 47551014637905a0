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
        (", ,=,;", Preferences()),
    ],
)
def test_what_a_header_asks_for(text: str, preferences: Preferences) -> None:
    assert read(text) == preferences


def test_what_was_done_is_said_in_short() -> None:
    assert str(read("delay=2, code=404")) == "code=404, delay=2"


@pytest.mark.parametrize("text", ["code=4", "code=x", "code=600", "code", "delay=", "delay=1e9", "delay=-1"])
def test_what_cannot_be_is_a_fault(text: str) -> None:
    with pytest.raises(ValidationError):
        read(text)
