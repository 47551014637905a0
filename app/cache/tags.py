"""Tags: names for what cached answers were made from. A write drops a tag, and with it every answer that bears it.

A tag is written as parts between colons; a part in braces stands for a value, which is percent-encoded, so that no
value can pass for another tag.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

EVERYTHING = "*"
"""The tag that every entry bears, and that nobody can write."""

CALLER = "caller"
"""In braces: the account that calls."""

_PART = re.compile(r"[a-z][a-z0-9_]*|\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class TagTemplate:
    """A tag as the document writes it, such as `user:{user_id}`.

    Attributes:
        parts: constant text, or None where a value goes.
        names: of the values, in order.
    """

    parts: tuple[str | None, ...]
    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "TagTemplate":
        """Return the template that a text describes.

        Raises:
            ValueError: it is none.
        """
        matches = [_PART.fullmatch(part) for part in text.split(":")]
        parts = [match for match in matches if match]
        if len(parts) != len(matches):
            raise ValueError(f"{text} is no tag")
        names = tuple(match[1] for match in parts if match[1])
        return cls(tuple(None if match[1] else match[0] for match in parts), names)

    def expand(self, values: Mapping[str, Any]) -> str:
        """Return the tag with its values.

        Args:
            values: by name; at least those of `names`.
        """
        given = iter(self.names)
        return ":".join(quote(str(values[next(given)]), safe="") if part is None else part for part in self.parts)

    def has_same_shape(self, other: "TagTemplate") -> bool:
        """Tell whether the two can spell the same tag."""
        return self.parts == other.parts

    def __str__(self) -> str:
        given = iter(self.names)
        return ":".join(f"{{{next(given)}}}" if part is None else part for part in self.parts)


class KnownTags:
    """The tags that there are: those that answers are cached under.

    Args:
        templates: each with the values' readers in order: from text to the value that tags are spelt with,
            ValueError for what is none.
    """

    def __init__(self, templates: Iterable[tuple[TagTemplate, tuple[Callable[[str], Any], ...]]]) -> None:
        self._templates = tuple(templates)

    def resolve(self, text: str) -> str | None:
        """Return the tag that a text names, spelt as every other mention of it; None when there is no such tag."""
        given = text.split(":")
        for template, readers in self._templates:
            values = [value for value, part in zip(given, template.parts, strict=False) if part is None]
            if len(given) != len(template.parts) or template.parts != tuple(
                None if part is None else value for value, part in zip(given, template.parts, strict=True)
            ):
                continue
            try:
                read = [reader(unquote(value, errors="strict")) for reader, value in zip(readers, values, strict=True)]
            except ValueError:
                continue
            return template.expand(dict(zip(template.names, read, strict=True)))
        return None


def as_uuid(text: str) -> UUID:
    """Read the value of a tag that is a uuid."""
    return UUID(text)


def as_text(text: str) -> str:
    """Read the value of a tag that may be any text but none."""
    if not text:
        raise ValueError("empty")
    return text
