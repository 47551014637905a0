"""Tags: names for the data that a cached response depends on. A write invalidates a tag and all entries that have it.

A tag consists of parts between colons. A part in braces is replaced by a value, which is percent-encoded, so that no
value can form another tag.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

EVERYTHING = "*"
"""The tag of every entry; no document can contain it."""

ACCOUNTS = "*:accounts"
"""The tag of every entry of a project: the deletion of an account may delete or change any row that refers to it. No
document can contain it."""

CALLER = "caller"
"""The name, in braces, of the account that sends the request."""

_PART = re.compile(r"[a-z][a-z0-9_]*|\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class TagTemplate:
    """A tag of the document, such as `user:{user_id}`.

    Attributes:
        parts: constant text, or None for a value.
        names: the names of the values, in order.
    """

    parts: tuple[str | None, ...]
    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "TagTemplate":
        """Return the template for a text.

        Raises:
            ValueError: the text is not a tag.
        """
        matches = [_PART.fullmatch(part) for part in text.split(":")]
        parts = [match for match in matches if match]
        if len(parts) != len(matches):
            raise ValueError(f"{text} is not a tag")
        names = tuple(match[1] for match in parts if match[1])
        return cls(tuple(None if match[1] else match[0] for match in parts), names)

    def expand(self, values: Mapping[str, Any]) -> str:
        """Return the tag with its values.

        Args:
            values: by name; at least those in `names`.
        """
        names = iter(self.names)
        return ":".join(quote(str(values[next(names)]), safe="") if part is None else part for part in self.parts)

    def has_same_shape(self, other: "TagTemplate") -> bool:
        """Return whether both templates can expand to the same tag."""
        return self.parts == other.parts

    def __str__(self) -> str:
        names = iter(self.names)
        return ":".join(f"{{{next(names)}}}" if part is None else part for part in self.parts)


class KnownTags:
    """The tags that cache entries can have.

    Args:
        templates: each with one function for each value, in order. It converts the text to the value that the tag is
            expanded with, and raises ValueError for an invalid text.
    """

    def __init__(self, templates: Iterable[tuple[TagTemplate, tuple[Callable[[str], Any], ...]]]) -> None:
        self._templates = tuple(templates)

    def resolve(self, text: str) -> str | None:
        """Return the tag for a text in its one spelling; None if there is no such tag."""
        parts = text.split(":")
        for template, readers in self._templates:
            values = [value for value, part in zip(parts, template.parts, strict=False) if part is None]
            if len(parts) != len(template.parts) or template.parts != tuple(
                None if part is None else value for value, part in zip(parts, template.parts, strict=True)
            ):
                continue
            try:
                read = [reader(unquote(value, errors="strict")) for reader, value in zip(readers, values, strict=True)]
            except ValueError:
                continue
            return template.expand(dict(zip(template.names, read, strict=True)))
        return None


def as_uuid(text: str) -> UUID:
    """Convert a value that must be a UUID."""
    return UUID(text)


def as_text(text: str) -> str:
    """Convert a value that may be any text except an empty one."""
    if not text:
        raise ValueError("The value is empty.")
    return text
