"""The `info` of a project's document: its own title and version, and Charter's explanations where they still hold.

The description of Charter has sections with headings (`## Authentication`). In a project they follow the text of the
project. A section of the project replaces that of Charter with the same heading, and an empty one removes it. A section
that names a path which clients of the project do not see is left out.
"""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

_FENCE = re.compile(r" {0,3}(```|~~~)")


class _Section(NamedTuple):
    """A part of a text: its heading, empty for what stands before the first one, and its lines."""

    heading: str
    text: str


def join_descriptions(base: str, own: str | None, absent: Collection[str]) -> str:
    """Return the description of a project's document.

    Args:
        base: that of Charter.
        own: that of the project; None if it has none.
        absent: the paths of Charter that clients of the project do not see.
    """
    written = list(_sections(own or ""))
    replaced = {section.heading for section in written if section.heading}
    opening = [section for section in written if not section.heading and section.text.strip()]
    kept = [
        section
        for section in _sections(base)
        if section.heading not in replaced and not (section.heading and _names(section.text, absent))
    ]
    if opening:
        kept = [section for section in kept if section.heading]
    parts = [*opening, *(section for section in written if section.heading), *kept]
    texts = (section.text.strip() for section in parts if section.text.strip() != section.heading)
    return "\n\n".join(texts) + "\n"


def _sections(text: str) -> Iterator[_Section]:
    heading, fenced = "", False
    lines: list[str] = []
    for line in text.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        if not fenced and line.startswith("## "):
            yield _Section(heading, "\n".join(lines))
            heading, lines = line.strip(), []
        lines.append(line)
    yield _Section(heading, "\n".join(lines))


def _names(text: str, paths: Collection[str]) -> bool:
    return any(re.search(rf"{re.escape(path)}(?![\w/{{-])", text) for path in paths)
