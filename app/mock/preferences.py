"""The Prefer header (RFC 7240): which response a test wants, and how late."""

import re
from typing import NamedTuple

from app.errors import ValidationError, Violation

_PREFERENCE = re.compile(r'([!#$%&\'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s",;]*)))?(?:\s*;.*)?', re.ASCII)
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
        delay = None if self.delay is None else f"{self.delay:g}"
        values = {"code": self.code, "example": self.example, "delay": delay}
        return ", ".join(f"{name}={value}" for name, value in values.items() if value is not None)


def read(text: str) -> Preferences:
    """Return the preferences of a header.

    Raises:
        ValidationError: a preference that the mock knows has a value that it cannot have.
    """
    values: dict[str, str] = {}
    for part in text.split(","):
        match = _PREFERENCE.fullmatch(part.strip())
        if match:
            # The first of several counts (RFC 7240, 2).
            values.setdefault(match[1].lower(), match[2] or match[3] or "")
    code, delay = values.get("code"), values.get("delay")
    if code is not None and not _CODE.fullmatch(code):
        raise _invalid("code must be a status, such as code=429.")
    if delay is not None and not _SECONDS.fullmatch(delay):
        raise _invalid("delay must be a number of seconds, such as delay=2 or delay=0.5.")
    return Preferences(
        int(code) if code else None, values.get("example") or None, None if delay is None else float(delay)
    )


def _invalid(message: str) -> ValidationError:
    return ValidationError(details=[Violation(message, "Prefer")])
