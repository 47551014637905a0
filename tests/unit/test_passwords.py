"""Which passwords are accepted, and how they are kept."""

import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import ValidationError
from app.security.common_passwords import CommonPasswords
from app.security.passwords import Passwords

DATA = Path(__file__).parents[2] / "app/security/data/common_passwords.txt"
GOOD = "correct horse battery staple"
ALICE = ("alice.liddell@example.com", "alice.liddell", "example.com", "Alice Liddell")

passwords = Passwords(minimum=15, maximum=256, cost=4)
short_ones = Passwords(minimum=8, maximum=256, cost=4)


def refusal(password: str, rules: Passwords = passwords, own_words: tuple[str, ...] = ALICE) -> str | None:
    try:
        rules.check(password, own_words=own_words, field="new_password")
    except ValidationError as refused:
        (violation,) = refused.details
        assert violation.field == "new_password"
        return violation.message
    return None


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "alllowercaseisfine",
        "902381746512098",
        "alice likes green tea",
        "tea and biscuit",
        "пароль из пяти русских слов",
        "一二三四五六七八九十百千万億兆",
        "🦊🐢🐙🦉🐝🦋🐞🐌🐍🦖🦂🐡🐬🐳🐘",
        "tea with Liddell at five",
    ],
)
def test_length_alone_makes_a_password(password: str) -> None:
    assert refusal(password) is None


@pytest.mark.parametrize("password", ["", "short", "fourteen chars", "e\u0301" * 14, "\ufdfa"])
def test_a_short_password_is_refused_however_its_characters_are_counted(password: str) -> None:
    assert "at least 15" in str(refusal(password))


def test_the_longest_password_is_accepted_and_one_more_character_is_not() -> None:
    longest = "".join(chr(0x4E00 + index) for index in range(256))
    assert refusal(longest) is None
    assert "at most 256" in str(refusal(longest + "x"))


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "PasswordPassword",
        "qwertyuiopasdfgh",
        "123456789012345",
        "Iloveyou12345678",
        "password123456789",
    ],
)
def test_a_common_password_is_refused_in_any_case(password: str) -> None:
    assert "common" in str(refusal(password))


def test_a_common_password_in_full_width_letters_is_refused() -> None:
    assert "common" in str(refusal("".join(chr(ord(letter) + 0xFEE0) for letter in "passwordpassword")))


@pytest.mark.parametrize("password", ["~" * 15, "Zq" * 8, "x7!kPx7!kPx7!kPx", " " * 20, "fresh mint tea" * 3])
def test_one_short_piece_repeated_is_refused(password: str) -> None:
    assert "Repeats" in str(refusal(password))


@pytest.mark.parametrize(
    "password",
    [
        "alice.liddell@example.com", "ALICE.LIDDELL@EXAMPLE.COM", "alice.liddell2026!", "Alice Liddell!!",
        "lleddil.ecila-1", "moc.elpmaxe@lleddil.ecila", "liddell-example-1", "alice_liddell_example_1",
        "aliceliddell12345678", "aliceliddell~~~~~~~~~", "liddell example com 1234567",
    ],
)  # fmt: skip
def test_a_password_made_of_the_accounts_own_words_is_refused(password: str) -> None:
    assert "your own" in str(refusal(password))


def test_somebody_elses_words_are_no_reason_to_refuse() -> None:
    assert refusal("alice.liddell2026!", own_words=("bob@other.org", "", "Al")) is None


def test_a_longer_own_word_is_taken_out_before_a_shorter_one_inside_it() -> None:
    assert "your own" in str(refusal("annabelle1annabelle2", own_words=("ann@example.com", "Annabelle Ann")))


def test_a_lower_minimum_meets_the_shorter_common_words() -> None:
    assert "common" in str(refusal("football", short_ones))
    assert refusal("qzv7kx2m", short_ones) is None


@pytest.mark.parametrize("password", ["lone \ud800 surrogate here", "\udfff" * 20])
def test_text_that_is_no_unicode_is_refused_and_never_crashes(password: str) -> None:
    assert "Unicode" in str(refusal(password))
    assert not passwords.verify(password, passwords.hash(GOOD))


@pytest.mark.parametrize("numbers", [(7, 256, 10), (15, 14, 10), (15, 256, 3), (15, 5000, 10), (15, 256, 19)])
def test_numbers_that_make_no_sense_are_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="minimum must be 8 or more"):
        Passwords(*numbers)


def test_the_list_holds_a_hundred_thousand_folded_words_in_order() -> None:
    words = DATA.read_bytes().split(b"\n")
    assert words.pop() == b""
    assert len(words) == 100_000
    assert words == sorted(set(words))
    texts = [word.decode() for word in words]
    assert min(map(len, texts)) >= 8
    assert all(text == unicodedata.normalize("NFKC", text.casefold()) for text in texts)


def test_every_word_of_the_list_is_found_and_none_of_its_neighbours() -> None:
    common = CommonPasswords()
    words = DATA.read_text("utf-8").splitlines()
    for word in (*words[:: len(words) // 500], words[0], words[-1]):
        assert word in common
        assert word + "\x00" not in common
        assert word[:-1] + "\x01" not in common
    for absent in ("", "\n", "\xff" * 9, "\ud800", f"{words[3]}\n{words[4]}"):
        assert absent not in common


@settings(max_examples=25)
@given(st.text(max_size=300))
def test_a_stored_password_is_verified_and_no_other(password: str) -> None:
    stored = passwords.hash(password)
    assert stored.startswith("v1$")
    assert passwords.verify(password, stored)
    assert passwords.verify(unicodedata.normalize("NFKC", password), stored)
    assert not passwords.verify(password + "!", stored)


@pytest.mark.parametrize("tail", ["\0", "\0b", "x" * 80])
def test_no_byte_of_a_password_is_ignored(tail: str) -> None:
    start = "s" * 80
    assert passwords.verify(start + tail, passwords.hash(start + tail))
    assert not passwords.verify(start, passwords.hash(start + tail))


def test_a_password_of_a_book_is_refused_without_being_normalised() -> None:
    book = "a" + "\u0301\u0316" * 60_000
    # Normalising it would take minutes.
    assert not passwords.verify(book * 100, passwords.hash(GOOD))


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "!",
        "v1",
        "v2$2b$04$" + "." * 53,
        "v1$2b$04$" + "." * 52,
        "v1$2b$04$" + "z" * 53,
        "v1$2b$31$" + "." * 53,
        "v1$2b$99$" + "." * 53,
        "v1$2b$٠٤$" + "." * 53,
        "v1$2b$04$" + "." * 53 + "\n",
        bcrypt.hashpw(GOOD.encode(), bcrypt.gensalt(4)).decode(),
    ],
    ids=map(str, range(11)),
)
def test_a_damaged_hash_fits_nothing(stored: str) -> None:
    assert not passwords.verify(GOOD, stored)


@pytest.mark.parametrize(
    "stored", ["", "v1", "v2" + passwords.hash(GOOD)[2:], passwords.hash(GOOD)[2:]], ids=map(str, range(4))
)
def test_a_hash_of_another_scheme_is_made_again(stored: str) -> None:
    assert passwords.needs_rehash(stored)


def test_a_hash_is_made_again_when_the_cost_rises_and_not_when_it_falls() -> None:
    stored = passwords.hash(GOOD)
    dearer = Passwords(minimum=15, maximum=256, cost=5)
    assert not passwords.needs_rehash(stored)
    assert dearer.needs_rehash(stored)
    assert dearer.verify(GOOD, stored)
    assert not passwords.needs_rehash(dearer.hash(GOOD))


def work(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record the cost of each bcrypt run; the real ones still happen."""
    costs: list[int] = []
    for name in ("hashpw", "checkpw"):
        real = getattr(bcrypt, name)

        def counted(secret, salt, real=real):
            result = real(secret, salt)
            costs.append(int(salt[4:6]))
            return result

        monkeypatch.setattr(bcrypt, name, counted)
    return costs


@pytest.mark.parametrize("kind", ["wrong", "cheaper", "unknown", "damaged", "invalid salt", "endless"])
def test_every_refusal_costs_the_same_work(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = Passwords(minimum=15, maximum=256, cost=7)
    stored = {
        "wrong": rules.hash(GOOD),
        "cheaper": passwords.hash(GOOD),
        "damaged": "v1$",
        "invalid salt": "v1$2b$07$" + "z" * 53,
        "endless": "v1$2b$31$" + "." * 53,
    }.get(kind)
    costs = work(monkeypatch)
    if stored is None:
        rules.simulate_verify("wrong")
    else:
        assert not rules.verify("wrong", stored)
    assert sum(2**cost for cost in costs) == 2**7


@pytest.mark.parametrize(
    ("call", "function"),
    [
        (lambda rules: rules.hash("marmalade lantern 7 quarry"), "hashpw"),
        (lambda rules: rules.verify("marmalade lantern 7 quarry", "v1$2b$04$" + "." * 53), "checkpw"),
        (lambda rules: rules.simulate_verify("marmalade lantern 7 quarry"), "hashpw"),
    ],
    ids=["hash", "verify", "simulate_verify"],
)
@pytest.mark.parametrize(("together", "meet"), [(2, True), (3, False)])
def test_no_more_hashes_are_computed_at_once_than_configured(
    call: Callable[[Passwords], object], function: str, together: int, meet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    barrier, results = Barrier(together), []
    original = getattr(bcrypt, function)

    def hash_together(*arguments: bytes) -> object:
        try:
            barrier.wait(10 if meet else 0.1)
            results.append(True)
        except BrokenBarrierError:
            results.append(False)
        return original(*arguments)

    monkeypatch.setattr(bcrypt, function, hash_together)
    rules = Passwords(minimum=15, maximum=256, cost=4, at_once=2)
    with ThreadPoolExecutor(together) as threads:
        list(threads.map(lambda _: call(rules), range(together)))
    assert results == [meet] * together
