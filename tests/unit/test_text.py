"""Text that people type is compared in one form, and never normalised before somebody has looked at its length."""

import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, strategies

from app import text
from app.addresses import canonical, canonical_domain, is_address
from app.security.passwords import Passwords

# One request's worth: what takes quadratic time took seconds of one core here.
WORST = "a" + "\u0315" * 15_900 + "\u0323" * 15_900


@pytest.mark.parametrize("normalise", [text.nfkc, text.lower, text.casefold])
def test_what_is_too_long_is_refused_before_it_is_normalised(normalise: Callable[[str], str]) -> None:
    assert normalise("ﬁ" * text.MAX_LENGTH)
    with pytest.raises(text.TextTooLongError, match="at most 1024 characters"):
        normalise("a" * (text.MAX_LENGTH + 1))


@pytest.mark.measured
@pytest.mark.parametrize(
    "read",
    [
        canonical,
        canonical_domain,
        is_address,
        text.search_key,
        Passwords(15, 256, 4).simulate_verify,
        lambda typed: canonical(f"{typed}@{typed}.example"),
        lambda typed: is_address(f"ada@{typed}"),
        lambda typed: Passwords(15, 256, 4)._fault(typed, [typed]),
        lambda typed: Passwords(15, 256, 4)._fault("marmalade lantern 7 quarry", [typed]),
    ],
)
def test_the_worst_text_of_a_whole_body_costs_next_to_nothing(read: Callable[[str], object]) -> None:
    began = time.thread_time()
    read(WORST)
    assert time.thread_time() - began < 0.5


SAME = [
    ("Zoë", "Zoe\u0308"),
    ("Ａｄａ", "ada"),
    ("ﬁona", "FIONA"),
    ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
    ("οδυσσευς", "οδυσσευσ"),
    ("Straße", "STRASSE"),
    ("ẞ", "ss"),
    ("İstanbul", "i\u0307stanbul"),
    ("ǅ", "ǆ"),
    ("Å", "\u212b"),
    ("ｶﾞ", "ガ"),
    ("각", "\u1100\u1161\u11a8"),
    ("Ⅻ", "xii"),
    ("①", "1"),
    ("q\u0307\u0323", "q\u0323\u0307"),
    ("ᾳ", "ΑΙ"),
    ("\u0345\u0301α", "\u0301ια"),
    ("Ada\u00a0 Lovelace ", "ada lovelace"),
    ("A\u00add\u200ba", "ada"),
    ("❤\ufe0f", "❤"),
    ("Ꭰ", "ꭰ"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_that_a_person_takes_for_one_are_searched_as_one(one: str, other: str) -> None:
    assert text.search_key(one) == text.search_key(other) != ""


def test_a_search_key_is_told_by_all_forms_and_cases_of_every_character() -> None:
    for number in range(0x3_0000):
        sign = chr(number)
        # The capital of the dotless i is everybody's I: only a Turkish reader tells them apart.
        others = {unicodedata.normalize("NFKD", sign), sign.lower(), sign if sign == "ı" else sign.upper()} - {sign}
        if others:
            key = text.search_key(f"a{sign}b")
            assert {text.search_key(other) for other in (key, *(f"a{other}b" for other in others))} == {key}, sign


@given(strategies.text(max_size=100))
def test_a_search_key_is_its_own_and_bounded(typed: str) -> None:
    key = text.search_key(typed)
    assert text.search_key(key) == key
    assert len(key) <= text.MAX_SEARCH_LENGTH
    assert text.search_key(unicodedata.normalize("NFD", typed)[: 2 * text.MAX_SEARCH_LENGTH]) == key


def test_the_most_that_a_name_can_become_fits_an_index() -> None:
    assert len(text.search_key("\ufdfa" * 100).encode()) <= 4 * text.MAX_SEARCH_LENGTH
