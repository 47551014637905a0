"""A YAML file as plain values: what YAML 1.2 and JSON have in common is read, and the rest is refused with its line."""

import pytest

from app.spec.document.yaml_text import plain_value, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("off", "off"),
        ("012", 12),
        ("0o12", 10),
        ("0xff", 255),
        ("2026-01-31", "2026-01-31"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("1.5e3", 1500.0),
        ("-7", -7),
        ("1.0.0", "1.0.0"),
        (".inf", ".inf"),
        ("~", None),
        ("", None),
        ("True", True),
    ],
)
def test_plain_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    assert plain_value(text) == value
    assert type(plain_value(text)) is type(value)


def test_quoted_scalars_and_keys_are_text() -> None:
    assert read_yaml(b"a: '12'\nb: \"true\"\n200: x\non: y\n", "f").value == {
        "a": "12",
        "b": "true",
        "200": "x",
        "on": "y",
    }


@pytest.mark.parametrize(
    ("raw", "line", "words"),
    [
        (b"a: 1\nb: 2\na: 3\n", 3, "`a` is here twice, first in line 1"),
        (b"a: &x 1\n", 1, "Anchors"),
        (b"a: 1\nb: *x\n", 2, "Aliases"),
        (b"a:\n  <<: {b: 1}\n", 2, "Merge keys"),
        (b"a: !!str 1\n", 1, "Tags"),
        (b"a: !!map {}\n", 1, "Tags"),
        (b"? [1]\n: 2\n", 1, "A key must be text"),
        (b"a: 1\n---\nb: 1\n", 2, "second document"),
        (b"a: 1\nb: [\n", 3, "not YAML"),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        (b"# nothing\n", 1, "empty"),
        (b"a: \x07\n", 1, "control character U+0007"),
        (b"a: 1\nb: \x00\n", 2, "control character U+0000"),
        (b"a: 1\nb: " + 200 * b"[" + 200 * b"]", 2, "nested more than 100 levels deep"),
        (b"a:\n- 18446744073709551616", 2, "18446744073709551616 has more than 64 bits"),
        (b"a: -9223372036854775809", 1, "more than 64 bits"),
        (b"a: 1\nb: 1e999", 2, "more than 64 bits"),
    ],
)
def test_what_json_cannot_say_is_refused_with_its_line(raw: bytes, line: int, words: str) -> None:
    problems = read_yaml(raw, "f.yaml").faults
    assert [(fault.place.line, words in fault.message) for fault in problems] == [(line, True)]


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("get:\n  a: b\n   c: d\n", "The line is indented more than the one before it"),
        ("a: b: c\n", 'Put a text with ": " in it in quotes.'),
        ("tags: [project:{project_id}]\n", "Put the text in quotes"),
        ("a: @b\n", "Put the text in quotes: no plain text can begin with that character."),
        ("a: 'b\n", "Close the quotes that begin here or before."),
        ('a: "\\d"\n', "Write \\\\ for a backslash, or use single quotes."),
        ("a: [b\nc: d\n", "Close the bracket or brace"),
        ("a: - b\n", "Begin the list in a line of its own, below its key."),
        ("a:\n  - b\n  c: d\n", "Begin each item of the list with a dash"),
        ("a: b\nc\nd: e\n", "Write a colon after the key"),
    ],
)
def test_a_mistake_of_syntax_comes_with_what_to_do(text: str, fix: str) -> None:
    [fault] = read_yaml(text.encode(), "x.yaml").faults
    assert fault.fix.startswith(fix), fault
