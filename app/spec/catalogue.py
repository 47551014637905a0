"""Files beside the document that list names with their properties: permissions, events, settings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.spec.document import DocumentError, Fault, Place
from app.spec.document.sources import file_name, read_file
from app.spec.document.yaml_text import YamlText

IsValid = Callable[[YamlText, str, Any, int], bool]


def read_catalogue(path: Path, is_valid: IsValid) -> dict[str, tuple[Any, Place]]:
    """Read the entries of a file by name, each with its place.

    Args:
        path: a mapping from names to entries.
        is_valid: takes the text, a name, its entry and its line; adds the faults, and returns whether there are none.

    Raises:
        DocumentError: with every fault, each with its file and line.
    """
    name = file_name(path, path.parent)
    if not path.is_file():
        raise DocumentError([Fault(Place(name, 1), "This file does not exist.", "Write it.")])
    text = read_file(path, name)
    entries = {}
    if isinstance(text.value, dict):
        lines = text.lines[id(text.value)].children
        for key, entry in text.value.items():
            if is_valid(text, key, entry, lines[key]):
                entries[key] = (entry, Place(name, lines[key]))
    elif not text.faults:
        text.fault(1, "This file is not a mapping.", "Write names with their descriptions into it.")
    if text.faults:
        raise DocumentError(text.faults)
    return entries


def is_described(text: YamlText, name: str, entry: dict[str, Any], line: int) -> bool:
    """Return whether an entry has a description; add a fault if not."""
    described = isinstance(entry["description"], str) and bool(entry["description"].strip())
    if not described:
        text.fault(line, f"{name} has no description.", "Describe it in a sentence.")
    return described
