"""The small things of a file: blank lines, spaces at the end of lines, quotes around statuses."""

from itertools import pairwise
from typing import Any

import yaml

from app.spec.layout.order import KINDS
from app.spec.layout.sorting import compose, entries_of


def split_lines(text: str) -> list[str]:
    """Return the lines of a text without their ends, and without blank ones at the beginning and the end."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
    return lines


def space(lines: list[str], *, separate: bool) -> list[str]:
    """Return the lines without spaces at their ends, and with at most one blank line in a row.

    Args:
        separate: also put a blank line between the entries of the file that have several lines.
    """
    root = compose(lines)
    kept = set(_lines_of_texts(root))
    breaks = _breaks(lines, root) if separate else set()
    result: list[str] = []
    for number, line in enumerate(lines):
        stripped = line if number in kept else line.rstrip()
        if number in breaks and result and result[-1]:
            result.append("")
        if stripped or number in kept or (result and result[-1]):
            result.append(stripped)
    return result


def quote_statuses(lines: list[str], kind: str) -> list[str]:
    """Return the lines with each status of a response in double quotes, as other tools need it."""
    lines = list(lines)
    for key in _statuses(compose(lines), kind):
        start, end = key.start_mark, key.end_mark
        if start.line == end.line and key.value.isdigit():
            line = lines[start.line]
            lines[start.line] = f'{line[: start.column]}"{key.value}"{line[end.column :]}'
    return lines


def _breaks(lines: list[str], root: Any) -> set[int]:
    """Return the first lines of the entries that a blank line should precede."""
    entries = entries_of(lines, root, 0, len(lines))
    pairs = pairwise(entries)
    return {after.first for before, after in pairs if max(map(_height, (before, after))) > 1}


def _height(entry: Any) -> int:
    value = entry.value
    block = isinstance(value, yaml.CollectionNode) and not value.flow_style and value.value
    return 2 if block or value.end_mark.line > value.start_mark.line + 1 else 1


def _lines_of_texts(node: Any) -> list[int]:
    """Return the lines in which a text of several lines goes on: their spaces may belong to it."""
    if isinstance(node, yaml.ScalarNode):
        start, end = node.start_mark, node.end_mark
        return list(
            range(start.line + (node.style in ("|", ">")), end.line + (end.column > 0 and end.line > start.line))
        )
    if isinstance(node, yaml.SequenceNode):
        return [line for item in node.value for line in _lines_of_texts(item)]
    return [line for pair in node.value for item in pair for line in _lines_of_texts(item)]


def _statuses(node: Any, kind: str) -> list[Any]:
    if not isinstance(node, yaml.MappingNode):
        return []
    children = KINDS[kind].children
    found = [key for key, _ in node.value] if kind == "responses" else []
    for key, value in node.value:
        if inner := children.get(key.value, children.get("*")):
            found += _statuses(value, inner)
    return found
