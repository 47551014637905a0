"""What reads input takes time in proportion to it: each function that an attacker can feed, at its worst."""

import time
from collections.abc import Callable, Mapping
from typing import Any

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


LONG_LISTS: dict[str, list[object]] = {
    "ones": [1] * 30_000,
    "lists": [[]] * 20_000,
    "numbers of one double": list(range(2**62, 2**62 + 3_000)),
    "objects": [{"a": 1}] * 6_000,
}
LONG_LABELS = {
    str(count): f"a@{''.join(chr(0x4E00 + number) for number in range(count))}.com" for count in (60, 120, 240)
}
NEARLY_TOKENS = {
    "no dot": "eyJ" * 20_000,
    "one dot": "eyJ" * 10_000 + "." + "eyJ" * 10_000,
    "in a URL": "://eyJ:" * 9_000,
}
ESCAPED = {"signs": "/" + "%" * 60_000, "once": "/%" + "25" * 30_000, "four times": "/" + "%25" * 20_000}
DEEP = {"lists": b"[" * 65_000, "both": b'[{"a":' * 10_000, "text": b"[" * 40 + b'"' + b'\\"' * 32_000}


def milliseconds(work: Callable[[], object]) -> float:
    """Return the time of the processor that work takes, at its best of five times."""
    found = []
    for _ in range(5):
        started = time.thread_time()
        work()
        found.append((time.thread_time() - started) * 1000)
    return min(found)


@pytest.mark.parametrize("items", LONG_LISTS.values(), ids=LONG_LISTS)
def test_a_list_that_is_too_long_is_counted_and_no_more(items: list[object]) -> None:
    """All violations are made before the first is told, and integers that share a double are compared one by one."""
    validator = schemas.compile({}, PERSON, direction="request")
    body = {"tags": items}

    assert [violation.message for violation in list_violations(validator, body)] == ["Must have at most 100 items."]


def test_a_list_of_the_right_length_is_looked_at_item_by_item() -> None:
    validator = schemas.compile({}, PERSON, direction="request")
    violations = list_violations(validator, {"tags": ["a", 1, "a" * 10]})
    assert [(violation.field, violation.message) for violation in violations] == [
        ("tags.1", "Must be text."),
        ("tags.2", "Must have at most 9 characters."),
    ]
    assert [violation.message for violation in list_violations(validator, {"tags": ["a", "a"]})] == [
        "Must not hold the same item twice."
    ]


@pytest.mark.parametrize("address", LONG_LABELS.values(), ids=LONG_LABELS)
def test_a_label_longer_than_any_is_not_encoded(address: str) -> None:
    """Its A-label was computed in time that grows with the square of its length, to be refused after all."""
    assert not is_address(address)


def test_the_longest_labels_are_encoded() -> None:
    assert is_address("a@" + "\xfc" * 57 + ".example")
    assert not is_address("a@" + "\xfc" * 60 + ".example")


@pytest.mark.parametrize("text", NEARLY_TOKENS.values(), ids=NEARLY_TOKENS)
def test_what_is_logged_is_searched_once_for_secrets(text: str) -> None:
    assert _masked(text) == text


@pytest.mark.parametrize(
    "text", ["://eyJabc:secret@host", "Bearer eyJabc", "eyJx.eyJy.z", "xeyJa.b.c", "eyJa.eyJb.c", "eyJ.eyJa.b."]
)
def test_what_only_begins_as_a_token_hides_nothing_behind_it(text: str) -> None:
    masked = _masked(text)
    assert MASK in masked
    assert "secret" not in masked


@pytest.mark.parametrize("path", ESCAPED.values(), ids=ESCAPED)
def test_a_path_is_unescaped_as_often_as_that_changes_it(path: str) -> None:
    assert not is_ours(path)


@pytest.mark.parametrize("raw", DEEP.values(), ids=DEEP)
def test_depth_is_counted_until_it_is_too_much(raw: bytes) -> None:
    read_deep(raw)


def read_deep(raw: bytes) -> None:
    with pytest.raises(AppError):
        parse(raw)


def read_list(items: list[object]) -> None:
    validator, body = schemas.compile({}, PERSON, direction="request"), {"tags": items}
    assert validator.is_valid(body) or list_violations(validator, body)


# What reads it, the inputs, and how many milliseconds each may take. Counting the items took 60 to 600; what is left is
# the copy that the error holds.
READERS: tuple[tuple[Callable[[Any], object], Mapping[str, Any], float], ...] = (
    (read_list, LONG_LISTS, 50),
    (is_address, LONG_LABELS, 2),
    (_masked, NEARLY_TOKENS, 100),
    (is_ours, ESCAPED, 90),
    (read_deep, DEEP, 5),
)
COSTS = [
    pytest.param(read, given, most, id=f"{read.__name__}: {name}")
    for read, inputs, most in READERS
    for name, given in inputs.items()
]


@pytest.mark.measured
@pytest.mark.parametrize(("read", "given", "most"), COSTS)
def test_no_input_takes_more_time_than_its_reader_has(read: Callable[[Any], object], given: Any, most: float) -> None:
    assert milliseconds(lambda: read(given)) < most
