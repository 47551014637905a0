"""Part of the document as YAML with a remark behind some of its keys, for people to read."""

import json
import re
import textwrap
from collections.abc import Collection, Iterator
from typing import Any

import yaml

from app.spec.document import Pointer

_WIDTH = 100
# A text that keeps its meaning if its spaces become line breaks (https://yaml.org/spec/1.2.2/#813-folded-style).
_FOLDABLE = re.compile(r"[^\s#](?: ?\S)*")
# A text of several lines that can be written as it is.
_LITERAL = re.compile(r"\S.*\n(?:.*\S\n|\n)*.*\S\n")


def yaml_lines(value: Any, *, pointer: Pointer = (), marked: Collection[Pointer] = (), mark: str = "") -> Iterator[str]:
    """Yield the lines of a mapping or list.

    Args:
        value: not empty.
        pointer: where it is.
        marked: the pointers of the keys and items that get a remark.
        mark: the remark.
    """
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in pairs:
        place: Pointer = (*pointer, key)
        remark = f"  # {mark}" if place in marked else ""
        head = f"{_key(str(key))}:" if isinstance(value, dict) else "-"
        if _is_block(child):
            inner = yaml_lines(child, pointer=place, marked=marked, mark=mark)
            if head == "-" and not remark:
                yield f"- {next(inner)}"
            else:
                yield head + remark
            yield from (f"  {line}" for line in inner)
        elif isinstance(child, str) and len(child) > _WIDTH and child.isprintable() and _FOLDABLE.fullmatch(child):
            yield f"{head} >-{remark}"
            wrapped = textwrap.wrap(child, _WIDTH, break_long_words=False, break_on_hyphens=False)
            yield from (f"  {line}" for line in wrapped)
        elif isinstance(child, str) and _LITERAL.fullmatch(child) and child.replace("\n", "").isprintable():
            yield f"{head} |{remark}"
            yield from (f"  {line}".rstrip() for line in child.split("\n")[:-1])
        else:
            yield f"{head} {_flow(child)}{remark}"


def _is_block(value: Any) -> bool:
    """Return whether a value has lines of its own: a reference and a list of plain values have none."""
    if isinstance(value, dict):
        return bool(value) and not (len(value) == 1 and "$ref" in value)
    return isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value)


def _key(key: str) -> str:
    return f'"{key}"' if key.isdigit() else _flow(key)


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1_000_000)
    text = text.removesuffix("\n...\n").rstrip("\n")
    return json.dumps(value) if "\n" in text else text
