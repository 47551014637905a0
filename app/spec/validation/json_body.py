"""JSON text to values, refusing what RFC 8259 leaves open or a database cannot keep."""

import codecs
import json
import re
from typing import Any

from app.errors import MalformedBody

# A string that never ends runs to the end of the text, so the scan stays linear whatever is sent.
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
_DEEPER, _HIGHER = frozenset("[{"), frozenset("]}")
_LARGEST = 2**63 - 1
_EXACT = 2**53
_NOT_UTF_8 = "The body is not UTF-8."


def parse(raw: bytes, *, max_depth: int = 32) -> Any:
    """Return the value of a JSON text.

    Refused beside bad syntax: a byte order mark and bytes that are not UTF-8, a key given twice, NaN and infinities,
    numbers beyond a double, integers beyond 64 bits with sign, NUL and lone surrogates. A whole number is an int,
    however it is written: to a JSON schema 100, 100.0 and 1E2 are one.

    Args:
        raw: what was sent.
        max_depth: how many arrays and objects may stand in each other.

    Raises:
        MalformedBody: naming what was wrong, never what was sent.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedBody(_NOT_UTF_8) from None
    _refuse_another_encoding(raw)
    if raw.count(b"[") + raw.count(b"{") > max_depth and _is_deeper(text, max_depth):
        raise MalformedBody(f"The body is nested deeper than {max_depth} levels.")
    try:
        value = _DECODER.decode(text)
    except ValueError:
        raise MalformedBody from None
    if b"\\u" in raw:
        refuse_unstorable(value)
    return value


def _refuse_another_encoding(raw: bytes) -> None:
    if raw.startswith(codecs.BOM_UTF8):
        raise MalformedBody("The body is not valid JSON: it begins with a byte order mark. Leave that out.")
    # The first character of a JSON text is in ASCII: half of it, or more, is zero in the wider encodings.
    if len(raw) % 2 == 0 and b"\0" in raw[:2]:
        raise MalformedBody(_NOT_UTF_8)


def refuse_unstorable(value: Any) -> None:
    """Refuse text that no UTF-8 can carry or PostgreSQL cannot store; in JSON, only an escape brings it this far.

    Raises:
        MalformedBody
    """
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if "\0" in value:
                raise MalformedBody("The body has a NUL character.")
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                raise MalformedBody("The body has half of a surrogate pair.") from None
        elif isinstance(value, dict):
            waiting.extend(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _is_deeper(text: str, max_depth: int) -> bool:
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        if found[0] in _DEEPER:
            depth += 1
            if depth > max_depth:
                return True
        elif found[0] in _HIGHER:
            depth -= 1
    return False


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedBody("The body gives a key twice in one object.")
    return found


def _integer(text: str) -> int:
    if len(text) <= 20 and -_LARGEST - 1 <= (number := int(text)) <= _LARGEST:
        return number
    raise MalformedBody("The body has an integer beyond 64 bits.")


def _float(text: str) -> float | int:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise MalformedBody("The body has a number that is too large.")
    # Beyond that not every whole number is a double, and what was written is not known any more.
    return int(number) if abs(number) <= _EXACT and number.is_integer() else number


def _constant(_: str) -> None:
    raise MalformedBody("The body has NaN or Infinity, which JSON does not know.")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
