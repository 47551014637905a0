"""What reads input takes time in proportion to it: each function that an attacker can feed, at its worst."""

import time
from collections.abc import Callable

import pytest

from app.addresses import is_address
from app.errors import AppError
from app.gateway.router import is_ours
from app.observability.logging import MASK, _masked
from app.spec.validation import schemas
from app.spec.validation.json_body import parse
from app.spec.validation.violations import list_violations

LIST = {"type": "array", "maxItems": 100, "uniqueItems": True, "items": {"type": "string", "maxLength": 9}}
PERSON = {"type": "object", "properties": {"tags": LIST}}


def milliseconds(work: Callable[[], object]) -> float:
    """Return the time of the processor that work takes, at its best of five times."""
    found = []
    for _ in range(5):
        started = time.thread_time()
        work()
        found.append((time.thread_time() - started) * 1000)
    return min(found)


@pytest.mark.parametrize(
    "items",
    [[1] * 30_000, [[]] * 20_000, list(range(2**62, 2**62 + 3_000)), [{"a": 1}] * 6_000],
    ids=["ones", "lists", "numbers of one double", "objects"],
)
def test_a_list_that_is_too_long_is_counted_and_no_more(items: list[object]) -> None:
    """All violations are made before the first is told, and integers that share a double are compared one by one."""
    validator = schemas.compile({}, PERSON, direction="request")
    body = {"tags": items}

    assert [fault.message for fault in list_violations(validator, body)] == ["Must have at most 100 items."]
    # Counting them took 60 to 600 ms; what is left is the copy that the error holds.
    assert milliseconds(lambda: validator.is_valid(body) or list_violations(validator, body)) < 50


def test_a_list_of_the_right_length_is_looked_at_item_by_item() -> None:
    validator = schemas.compile({}, PERSON, direction="request")
    faults = list_violations(validator, {"tags": ["a", 1, "a" * 10]})
    assert [(fault.field, fault.message) for fault in faults] == [
        ("tags.1", "Must be text."),
        ("tags.2", "Must have at most 9 characters."),
    ]
    assert [fault.message for fault in list_violations(validator, {"tags": ["a", "a"]})] == [
        "Must not hold the same item twice."
    ]


@pytest.mark.parametrize("count", [60, 120, 240])
def test_a_label_longer_than_any_is_not_encoded(count: int) -> None:
    """Its A-label was computed in time that grows with the square of its length, to be refused after all."""
    address = "a@" + "".join(chr(0x4E00 + number) for number in range(count)) + ".com"
    assert not is_address(address)
    assert milliseconds(lambda: is_address(address)) < 2


def test_the_longest_labels_are_encoded() -> None:
    assert is_address("a@" + "\xfc" * 57 + ".example")
    assert not is_address("a@" + "\xfc" * 60 + ".example")


@pytest.mark.parametrize(
    "text",
    ["eyJ" * 20_000, "eyJ" * 10_000 + "." + "eyJ" * 10_000, "://eyJ:" * 9_000],
    ids=["no dot", "one dot", "in a URL"],
)
def test_what_is_logged_is_searched_once_for_secrets(text: str) -> None:
    assert _masked(text) == text
    assert milliseconds(lambda: _masked(text)) < 100


@pytest.mark.parametrize(
    "text", ["://eyJabc:secret@host", "Bearer eyJabc", "eyJx.eyJy.z", "xeyJa.b.c", "eyJa.eyJb.c", "eyJ.eyJa.b."]
)
def test_what_only_begins_as_a_token_hides_nothing_behind_it(text: str) -> None:
    masked = _masked(text)
    assert MASK in masked
    assert "secret" not in masked


@pytest.mark.parametrize(
    "path",
    ["/" + "%" * 60_000, "/%" + "25" * 30_000, "/" + "%25" * 20_000],
    ids=["signs", "once", "four times"],
)
def test_a_path_is_unescaped_as_often_as_that_changes_it(path: str) -> None:
    assert not is_ours(path)
    assert milliseconds(lambda: is_ours(path)) < 90


@pytest.mark.parametrize(
    "raw", [b"[" * 65_000, b'[{"a":' * 10_000, b"[" * 40 + b'"' + b'\\"' * 32_000], ids=["lists", "both", "text"]
)
def test_depth_is_counted_until_it_is_too_much(raw: bytes) -> None:
    def read() -> None:
        with pytest.raises(AppError):
            parse(raw)

    assert milliseconds(read) < 5
