"""Entity tags: how a list of them is parsed, and which of them name a version (RFC 9110, 8.8.3 and 13.1).

A tag is compared as a whole. Proxies that compress change the tags: nginx, HAProxy, Envoy and most content networks
turn `"7"` into `W/"7"`, Apache and Caddy into `"7-gzip"`, Jetty into `"7--gzip"`. Our tags name versions, not bytes, so
such a form of the current tag counts as the tag itself, also where RFC 9110 requires a strong comparison.
"""

import re

from app.errors import PreconditionFailed

Versions = tuple[str, ...] | None
"""The tags of a header without quotes and `W/`; None: `*` or no header, so any version is accepted."""

NUMBER = re.compile(r"[1-9][0-9]{0,18}")
"""The form of a tag that is only a version."""
NUMBER_AND_DIGEST = re.compile(r"(?:0|[1-9][0-9]{0,18})-[0-9a-f]{12}")
"""The form of a tag that is a version and a digest of other data in the response."""

# Empty elements of a list are allowed (RFC 9110, 5.6.1).
_TAG = re.compile(r'[\s,]*(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?=,|$)[\s,]*')
# Names of content codings, after the separators that servers use.
_CODING = re.compile(r"(?:--?|;|:)(?:x-)?(?:gzip|br|brotli|zstd|deflate|compress)\Z")
_LEADING_NUMBER = re.compile(r"[0-9]+")

_OTHER = "If-Match does not name the current version of this resource. Read it again and repeat with the ETag you get."
_UNKNOWN_TAG = "If-Match names a tag that this resource never had. Send the ETag that you read from it, as it is."
_NO_TAG = "This resource has no ETag, so no tag can name its version. Leave If-Match out, or send *."


def parse(text: str) -> Versions:
    """Return the tags of an If-Match or If-None-Match header; None for `*`.

    Raises:
        ValueError: the text is neither `*` nor a list of entity tags.
    """
    if text.strip() == "*":
        return None
    tags, position = [], 0
    while position < len(text) or not text:
        match = _TAG.match(text, position)
        if not match:
            raise ValueError("The text is not a list of entity tags.")
        tags.append(match[1])
        position = match.end()
    return tuple(tags)


def is_named(current: str, tags: tuple[str, ...]) -> bool:
    """Return whether one of the tags is the current one, unchanged or in the form that a proxy gave it."""
    return current in tags or any(_without_coding(tag) == current for tag in tags)


def check_if_match(expected: Versions, current: str | None, *, form: re.Pattern[str] = NUMBER) -> None:
    """Raise PreconditionFailed unless the If-Match header of a write names the current version.

    Call it in the transaction of the write, after locking the row that has the version.

    Args:
        expected: the tags of If-Match.
        current: the present ETag of the resource; None: it has none, and no tag matches.
        form: the form of all tags of this resource; it distinguishes an old tag from one that the resource never had.

    Raises:
        PreconditionFailed: its message says which of the two it is, as far as this is known.
    """
    if expected is None:
        return
    if current is None:
        raise PreconditionFailed(_NO_TAG)
    if is_named(current, expected):
        return
    known = [tag for tag in map(_without_coding, expected) if form.fullmatch(tag)]
    if not known:
        raise PreconditionFailed(_UNKNOWN_TAG)
    # Versions only increase: an earlier one means that there were changes, whatever else the tag contains.
    if any(_number(tag) < _number(current) for tag in known):
        raise PreconditionFailed
    raise PreconditionFailed(_OTHER)


def is_unchanged(condition: str | None, current: str) -> bool:
    """Return whether an If-None-Match header names the current version; an invalid header names none."""
    if condition is None:
        return False
    try:
        tags = parse(condition)
    except ValueError:
        return False
    return tags is None or is_named(current, tags)


def _without_coding(tag: str) -> str:
    return _CODING.sub("", tag)


def _number(tag: str) -> int:
    match = _LEADING_NUMBER.match(tag)
    return int(match[0]) if match else 0
