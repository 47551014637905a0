"""A file beside the document that lists names, each with what is to be known of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.spec.document import DocumentError, Fault, Place
from app.spec.document.sources import file_name
from app.spec.document.yaml_text import YamlText, read_yaml

IsSound = Callable[[YamlText, str, Any, int], bool]


def read_catalogue(path: Path, is_sound: IsSound) -> dict[str, tuple[Any, Place]]:
    """Read the entries of a file by name, each with its place.

    Args:
        path: a mapping from names to entries.
        is_sound: takes the text, a name, its entry and its line; notes what is wrong and tells whether nothing is.

    Raises:
        DocumentError: with every fault by file and line.
    """
    name = file_name(path, path.parent)
    if not path.is_file():
        raise DocumentError([Fault(Place(name, 1), "This file does not exist.", "Write it.")])
    text = read_yaml(path.read_bytes(), name)
    found = {}
    if isinstance(text.value, dict):
        lines = text.lines[id(text.value)].children
        for key, entry in text.value.items():
            if is_sound(text, key, entry, lines[key]):
                found[key] = (entry, Place(name, lines[key]))
    elif not text.faults:
        text.fault(1, "This file is not a mapping.", "Write names into it, each with its description.")
    if text.faults:
        raise DocumentError(text.faults)
    return found


def is_described(text: YamlText, name: str, entry: dict[str, Any], line: int) -> bool:
    """Tell whether an entry says what it is about; note a fault if not."""
    described = isinstance(entry["description"], str) and bool(entry["description"].strip())
    if not described:
        text.fault(line, f"{name} has no description.", "Say what it is about.")
    return described
