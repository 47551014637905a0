"""Which bodies are read: their media type by Content-Type (RFC 9110, 8.3), and what a refusal says that is read."""

import re
from collections.abc import Collection

from app.errors import UnsupportedMediaType

JSON = "application/json"
# What a PATCH with a JSON object is, when null removes and all else replaces (RFC 7396).
MERGE_PATCH = "application/merge-patch+json"

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TYPE = re.compile(rf"({_NAME}/{_NAME})(?=[ \t]*(?:;|$))")
# Empty ones are allowed (RFC 9110, 5.6.6); spaces around the equals sign are not, and do no harm.
_PARAMETER = re.compile(rf"""[ \t]*;[ \t]*(?:{_NAME}[ \t]*=[ \t]*(?:{_NAME}|"(?:[^"\\]|\\.)*"))?""")


def media_type(content_type: str) -> str | None:
    """Return type and subtype of a Content-Type in lower case; None for text that is no media type.

    Parameters say nothing about JSON, `charset` no more than others: it is UTF-8 (RFC 8259, 8.1 and 11).
    """
    text = content_type.strip(" \t")
    found = _TYPE.match(text)
    if found is None:
        return None
    end = found.end()
    while end < len(text):
        parameter = _PARAMETER.match(text, end)
        if parameter is None:
            return None
        end = parameter.end()
    return found[1].lower()


def unsupported(taken: Collection[str]) -> UnsupportedMediaType:
    """Return the refusal of a body of another media type than those that are taken, and name these.

    `Accept` says it for all (RFC 9110, 15.5.16), `Accept-Patch` for a PATCH (RFC 5789, 2.2).
    """
    headers = {"Accept": ", ".join(taken)}
    if MERGE_PATCH in taken:
        headers["Accept-Patch"] = headers["Accept"]
    return UnsupportedMediaType(headers=headers)
