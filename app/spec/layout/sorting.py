"""Lines of YAML in another order: whole entries of a mapping change places, with the comments above them."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from app.spec.layout.order import KINDS

_Loader: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_COMMENT = re.compile(r"\s*#")
_FIRST_LINE = re.compile(r"# yaml-language-server:")


class Entry(NamedTuple):
    """An entry of a mapping in block style.

    Attributes:
        first: its first line, that of the comments right above its key.
        key_line: the line of its key.
        end: the line after its last one.
    """

    key: str
    first: int
    key_line: int
    end: int
    value: Any


def sort_keys(lines: list[str], kind: str) -> list[str]:
    """Return the lines with the entries of each mapping in their order.

    Mappings in braces, and those that begin behind the dash of a list, stay as they are.

    Args:
        lines: of a file that is YAML.
        kind: what the file holds.
    """
    while True:
        root = compose(lines)
        change = next(_unsorted(lines, root, kind, 0, len(lines)), None) if root else None
        if change is None:
            return lines
        entries, ordered = change
        lines = _moved(lines, entries, ordered)


def compose(lines: list[str]) -> Any:
    """Return the nodes of a file with their places."""
    return yaml.compose("\n".join(lines) + "\n", Loader=_Loader)


def entries_of(lines: list[str], mapping: Any, first: int, end: int) -> list[Entry]:
    """Return the entries of a mapping in block style; none if it is in braces or behind the dash of a list.

    Args:
        mapping: its node.
        first: the first line that may belong to it.
        end: the line after the last that may belong to it.
    """
    if not isinstance(mapping, yaml.MappingNode) or mapping.flow_style or not mapping.value:
        return []
    column = mapping.start_mark.column
    if lines[mapping.start_mark.line][:column].strip():
        return []
    starts: list[int] = []
    for key, _ in mapping.value:
        line = key.start_mark.line
        while line > first and _is_comment_at(lines[line - 1], column):
            line -= 1
        starts.append(line)
        first = key.start_mark.line + 1
    while end > first and _is_outside(lines[end - 1], column):
        end -= 1
    ends = [*starts[1:], end]
    return [
        Entry(key.value, start, key.start_mark.line, last, value)
        for (key, value), start, last in zip(mapping.value, starts, ends, strict=True)
    ]


def _unsorted(
    lines: list[str], node: Any, kind: str, first: int, end: int
) -> Iterator[tuple[list[Entry], list[Entry]]]:
    """Yield (entries, the same in order) of each mapping that is not in order, outermost first."""
    entries = entries_of(lines, node, first, end)
    rank, children = KINDS[kind]
    if rank is not None:
        ordered = sorted(entries, key=lambda entry: rank(entry.key))
        if ordered != entries:
            yield entries, ordered
    for entry in entries:
        inner = children.get(entry.key, children.get("*"))
        if inner:
            yield from _unsorted(lines, entry.value, inner, entry.key_line + 1, entry.end)


def _moved(lines: list[str], entries: list[Entry], ordered: list[Entry]) -> list[str]:
    """Return the lines with the entries in their order; the blank lines between them stay where they are."""
    result = lines[: entries[0].first]
    for place, entry in zip(entries, ordered, strict=True):
        result += lines[entry.first : _end_of_text(lines, entry)]
        result += lines[_end_of_text(lines, place) : place.end]
    return result + lines[entries[-1].end :]


def _end_of_text(lines: list[str], entry: Entry) -> int:
    end = entry.end
    while end > entry.key_line + 1 and not lines[end - 1].strip():
        end -= 1
    return end


def _is_comment_at(line: str, column: int) -> bool:
    return line.startswith(" " * column + "#") and not _FIRST_LINE.match(line)


def _is_outside(line: str, column: int) -> bool:
    """Return whether a line at the end of a mapping is blank, or a comment that belongs to no key above it."""
    return not line.strip() or (_COMMENT.match(line) is not None and len(line) - len(line.lstrip()) <= column)
