"""Reads the text of a parameter as a value of its schema."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import UUID

from app.errors import Violation
from app.spec.document import resolve
from app.spec.validation import schemas
from app.spec.validation.violations import list_violations

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?(?:[eE][+-]?[0-9]{1,3})?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WORDS = {"true": True, "false": False}


class InvalidParameterText(Exception):
    """A text that is not a valid value of its parameter.

    Attributes:
        violations: what is wrong with it.
    """

    def __init__(self, *violations: Violation) -> None:
        self.violations = violations
        super().__init__()


def text_of(raw: bytes, field: str | None) -> str:
    """Decode a name or value of a query string (application/x-www-form-urlencoded).

    Raises:
        InvalidParameterText: for a stray `%`, bytes that are not UTF-8, or a NUL.
    """
    raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        if _BAD_ESCAPE.search(raw):
            raise InvalidParameterText(Violation("Has a % without two hexadecimal digits after it.", field))
        raw = unquote_to_bytes(raw)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidParameterText(Violation("Is not UTF-8.", field)) from None
    if "\0" in text:
        raise InvalidParameterText(Violation("Has a NUL character.", field))
    return text


def type_of(bundle: Mapping[str, Any], schema: Any) -> str:
    """Return the type of a schema; `string` if it does not say."""
    schema = resolve(bundle, schema)
    named = schema.get("type")
    if named is None and schema.get("allOf"):
        return type_of(bundle, schema["allOf"][0])
    return str(named or "string")


def compile_reader(bundle: Mapping[str, Any], schema: Any, name: str) -> Callable[[Any], Any]:
    """Return the function that reads a text (for a list: texts) as a valid value, or raises InvalidParameterText.

    A UUID is returned as UUID, because one UUID has several spellings; a date-time as aware datetime in UTC.

    Args:
        bundle: the document, for the references of the schema.
        schema: the schema of the parameter.
        name: the field of the violations.
    """
    plain = resolve(bundle, schema)
    kind = type_of(bundle, schema)
    if kind == "string" and plain.get("format") == "uuid" and "enum" not in plain:
        return _uuid(name)
    validator = schemas.compile(bundle, schema, direction="request")
    is_valid = validator.is_valid
    if kind == "array":
        coerce_item = _COERCIONS[type_of(bundle, plain.get("items", {}))]

        def coerce(texts: Any) -> Any:
            return [coerce_item(text, f"{name}.{index}") for index, text in enumerate(texts)]
    else:
        coerce_one = _COERCIONS[kind]

        def coerce(texts: Any) -> Any:
            return coerce_one(texts, name)

    def read(texts: Any) -> Any:
        value = coerce(texts)
        if not is_valid(value):
            raise InvalidParameterText(*list_violations(validator, value, prefix=name))
        return value

    if kind == "string" and plain.get("format") == "date-time":
        return lambda texts: _date_time(read(texts), name)
    return read


def _date_time(text: str, field: str) -> datetime:
    """Return a valid date-time (RFC 3339); a leap second becomes the first second of the next minute."""
    leap = text[17:19] == "60"
    readable = f"{text[:17]}59{text[19:]}" if leap else text
    try:
        return datetime.fromisoformat(readable.upper()).astimezone(UTC) + timedelta(seconds=leap)
    except (ValueError, OverflowError):
        raise InvalidParameterText(Violation("Must be between the years 1 and 9999.", field)) from None


def _uuid(name: str) -> Callable[[str], UUID]:
    matches = _UUID.fullmatch

    def read(text: str) -> UUID:
        if matches(text) is None:
            raise InvalidParameterText(Violation("Must be a UUID.", name))
        return UUID(text)

    return read


def _integer(text: str, field: str) -> int:
    if _INTEGER.fullmatch(text) is None:
        raise InvalidParameterText(Violation("Must be a whole number.", field))
    return int(text)


def _number(text: str, field: str) -> float:
    if _NUMBER.fullmatch(text) is None:
        raise InvalidParameterText(Violation("Must be a number.", field))
    return float(text)  # the validator rejects infinity


def _boolean(text: str, field: str) -> bool:
    if text not in _WORDS:
        raise InvalidParameterText(Violation("Must be true or false.", field))
    return _WORDS[text]


def _text(text: str, field: str) -> str:
    if "\0" in text:
        raise InvalidParameterText(Violation("Has a NUL character.", field))
    return text


_COERCIONS: Mapping[str, Callable[[str, str], Any]] = {
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "string": _text,
}
# The types that a parameter, or an item of a list, may have.
SCALARS = frozenset(_COERCIONS)
