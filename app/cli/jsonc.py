"""JSON with comments, as VS Code writes its settings: read with the place of each entry, and changed in place.

https://code.visualstudio.com/docs/languages/json#_json-with-comments. What is not changed stays, byte for byte.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

_BLANK = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_TEXT = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_WORD = re.compile(r'[^\s,:\[\]{}"/]+')
_MAX_DEPTH = 100


class JsoncError(Exception):
    """A text that is not JSON.

    Attributes:
        line: the line of what is wrong; the first is 1.
        problem: what is wrong.
    """

    def __init__(self, text: str, at: int, problem: str) -> None:
        self.line = text.count("\n", 0, at) + 1
        self.problem = problem
        super().__init__(f"{self.line}: {problem}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of an object.

    Attributes:
        value: what it has.
        key_at: where its key begins.
        start, end: where its value begins and ends.
        entries: those of the value, if that is an object.
    """

    value: Any
    key_at: int
    start: int
    end: int
    entries: "dict[str, Entry] | None"


def read_jsonc(text: str) -> Entry:
    """Return the value of a text, as an entry without a key.

    Raises:
        JsoncError: the text is not JSON with comments, or an object has a key twice.
    """
    reader = _Reader(text)
    entry = reader.value(reader.skip(0), key_at=0, depth=0)
    end = reader.skip(entry.end)
    if end != len(text):
        raise JsoncError(text, end, "nothing may follow the value")
    return entry


def with_entry(text: str, holder: Entry, key: str, value: Any, *, depth: int, instead: str | None = None) -> str:
    """Return the text with an entry of an object changed, or added as the first one; everything else stays.

    Args:
        holder: the object.
        depth: the level of its keys.
        instead: the key of an entry that this one replaces, if there is no entry with the key itself.
    """
    assert holder.entries is not None
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    found = re.search(r"\n([ \t]+)\S", text)
    indent = found[1] if found else "  "
    written = json.dumps(value, indent=indent, ensure_ascii=False).replace("\n", end_of_line + indent * depth)
    entry = holder.entries.get(key)
    if entry is not None:
        return text[: entry.start] + written + text[entry.end :]
    written = f"{json.dumps(key, ensure_ascii=False)}: {written}"
    if instead is not None:
        entry = holder.entries[instead]
        return text[: entry.key_at] + written + text[entry.end :]
    inside = holder.start + 1
    written = end_of_line + indent * depth + written
    if holder.entries:
        return f"{text[:inside]}{written},{text[inside:]}"
    kept = text[inside : holder.end - 1].rstrip()
    return f"{text[:inside]}{written}{kept}{end_of_line}{indent * (depth - 1)}{text[holder.end - 1 :]}"


def without_entry(text: str, holder: Entry, key: str) -> str:
    """Return the text without an entry of an object, and without the comma that belongs to it; comments stay."""
    assert holder.entries is not None
    names = list(holder.entries)
    entry, before = holder.entries[key], names[: names.index(key)]
    comma = _after_blank(text, entry.end)
    if text[comma] == ",":
        text = text[:comma] + text[comma + 1 :]
    elif before:
        comma = _after_blank(text, holder.entries[before[-1]].end)
        text = text[:comma] + " " + text[comma + 1 :]  # a space, so that the places stay
    start, rest = text[: entry.key_at], text[entry.end :]
    alone = re.match(r"[ \t]*\r?\n", rest)
    return start.rstrip(" \t") + rest[alone.end() :] if alone and start.rstrip(" \t").endswith("\n") else start + rest


def _after_blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text

    def skip(self, at: int) -> int:
        """Return the place behind white space and comments."""
        end = _after_blank(self._text, at)
        if self._text.startswith("/*", end):
            raise JsoncError(self._text, end, "this comment has no end")
        return end

    def value(self, at: int, *, key_at: int, depth: int) -> Entry:
        text = self._text
        if depth > _MAX_DEPTH:
            raise JsoncError(text, at, "this is nested too deep")
        if text.startswith("{", at):
            entries, end = self._object(at + 1, depth)
            return Entry({key: entry.value for key, entry in entries.items()}, key_at, at, end, entries)
        if text.startswith("[", at):
            items, end = self._list(at + 1, depth)
            return Entry(items, key_at, at, end, None)
        found = _TEXT.match(text, at) or _WORD.match(text, at)
        if found is None:
            raise JsoncError(text, at, "a value is missing here" if at < len(text) else "the text ends too soon")
        try:
            return Entry(json.loads(found[0]), key_at, at, found.end(), None)
        except ValueError:
            raise JsoncError(text, at, f"{found[0][:40]} is no value of JSON") from None

    def _object(self, at: int, depth: int) -> tuple[dict[str, Entry], int]:
        entries: dict[str, Entry] = {}
        at = self.skip(at)
        while not self._text.startswith("}", at):
            key = _TEXT.match(self._text, at)
            if key is None:
                raise JsoncError(self._text, at, "a key in double quotes, or a closing brace, is missing here")
            name, colon = self.value(at, key_at=at, depth=depth).value, self.skip(key.end())
            if name in entries:
                raise JsoncError(self._text, at, f"the key {key[0][:40]} is here twice")
            if not self._text.startswith(":", colon):
                raise JsoncError(self._text, colon, "a colon is missing here")
            entries[name] = self.value(self.skip(colon + 1), key_at=at, depth=depth + 1)
            at = self._next(entries[name].end, "}")
        return entries, at + 1

    def _list(self, at: int, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        at = self.skip(at)
        while not self._text.startswith("]", at):
            item = self.value(at, key_at=at, depth=depth + 1)
            items.append(item.value)
            at = self._next(item.end, "]")
        return items, at + 1

    def _next(self, at: int, closing: str) -> int:
        """Return the place of the next entry, or of the end; a comma before the end is allowed."""
        at = self.skip(at)
        if self._text.startswith(",", at):
            return self.skip(at + 1)
        if not self._text.startswith(closing, at):
            raise JsoncError(self._text, at, f"a comma or {closing} is missing here")
        return at
