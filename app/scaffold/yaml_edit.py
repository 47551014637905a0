"""Adds entries to a YAML file as text, so that everything else in it stays as its author wrote it."""

import re
import textwrap
from typing import Any

import yaml


class WrongYaml(ValueError):
    """A file to which nothing can be added; the message says why."""


def add_entries(text: str, block: str, key: str | None = None) -> str:
    """Return the text with a block added at its end, or at the end of the value of a key at the top.

    Args:
        block: entries of a mapping, or items of a list, that begin in the first column.
        key: added, too, if it is missing.

    Raises:
        WrongYaml: the result does not have what the text and the block have.
    """
    before, added = _read(text), yaml.safe_load(block)
    if key is None:
        empty = before is None or before == {}
        kept = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#")) if empty else text
        result = f"{kept.rstrip()}\n\n{block}" if kept.strip() and not empty else kept + block
        _compare(result, _joined(before or {}, added))
        return result
    result = _added_below(text, block, key)
    old = (before or {}).get(key)
    _compare(result, {**(before or {}), key: _joined(old or type(added)(), added)})
    return result


def _added_below(text: str, block: str, key: str) -> str:
    lines = text.splitlines(keepends=True)
    start = next((number for number, line in enumerate(lines) if re.match(rf"{re.escape(key)}\s*:", line)), None)
    if start is None:
        gap = "\n" if text.strip() else ""
        return f"{text.rstrip()}\n{gap}{key}:\n{_indented(block)}".lstrip("\n")
    inline = re.match(rf"{re.escape(key)}\s*:\s*(\[\s*\]|\{{\s*\}})?\s*(#.*)?$", lines[start].rstrip("\n"))
    if inline is None:
        raise WrongYaml(f"line {start + 1}: write the value of {key} below it, one entry a line")
    end = next((n for n in range(start + 1, len(lines)) if re.match(r"[^\s#-]", lines[n])), len(lines))
    while end > start + 1 and not (lines[end - 1].strip() and re.match(r"[\s-]", lines[end - 1])):
        end -= 1  # blank lines, and comments of what follows
    lines[start] = f"{key}:\n" if inline[1] else lines[start]
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    below = [line for line in lines[start + 1 : end] if line.strip() and not line.lstrip().startswith("#")]
    width = len(below[0]) - len(below[0].lstrip()) if below else 2
    return "".join([*lines[:end], textwrap.indent(block, " " * width), *lines[end:]])


def _indented(block: str) -> str:
    return textwrap.indent(block, "  ")


def _joined(old: Any, added: Any) -> Any:
    return [*old, *added] if isinstance(added, list) else {**old, **added}


def _read(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise WrongYaml(f"line {mark.line + 1 if mark else 1}: this is not YAML: correct it first") from error


def _compare(text: str, wanted: Any) -> None:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        found = None
    if found != wanted:
        raise WrongYaml("nothing can be added to this file as it is: write its entries one below the other")
