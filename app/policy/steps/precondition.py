"""Precondition: If-Match becomes the versions a write may replace (x-precondition; RFC 9110, 13.1.1)."""

import re

from app.errors import PreconditionRequired, ValidationFailed, Violation
from app.policy.call import Call
from app.policy.parts import Parts, Step

# Empty elements of a list are allowed (RFC 9110, 5.6.1).
_TAG = re.compile(r'[\s,]*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?=,|$)[\s,]*')


def make(parts: Parts) -> Step | None:
    """Return the step, or None for an operation that ignores If-Match."""
    if parts.policy.precondition is None:
        return None
    required = parts.policy.precondition == "required"

    def precondition(call: Call) -> None:
        text = call.headers.get("if-match")
        if text is None:
            if required:
                message = PreconditionRequired.default_message
                raise PreconditionRequired(details=[Violation(message, "If-Match")])
            return
        call.expected_version = expected_versions(text)

    return precondition


def expected_versions(text: str) -> tuple[str, ...] | None:
    """Return the versions that an If-Match header allows; None for `*`: any.

    What a tag says is its resource's own affair. Weak tags never match: they are left out, so the result may be empty.

    Raises:
        ValidationFailed: when the text is not a list of entity tags.
    """
    if text.strip() == "*":
        return None
    versions, position = [], 0
    while position < len(text) or not text:
        found = _TAG.match(text, position)
        if not found:
            raise ValidationFailed(details=[Violation('Must be * or a list of ETags such as "3".', "If-Match")])
        weak, tag = found.groups()
        if not weak:
            versions.append(tag)
        position = found.end()
    return tuple(versions)
