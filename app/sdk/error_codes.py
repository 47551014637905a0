"""The error codes of the document, with the names of their classes."""

import re
from dataclasses import dataclass
from typing import Any

from app.sdk.document import GenerationError
from app.sdk.names import pascal

_ROW = re.compile(r"^\| (\d{3}) \| `([A-Z0-9_]+)` \| (.+?) \|$", re.MULTILINE)
# Where the words of the code would make a poor name.
_NAMES = {"VALIDATION_ERROR": "ValidationFailed", "INTERNAL_ERROR": "InternalError"}


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """An error code.

    Attributes:
        name: of its class.
        status: the HTTP status.
        about: what happened, a sentence.
    """

    code: str
    name: str
    status: int
    about: str


def error_codes(bundle: dict[str, Any]) -> list[ErrorCode]:
    """Return the codes of the schema `ProblemCode`, as the table of the introduction describes them.

    Raises:
        GenerationError: the table lacks a code.
    """
    codes = bundle["components"]["schemas"]["ProblemCode"]["enum"]
    rows = {code: (int(status), about) for status, code, about in _ROW.findall(bundle["info"]["description"])}
    if missing := [code for code in codes if code not in rows]:
        raise GenerationError(f"The table of error codes in info.description lacks {', '.join(missing)}.")
    return [ErrorCode(code, class_name(code), rows[code][0], _sentence(rows[code][1])) for code in codes]


def class_name(code: str) -> str:
    """Return the name of the class of a code: EMAIL_TAKEN is EmailTaken."""
    return _NAMES.get(code) or pascal(code)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
