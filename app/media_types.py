"""Media types of bodies: reading Content-Type (RFC 9110, 8.3), and the error that names the supported types."""

import re
from collections.abc import Collection

from app.errors import UnsupportedMediaType

JSON = "application/json"
# A PATCH with a JSON object, where null removes a property and any other value replaces it (RFC 7396).
MERGE_PATCH = "application/merge-patch+json"

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TYPE = re.compile(rf"({_NAME}/{_NAME})(?=[ \t]*(?:;|$))")
# Empty parameters are allowed (RFC 9110, 5.6.6); spaces around the equals sign are not, but do no harm.
_PARAMETER = re.compile(rf"""[ \t]*;[ \t]*(?:{_NAME}[ \t]*=[ \t]*(?:{_NAME}|"(?:[^"\\]|\\.)*"))?""")


def media_type(content_type: str) -> str | None:
    """Return type and subtype of a Content-Type in lower case; None for text that is no media type.

    Parameters, `charset` among them, mean nothing for JSON, which is always UTF-8 (RFC 8259, 8.1 and 11).
    """
    text = content_type.strip(" \t")
    match = _TYPE.match(text)
    if match is None:
        return None
    end = match.end()
    while end < len(text):
        parameter = _PARAMETER.match(text, end)
        if parameter is None:
            return None
        end = parameter.end()
    return match[1].lower()


def unsupported(supported: Collection[str]) -> UnsupportedMediaType:
    """Return the error for a body of an unsupported media type; it names the supported ones.

    `Accept` names them for every method (RFC 9110, 15.5.16), `Accept-Patch` for a PATCH (RFC 5789, 2.2).
    """
    headers = {"Accept": ", ".join(supported)}
    if MERGE_PATCH in supported:
        headers["Accept-Patch"] = headers["Accept"]
    return UnsupportedMediaType(headers=headers)
