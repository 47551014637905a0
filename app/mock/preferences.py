"""The Prefer header (RFC 7240): which response a test wants, and how late."""

import re
from typing import NamedTuple

from app.errors import ValidationError, Violation

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
# What ends at a comma that is not in a quoted string.
_ELEMENT = re.compile(rf'(?:[^",]|{_QUOTED})*+', re.DOTALL)
_PREFERENCE = re.compile(rf'({_NAME})(?:\s*=\s*({_QUOTED}|[^\s",;]*))?(?:\s*;.*)?', re.ASCII | re.DOTALL)
_BEGINNING = re.compile(_NAME, re.ASCII)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_CODE = re.compile(r"[1-5][0-9]{2}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,3})?", re.ASCII)


class Preferences(NamedTuple):
    """What a request prefers; what it says besides is ignored.

    Attributes:
        code: the status of the response.
        example: the name of an example of the document.
        delay: seconds to wait first.
    """

    code: int | None = None
    example: str | None = None
    delay: float | None = None

    def __str__(self) -> str:
        code = None if self.code is None else str(self.code)
        delay = None if self.delay is None else f"{self.delay:g}"
        values = {"code": code, "example": self.example, "delay": delay}
        return ", ".join(f"{name}={_word(value)}" for name, value in values.items() if value is not None)


def read(text: str) -> Preferences:
    """Return the preferences of a header.

    Raises:
        ValidationError: a quoted string has no end, or a preference that the mock knows cannot be read or has a value
            that it cannot have.
    """
    values: dict[str, str] = {}
    for element in _elements(text):
        match, beginning = _PREFERENCE.fullmatch(element), _BEGINNING.match(element)
        if match:
            # The first of several counts (RFC 7240, 2).
            values.setdefault(match[1].lower(), _value(match[2] or ""))
        elif beginning and (name := beginning[0].lower()) in Preferences._fields:
            raise _invalid(f'{name} cannot be read. Write it like {name}=value or {name}="a value".')
    code, delay = values.get("code"), values.get("delay")
    if code is not None and not _CODE.fullmatch(code):
        raise _invalid("code must be a status, such as code=429.")
    if delay is not None and not _SECONDS.fullmatch(delay):
        raise _invalid("delay must be a number of seconds, such as delay=2 or delay=0.5.")
    return Preferences(
        int(code) if code else None, values.get("example") or None, None if delay is None else float(delay)
    )


def _elements(text: str) -> list[str]:
    found, start = [], 0
    while start <= len(text):
        match = _ELEMENT.match(text, start)
        assert match is not None
        if text.startswith('"', match.end()):
            raise _invalid('A quoted string has no end. Write it like example="a, b", with \\" for a quotation mark.')
        found.append(match[0].strip())
        start = match.end() + 1
    return found


def _value(word: str) -> str:
    return _QUOTED_PAIR.sub(r"\1", word[1:-1]) if word.startswith('"') else word


def _word(value: str) -> str:
    if _BEGINNING.fullmatch(value):
        return value
    escaped = value.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def _invalid(message: str) -> ValidationError:
    return ValidationError(details=[Violation(message, "Prefer")])
