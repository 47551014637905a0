"""JSON bodies: what RFC 8259 leaves open is refused, with 400 and never with an exception of another kind."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import MalformedBody
from app.spec.validation.json_body import parse

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii", min_codepoint=32)), inner),
    max_leaves=10,
)


@given(JSON_VALUES, st.booleans())
def test_good_text_gives_its_value(value: Any, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=60) | st.text(alphabet='[]{}":,\\u0d8 eE+-123.tfn', max_size=60).map(str.encode))
def test_no_bytes_raise_anything_but_the_refusal(raw: bytes) -> None:
    try:
        value = parse(raw)
    except MalformedBody:
        return
    assert json.dumps(value).encode("utf-8")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b'{"a": 1,}', "not valid JSON"),
        (b"[1] 2", "not valid JSON"),
        (b"01", "not valid JSON"),
        (b'"\x00"', "not valid JSON"),
        (b'"\x1f"', "not valid JSON"),
        (b'"\\x"', "not valid JSON"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b'"\xc0\x80"', "not UTF-8"),
        ("{}".encode("utf-16"), "not UTF-8"),
        ("{}".encode("utf-16-le"), "not UTF-8"),
        ("{}".encode("utf-16-be"), "not UTF-8"),
        ('{"email": "a"}'.encode("utf-32-le"), "not UTF-8"),
        ('{"email": "a"}'.encode("utf-32-be"), "not UTF-8"),
        ("{}".encode("utf-32"), "not UTF-8"),
        ('{"a": "\xe9"}'.encode("latin-1"), "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not valid JSON: it begins with a byte order mark"),
        (b"{}\xef\xbb\xbf", "not valid JSON"),
        (b"\x1e{}\n", "not valid JSON"),
        (b"{}\n{}\n", "not valid JSON"),
        (b"{},", "not valid JSON"),
        (b'{"a": 1 /* b */}', "not valid JSON"),
        (b'{"a": 1} // b', "not valid JSON"),
        (b'# a\n{"a": 1}', "not valid JSON"),
        (b"{a: 1}", "not valid JSON"),
        (b'{"a": 1 "b": 2}', "not valid JSON"),
        (b'{"a"; 1}', "not valid JSON"),
        (b"[1,]", "not valid JSON"),
        (b"[,1]", "not valid JSON"),
        (b"[1,,2]", "not valid JSON"),
        (b"True", "not valid JSON"),
        (b"undefined", "not valid JSON"),
        (b"+1", "not valid JSON"),
        (b".5", "not valid JSON"),
        (b"5.", "not valid JSON"),
        (b"-", "not valid JSON"),
        (b"- 1", "not valid JSON"),
        (b"-01", "not valid JSON"),
        (b"1e", "not valid JSON"),
        (b"0x10", "not valid JSON"),
        (b"1_000", "not valid JSON"),
        ("\u0661".encode(), "not valid JSON"),
        (b"\xc2\xa0{}", "not valid JSON"),
        (b"\x0c{}", "not valid JSON"),
        (b"\x0b{}", "not valid JSON"),
        ("\u2028{}".encode(), "not valid JSON"),
        (b'"a\tb"', "not valid JSON"),
        (b'"\\U0041"', "not valid JSON"),
        (b'"\\u12"', "not valid JSON"),
        (b'"\\u 041"', "not valid JSON"),
        (b'"\\x41"', "not valid JSON"),
        (b'"\\\'"', "not valid JSON"),
        (b'"\\u00zz"', "not valid JSON"),
        (b'{"a": 1, "a": 1}', "a key twice"),
        (b'{"a": {"b": 1, "\\u0062": 1}}', "a key twice"),
        (b'{"a": NaN}', "NaN or Infinity"),
        (b"-Infinity", "NaN or Infinity"),
        (b"1e400", "too large"),
        (b"[-1e400]", "too large"),
        (b"9223372036854775808", "beyond 64 bits"),
        (b"-9223372036854775809", "beyond 64 bits"),
        (b"9" * 5000, "beyond 64 bits"),
        (b'{"a": "x\\u0000y"}', "NUL"),
        (b'{"a": {"\\u0000": 1}}', "NUL"),
        (b'["\\ud800"]', "surrogate"),
        (b'["\\udc00\\ud800"]', "surrogate"),
        (b'{"\\uD83D": 1}', "surrogate"),
        (b"[" * 33 + b"]" * 33, "deeper than 32"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "deeper than 32"),
        (b"[" * 10_000, "deeper than 32"),
        (b'[{"a":' * 100_000, "deeper than 32"),
    ],
)
def test_what_json_leaves_open_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(MalformedBody) as caught:
        parse(raw)
    assert words in caught.value.message


@pytest.mark.parametrize(
    "raw",
    [
        b"9223372036854775807",
        b"-9223372036854775808",
        b'"\\ud83d\\ude00"',
        b'"\\\\u0000 and \\\\ud800"',
        b"[" * 32 + b"]" * 32,
        b"[" + b",".join([b"[]"] * 1000) + b"]",
        b'["' + b"[{" * 1000 + b'"]',
        b'["\\"[[[[' + b"[" * 100 + b'"]',
        b" {} ",
        b" \t\r\n{} \t\r\n",
        b'"a\\/b/c"',
        '"\u2028\u2029\ufeff\uffff\x7f"'.encode(),
        b'{"": 1, "__proto__": 2, "a.b": 3}',
        b"[-0, 0e0, 1E+2, 0.1e-7, 1e-400, 0.30000000000000004]",
        b'"\\uD83D\\uDE00\\u00e9"',
    ],
)
def test_what_only_looks_bad_is_read(raw: bytes) -> None:
    assert parse(raw) == json.loads(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"1.0", 1),
        (b"1E2", 100),
        (b"-0", 0),
        (b"-0.0", 0),
        (b"12.5e1", 125),
        (b"9007199254740992.0", 2**53),
        (b"1e-400", 0),
    ],
)
def test_a_whole_number_is_one_however_it_is_written(raw: bytes, value: int) -> None:
    parsed = parse(raw)

    assert (parsed, type(parsed), json.dumps(parsed)) == (value, int, str(value))


@pytest.mark.parametrize("raw", [b"1.5", b"1e300", b"9007199254740994.0"])
def test_any_other_number_is_a_double(raw: bytes) -> None:
    assert (parse(raw), type(parse(raw))) == (float(raw), float)


def test_how_deep_is_for_the_caller_to_say() -> None:
    assert parse(b"[[1]]", max_depth=2) == [[1]]
    with pytest.raises(MalformedBody):
        parse(b"[[[1]]]", max_depth=2)


@pytest.mark.parametrize("raw", [b"[" * 40 + b'"' + b'\\"' * 30_000, b"[" * 40 + b'"' + b"\\" * 60_001])
def test_the_depth_scan_is_linear_in_strings_that_never_end(raw: bytes) -> None:
    with pytest.raises(MalformedBody):
        parse(raw)


def test_the_refusal_never_repeats_what_was_sent() -> None:
    for raw in (
        b'{"password": "marmalade"',
        b'{"password": "marmalade", "password": "marmalade"}',
        b'["marmalade\\u0000"]',
    ):
        with pytest.raises(MalformedBody) as caught:
            parse(raw)
        assert "marmalade" not in caught.value.message
        assert "password" not in caught.value.message
