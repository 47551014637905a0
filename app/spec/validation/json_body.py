"""Parses JSON, and rejects what RFC 8259 leaves open and what the database cannot store."""

import codecs
import json
import re
from typing import Any

from app.errors import MalformedBody

# A string without an end reaches to the end of the text, so the scan is linear for every text.
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
_OPENING, _CLOSING = frozenset("[{"), frozenset("]}")
_MAX_INTEGER = 2**63 - 1
_EXACT = 2**53
_NOT_UTF_8 = "The body is not UTF-8."


def parse(raw: bytes, *, max_depth: int = 32) -> Any:
    """Return the value of a JSON text.

    Rejected besides bad syntax: a byte order mark and bytes that are not UTF-8, an object with a key twice, NaN and
    infinities, numbers too large for a double, integers beyond 64 bits with sign, NUL and lone surrogates. A whole
    number is returned as int, however it is written: 100, 100.0 and 1E2 are the same to a JSON schema.

    Args:
        raw: the body.
        max_depth: how deep arrays and objects may be nested.

    Raises:
        MalformedBody: with what is wrong, and without the content.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedBody(_NOT_UTF_8) from None
    _reject_other_encodings(raw)
    if raw.count(b"[") + raw.count(b"{") > max_depth and _is_deeper(text, max_depth):
        raise MalformedBody(f"The body is nested deeper than {max_depth} levels.")
    try:
        value = _DECODER.decode(text)
    except ValueError:
        raise MalformedBody from None
    if b"\\u" in raw:
        reject_unstorable(value)
    return value


def _reject_other_encodings(raw: bytes) -> None:
    if raw.startswith(codecs.BOM_UTF8):
        raise MalformedBody("The body is not valid JSON: it begins with a byte order mark. Remove it.")
    # The first character of a JSON text is ASCII: in UTF-16 and UTF-32, at least half of its bytes are zero.
    if len(raw) % 2 == 0 and b"\0" in raw[:2]:
        raise MalformedBody(_NOT_UTF_8)


def reject_unstorable(value: Any) -> None:
    """Reject text that UTF-8 cannot encode or PostgreSQL cannot store; in JSON, only an escape can write it.

    Raises:
        MalformedBody
    """
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            if "\0" in value:
                raise MalformedBody("The body has a NUL character.")
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                raise MalformedBody("The body has half of a surrogate pair.") from None
        elif isinstance(value, dict):
            stack.extend(value)
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)


def _is_deeper(text: str, max_depth: int) -> bool:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match[0] in _OPENING:
            depth += 1
            if depth > max_depth:
                return True
        elif match[0] in _CLOSING:
            depth -= 1
    return False


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise MalformedBody("The body has an object with a key twice.")
    return value


def _integer(text: str) -> int:
    if len(text) <= 20 and -_MAX_INTEGER - 1 <= (number := int(text)) <= _MAX_INTEGER:
        return number
    raise MalformedBody("The body has an integer beyond 64 bits.")


def _float(text: str) -> float | int:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise MalformedBody("The body has a number that is too large.")
    # Beyond this, a double may differ from the whole number that was written.
    return int(number) if abs(number) <= _EXACT and number.is_integer() else number


def _constant(_: str) -> None:
    raise MalformedBody("The body has NaN or Infinity, which JSON does not have.")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
