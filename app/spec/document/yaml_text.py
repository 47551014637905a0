"""One YAML file as plain values, with the line of every key and item.

YAML 1.2 core (https://yaml.org/spec/1.2.2/#103-core-schema): `yes`, `on`, `012` and dates mean no more than they do in
JSON. What JSON cannot say, or says by stealth, is refused: tags, anchors, aliases, merge keys, duplicate keys. Keys are
always text.
"""

import re
from dataclasses import dataclass, field
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
# Infinity and not-a-number are left out: JSON has neither, so they stay text.
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_MAY_BE_NUMBER = frozenset("0123456789+-.")

_Parser: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of one mapping or list.

    Attributes:
        here: where it begins.
        children: line of each key, or of each item by its index.
    """

    file: str
    here: int
    children: dict[str | int, int]


@dataclass(slots=True)
class YamlText:
    """What a file holds.

    Attributes:
        value: the value; None where the file could not be read as YAML.
        lines: of each mapping and list, by its `id()`.
        faults: what was wrong.
    """

    file: str
    value: Any = None
    lines: dict[int, Lines] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, line: int, message: str, fix: str) -> None:
        """Note a fault at a line, counted from one."""
        self.faults.append(Fault(Place(self.file, line), message, fix))


def read_yaml(raw: bytes, file: str) -> YamlText:
    """Return the value, lines and faults of a file; a file that is not YAML has faults and no value.

    Args:
        raw: its bytes, in UTF-8.
        file: its name in faults and places.
    """
    text = YamlText(file)
    try:
        parser = _Parser(raw.decode("utf-8"))
        parser.get_event()
        if parser.check_event(yaml.StreamEndEvent):
            text.fault(1, "The file is empty.", "Write a mapping into it, or delete it.")
            return text
        parser.get_event()
        text.value = _Composer(text, parser).value(parser.get_event())
        parser.get_event()
        if not parser.check_event(yaml.StreamEndEvent):
            line = parser.peek_event().start_mark.line + 1
            text.fault(line, "A second document begins here.", "Keep one in a file.")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        text.fault(line, "The file is not UTF-8.", "Save it as UTF-8.")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or "not YAML").strip()
        text.fault((mark.line if mark else 0) + 1, f"This is not YAML: {problem}.", "Mend the syntax.")
    except yaml.YAMLError as error:
        text.fault(1, f"This is not YAML: {str(error).splitlines()[0]}.", "Mend the syntax.")
    return text


class _Composer:
    def __init__(self, text: YamlText, parser: Any) -> None:
        self._text = text
        self._next = parser.get_event

    def value(self, event: Any) -> Any:
        kind = type(event)
        if kind is yaml.AliasEvent:
            self._fault(event, "Aliases (*name) are not read.", "Write the value out, or use a $ref.")
            return None
        if event.anchor is not None:
            self._fault(event, "Anchors (&name) are not read.", "Use a component and a $ref.")
        if kind is yaml.ScalarEvent:
            if not event.implicit[0] and not event.implicit[1]:
                self._fault(event, "Tags (!name) are not read.", "Quote the value if it is text.")
            return plain_value(event.value) if event.implicit[0] else event.value
        if event.tag is not None:
            self._fault(event, "Tags (!name) are not read.", "Leave the tag out.")
        return self._mapping(event) if kind is yaml.MappingStartEvent else self._list(event)

    def _mapping(self, start: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        children: dict[str | int, int] = {}
        following = self._next
        while type(event := following()) is not yaml.MappingEndEvent:
            key = event.value if type(event) is yaml.ScalarEvent else self._odd_key(event)
            line = event.start_mark.line + 1
            if key == "<<" and event.implicit[0]:
                self._fault(event, "Merge keys (<<) are not read.", "Write the keys out, or use allOf.")
            if key in found:
                self._fault(
                    event, f"The key `{key}` is here twice, first in line {children[key]}.", "Remove one of the two."
                )
            found[key] = self.value(following())
            children[key] = line
        self._text.lines[id(found)] = Lines(self._text.file, start.start_mark.line + 1, children)
        return found

    def _list(self, start: Any) -> list[Any]:
        found: list[Any] = []
        children: dict[str | int, int] = {}
        following = self._next
        while type(event := following()) is not yaml.SequenceEndEvent:
            children[len(found)] = event.start_mark.line + 1
            found.append(self.value(event))
        self._text.lines[id(found)] = Lines(self._text.file, start.start_mark.line + 1, children)
        return found

    def _odd_key(self, event: Any) -> str:
        self._fault(event, "A key must be text.", "Write a plain or quoted word.")
        self.value(event)
        return ""

    def _fault(self, event: Any, message: str, fix: str) -> None:
        self._text.fault(event.start_mark.line + 1, message, fix)


def plain_value(text: str) -> Any:
    """Return what an unquoted scalar means in YAML 1.2 core."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] in _MAY_BE_NUMBER:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _OTHER_BASE.fullmatch(text):
            return int(text, 0)
    return text
