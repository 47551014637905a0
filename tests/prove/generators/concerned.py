"""Which operations and schemas a complaint of a generator or compiler is about."""

import re
from pathlib import Path
from typing import Any

from app.spec.document import METHODS

_PLACE = re.compile(r"([\w./-]+\.(?:go|ts|py))[:(](\d+)")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{3,}")


def concerned(output: str, folder: Path, bundle: dict[str, Any]) -> list[str]:
    """Return the names of the operations and schemas that a complaint names.

    A name counts in every way of writing it: get_user, getUser, GetUser. If the complaint names only a line of a
    generated file, the nearest name above that line counts.

    Args:
        output: what a generator or compiler printed.
        folder: where it ran.
        bundle: the document.
    """
    names = {_plain(name): name for name in _names(bundle)}
    found = _found(output, names)
    for file, line in _PLACE.findall(output):
        path = folder / file
        if path.is_file():
            above = reversed(path.read_text(encoding="utf-8", errors="replace").splitlines()[: int(line)])
            found |= next((near for text in above if (near := _found(text, names))), set())
    return sorted(found)


def _names(bundle: dict[str, Any]) -> set[str]:
    operations = {
        item[method]["operationId"] for item in bundle["paths"].values() for method in METHODS if method in item
    }
    return operations | set(bundle["components"]["schemas"])


def _found(text: str, names: dict[str, str]) -> set[str]:
    return {names[plain] for word in _WORD.findall(text) if (plain := _plain(word)) in names}


def _plain(word: str) -> str:
    return word.replace("_", "").lower()
