"""Entity tags: how a list of them is read, and which of them name a version (RFC 9110, 8.8.3 and 13.1).

A tag is compared whole. Proxies that compress alter the tags they pass on: nginx, HAProxy, Envoy and most content
networks make `W/"7"` of `"7"`, Apache and Caddy `"7-gzip"`, Jetty `"7--gzip"`. Our tags name versions, not bytes, so
such a form of exactly the current tag is as good as the tag itself, also where RFC 9110 asks for a strong comparison.
"""

import re

from app.errors import PreconditionFailed

Versions = tuple[str, ...] | None
"""What the tags of a header say, without quotes and `W/`; None: `*`, or no header: any version will do."""

NUMBER = re.compile(r"[1-9][0-9]{0,18}")
"""A tag that is a version and nothing else."""
NUMBER_AND_DIGEST = re.compile(r"(?:0|[1-9][0-9]{0,18})-[0-9a-f]{12}")
"""A tag that is a version and a digest of what is shown beside it."""

# Empty elements of a list are allowed (RFC 9110, 5.6.1).
_TAG = re.compile(r'[\s,]*(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?=,|$)[\s,]*')
# Names of content codings, behind what servers put in front of them.
_CODING = re.compile(r"(?:--?|;|:)(?:x-)?(?:gzip|br|brotli|zstd|deflate|compress)\Z")
_LEADING_NUMBER = re.compile(r"[0-9]+")

_OTHER = "If-Match does not name the current version of this resource. Read it again and repeat with the ETag you get."
_NEVER = "If-Match names a tag that this resource never had. Send the ETag that you read from it, as it is."
_NO_TAG = "This resource has no ETag, so no tag can name its version. Leave If-Match out, or send *."


def read(text: str) -> Versions:
    """Return what the tags of an If-Match or If-None-Match header say; None for `*`.

    Raises:
        ValueError: the text is neither `*` nor a list of entity tags.
    """
    if text.strip() == "*":
        return None
    tags, position = [], 0
    while position < len(text) or not text:
        found = _TAG.match(text, position)
        if not found:
            raise ValueError("not a list of entity tags")
        tags.append(found[1])
        position = found.end()
    return tuple(tags)


def is_named(current: str, tags: tuple[str, ...]) -> bool:
    """Tell whether one of the tags is the current one, as it is or in the form that a proxy made of it."""
    return current in tags or any(_without_coding(tag) == current for tag in tags)


def require(expected: Versions, current: str | None, *, form: re.Pattern[str] = NUMBER) -> None:
    """Let go on only a write whose If-Match names the current version.

    Call it in the transaction of the write, after locking the row that the version is read from.

    Args:
        current: what the ETag of the resource says now; None: it has none, and no tag fits.
        form: of all the tags that the resource can ever have had; tells a tag that is out of date from one that the
            resource never had.

    Raises:
        PreconditionFailed: saying which of the two it is, as far as that can be known.
    """
    if expected is None:
        return
    if current is None:
        raise PreconditionFailed(_NO_TAG)
    if is_named(current, expected):
        return
    known = [tag for tag in map(_without_coding, expected) if form.fullmatch(tag)]
    if not known:
        raise PreconditionFailed(_NEVER)
    # Versions only rise: there were changes since an earlier one, whether or not the tag is right in the rest.
    if any(_number(tag) < _number(current) for tag in known):
        raise PreconditionFailed
    raise PreconditionFailed(_OTHER)


def is_unchanged(condition: str | None, current: str) -> bool:
    """Tell whether an If-None-Match header names the current version; one that cannot be read names none."""
    if condition is None:
        return False
    try:
        tags = read(condition)
    except ValueError:
        return False
    return tags is None or is_named(current, tags)


def _without_coding(tag: str) -> str:
    return _CODING.sub("", tag)


def _number(tag: str) -> int:
    found = _LEADING_NUMBER.match(tag)
    return int(found[0]) if found else 0
