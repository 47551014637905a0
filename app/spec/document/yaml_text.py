"""One YAML file as plain values, with the line of every key and item.

It is read as YAML 1.2 core (https://yaml.org/spec/1.2.2/#103-core-schema): `yes`, `on` and dates are text, `012` is a
decimal number. Tags, anchors, aliases, merge keys and duplicate keys are refused, and so are numbers beyond 64 bits and
more than 100 levels. Keys are always text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isinf
from typing import Any

import yaml

from app.spec.document.places import Fault, Place

_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
# JSON has neither infinity nor not-a-number, so both stay text.
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_FIRST_OF_NUMBER = frozenset("0123456789+-.")
# What a YAML file cannot have (https://yaml.org/spec/1.2.2/#51-character-set), but for halves of surrogate pairs.
_NOT_YAML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufffe\uffff]")
# What to do about what the parser says, which names characters and not mistakes.
_CORRECTIONS = (
    ("found unexpected ':'", "Put the text in quotes: it has a colon, or begins like a list or a mapping."),
    ("cannot start any token", "Put the text in quotes: no plain text can begin with that character."),
    ("unexpected end of stream", "Close the quotes that begin here or before."),
    ("unknown escape", "Write \\\\ for a backslash, or use single quotes."),
    ("expected ',' or", "Close the bracket or brace, and put a comma between the items."),
    ("expected '-' indicator", "Begin each item of the list with a dash, all indented alike."),
    ("block sequence entries are not allowed", "Begin the list in a line of its own, below its key."),
    ("find expected ':'", "Write a colon after the key, or indent the line more than the text that it belongs to."),
    ("find expected key", "Indent the keys of a mapping alike, and close every quote and bracket."),
    ("expected <document start>", "Indent this line like the ones before it, or remove it."),
)
_MAX_DEPTH = 100
_LEAST, _GREATEST = -(2**63), 2**64 - 1
"""The integers that a JSON document may have (orjson)."""

_Parser: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of one mapping or list.

    Attributes:
        here: the line where it begins.
        children: the line of each key, or of each item by its index.
        of: the mapping or list; kept, so that nothing else gets its `id()`.
        elsewhere: the places of keys or items that come from another file.
    """

    file: str
    here: int
    children: dict[str | int, int]
    of: Any
    elsewhere: Mapping[str | int, Place] | None = None

    def place(self, step: str | int) -> Place | None:
        """Return the place of a key or item; None if it has none."""
        if self.elsewhere and step in self.elsewhere:
            return self.elsewhere[step]
        return Place(self.file, self.children[step]) if step in self.children else None

    def with_place(self, step: str | int, place: Place) -> "Lines":
        """Return the same lines with another place for a key or item."""
        return replace(self, elsewhere={**(self.elsewhere or {}), step: place})


@dataclass(slots=True)
class YamlText:
    """The content of a file.

    Attributes:
        value: the value; None if the file is not YAML.
        lines: those of each mapping and list, by its `id()`.
        faults: what is wrong with the file.
    """

    file: str
    value: Any = None
    lines: dict[int, Lines] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, line: int, message: str, fix: str) -> None:
        """Add a fault at a line; the first line is 1."""
        self.faults.append(Fault(Place(self.file, line), message, fix))

    def line_of(self, node: Any, field: str | None, line: int) -> int:
        """Return the line of a part, or of the last part on the way to it.

        Args:
            node: a mapping or list of the file.
            field: names and indexes that lead to the part, with dots between them.
            line: that of the node.
        """
        for step in (field or "").split("."):
            lines = self.lines.get(id(node))
            name: str | int = int(step) if isinstance(node, list) and step.isdigit() else step
            if lines is None or name not in lines.children:
                break
            line, node = lines.children[name], node[name]
        return line


class _TooDeepError(Exception):
    """A value that is nested too deep; the text is its line."""


def read_yaml(raw: bytes, file: str) -> YamlText:
    """Return the value, lines and faults of a file; a file that is not YAML has faults and no value.

    Args:
        raw: its bytes, in UTF-8.
        file: its name in faults and places.
    """
    text = YamlText(file)
    try:
        decoded = raw.decode("utf-8")
        if found := _NOT_YAML.search(decoded):
            line, problem = decoded.count("\n", 0, found.start()) + 1, f"the control character U+{ord(found[0]):04X}"
            text.fault(line, f"This is not YAML: it has {problem}.", "Remove it, or write an escape sequence.")
            return text
        parser = _Parser(decoded)
        parser.get_event()
        if parser.check_event(yaml.StreamEndEvent):
            text.fault(1, "The file is empty.", "Write a mapping into it, or delete it.")
            return text
        parser.get_event()
        text.value = _Composer(text, parser).value(parser.get_event())
        parser.get_event()
        if not parser.check_event(yaml.StreamEndEvent):
            line = parser.peek_event().start_mark.line + 1
            text.fault(line, "A second document begins here.", "Keep one document in each file.")
    except _TooDeepError as error:
        text.fault(int(str(error)), f"This is nested more than {_MAX_DEPTH} levels deep.", "Use components and $refs.")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        text.fault(line, "The file is not UTF-8.", "Save it as UTF-8.")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line if mark else 0
        if mark and _follows_tab(decoded, mark):
            text.fault(line + 1, "A tab is used for indentation.", "Indent with spaces: YAML allows no tabs there.")
        else:
            problem = (error.problem or "not YAML").strip()
            text.fault(line + 1, f"This is not YAML: {problem}.", _correction(problem, decoded, line))
    except yaml.YAMLError as error:
        text.fault(1, f"This is not YAML: {str(error).splitlines()[0]}.", "Correct the syntax.")
    return text


def _correction(problem: str, decoded: str, line: int) -> str:
    """Return how to correct the syntax, by what the parser says and the line, counted from 0, where it stopped."""
    here, before = "", ""
    for number, text in enumerate(decoded.splitlines()[: line + 1]):
        if text.strip() and not text.lstrip().startswith("#"):
            if number == line:
                here = text
            else:
                before = text
    if problem.startswith("mapping values are not allowed"):
        if _indent(here) > _indent(before) and not before.rstrip().endswith((":", "-", "|", ">")):
            return "The line is indented more than the one before it: indent both alike, or quote the text before it."
        return 'Put a text with ": " in it in quotes.'
    return next((fix for words, fix in _CORRECTIONS if words in problem), "Correct the syntax.")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _follows_tab(decoded: str, mark: Any) -> bool:
    """Return whether the text where the parser stopped is a tab, or stands behind one that indents its line."""
    line = decoded.splitlines()[mark.line : mark.line + 1]
    before = line[0][: mark.column + 1] if line else ""
    return before.endswith("\t") or "\t" in before[: len(before) - len(before.lstrip())]


class _Composer:
    def __init__(self, text: YamlText, parser: Any) -> None:
        self._text = text
        self._next = parser.get_event
        self._depth = 0

    def value(self, event: Any) -> Any:
        kind = type(event)
        if kind is yaml.AliasEvent:
            self._fault(event, "Aliases (*name) are not supported.", "Write the value out, or use a $ref.")
            return None
        if event.anchor is not None:
            self._fault(event, "Anchors (&name) are not supported.", "Use a component and a $ref.")
        if kind is yaml.ScalarEvent:
            if not event.implicit[0] and not event.implicit[1]:
                self._fault(event, "Tags (!name) are not supported.", "Quote the value if it is text.")
            return self._plain(event) if event.implicit[0] else event.value
        if event.tag is not None:
            self._fault(event, "Tags (!name) are not supported.", "Remove the tag.")
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _TooDeepError(event.start_mark.line + 1)
        value = self._mapping(event) if kind is yaml.MappingStartEvent else self._list(event)
        self._depth -= 1
        return value

    def _plain(self, event: Any) -> Any:
        value = plain_value(event.value)
        if (isinstance(value, float) and isinf(value)) or (isinstance(value, int) and not _LEAST <= value <= _GREATEST):
            message = f"The number {event.value[:40]} has more than 64 bits."
            self._fault(event, message, "Write a smaller one, or quote it.")
        return value

    def _mapping(self, start: Any) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        children: dict[str | int, int] = {}
        next_event = self._next
        while type(event := next_event()) is not yaml.MappingEndEvent:
            key = event.value if type(event) is yaml.ScalarEvent else self._key_not_text(event)
            line = event.start_mark.line + 1
            if key == "<<" and event.implicit[0]:
                self._fault(event, "Merge keys (<<) are not supported.", "Write the keys out, or use allOf.")
            if key in mapping:
                message = f"The key `{key}` is here twice, first in line {children[key]}."
                self._fault(event, message, "Remove one of the two.")
            value = self.value(next_event())
            # Of two, the first one stays: nothing else is then wrong because of the second.
            mapping.setdefault(key, value)
            children.setdefault(key, line)
        self._text.lines[id(mapping)] = Lines(self._text.file, start.start_mark.line + 1, children, mapping)
        return mapping

    def _list(self, start: Any) -> list[Any]:
        items: list[Any] = []
        children: dict[str | int, int] = {}
        next_event = self._next
        while type(event := next_event()) is not yaml.SequenceEndEvent:
            children[len(items)] = event.start_mark.line + 1
            items.append(self.value(event))
        self._text.lines[id(items)] = Lines(self._text.file, start.start_mark.line + 1, children, items)
        return items

    def _key_not_text(self, event: Any) -> str:
        self._fault(event, "A key must be text.", "Write a plain or quoted word.")
        self.value(event)
        return ""

    def _fault(self, event: Any, message: str, fix: str) -> None:
        self._text.fault(event.start_mark.line + 1, message, fix)


def plain_value(text: str) -> Any:
    """Return the value of an unquoted scalar in YAML 1.2 core."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] in _FIRST_OF_NUMBER:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _OTHER_BASE.fullmatch(text):
            return int(text, 0)
    return text
