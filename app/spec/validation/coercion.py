"""The text of a parameter to a value of its schema."""

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


class RejectedError(Exception):
    """A text that is no value of its parameter.

    Attributes:
        violations: what is wrong.
    """

    def __init__(self, *violations: Violation) -> None:
        self.violations = violations
        super().__init__()


def text_of(raw: bytes, field: str | None) -> str:
    """Return a name or value of a query string (application/x-www-form-urlencoded) as text.

    Raises:
        RejectedError: for a stray `%`, bytes that are not UTF-8, or a NUL.
    """
    raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        if _BAD_ESCAPE.search(raw):
            raise RejectedError(Violation("Has a % without two hexadecimal digits after it.", field))
        raw = unquote_to_bytes(raw)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise RejectedError(Violation("Is not UTF-8.", field)) from None
    if "\0" in text:
        raise RejectedError(Violation("Has a NUL character.", field))
    return text


def type_of(bundle: Mapping[str, Any], schema: Any) -> str:
    """Return the type a schema asks for, `string` where it leaves that open."""
    schema = resolve(bundle, schema)
    named = schema.get("type")
    if named is None and schema.get("allOf"):
        return type_of(bundle, schema["allOf"][0])
    return str(named or "string")


def taker(bundle: Mapping[str, Any], schema: Any, name: str) -> Callable[[Any], Any]:
    """Return the function from text (for a list: texts) to a valid value, which raises RejectedError.

    UUIDs come out as such, so that one thing has one name; date-times as aware datetimes in UTC.

    Args:
        bundle: the document, for the schema's references.
        schema: of the parameter.
        name: field of the violations.
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

    def take(texts: Any) -> Any:
        value = coerce(texts)
        if not is_valid(value):
            raise RejectedError(*list_violations(validator, value, prefix=name))
        return value

    if kind == "string" and plain.get("format") == "date-time":
        return lambda texts: _moment(take(texts), name)
    return take


def _moment(text: str, field: str) -> datetime:
    """Return a valid date-time (RFC 3339); a leap second is the first of the next minute."""
    leap = text[17:19] == "60"
    spelt = f"{text[:17]}59{text[19:]}" if leap else text
    try:
        return datetime.fromisoformat(spelt.upper()).astimezone(UTC) + timedelta(seconds=leap)
    except (ValueError, OverflowError):
        raise RejectedError(Violation("Is not between the years 1 and 9999.", field)) from None


def _uuid(name: str) -> Callable[[str], UUID]:
    matches = _UUID.fullmatch

    def take(text: str) -> UUID:
        if matches(text) is None:
            raise RejectedError(Violation("Must be a UUID.", name))
        return UUID(text)

    return take


def _integer(text: str, field: str) -> int:
    if _INTEGER.fullmatch(text) is None:
        raise RejectedError(Violation("Must be a whole number.", field))
    return int(text)


def _number(text: str, field: str) -> float:
    if _NUMBER.fullmatch(text) is None:
        raise RejectedError(Violation("Must be a number.", field))
    return float(text)  # infinity is no number to the validator


def _boolean(text: str, field: str) -> bool:
    if text not in _WORDS:
        raise RejectedError(Violation("Must be true or false.", field))
    return _WORDS[text]


def _text(text: str, field: str) -> str:
    if "\0" in text:
        raise RejectedError(Violation("Has a NUL character.", field))
    return text


_COERCIONS: Mapping[str, Callable[[str, str], Any]] = {
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "string": _text,
}
# What a parameter, or an item of a list, may be.
SCALARS = frozenset(_COERCIONS)
