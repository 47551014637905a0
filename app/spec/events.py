"""The events there are: read from events.yaml, with who leaves them besides the operations that name them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.spec.catalogue import is_described, read_catalogue
from app.spec.document import Place
from app.spec.document.yaml_text import YamlText

GRAMMAR = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_KEYS = frozenset({"description", "by"})


@dataclass(frozen=True, slots=True)
class Event:
    """A name in the audit trail, `thing.happened`.

    Attributes:
        by_command: whether the command `charter` leaves it, so that no operation need name it.
    """

    description: str
    by_command: bool
    place: Place


def load_events(path: Path) -> dict[str, Event]:
    """Read the events by name; a document without this file has none.

    Args:
        path: a mapping from event to `description` and, for one of the command's, `by: cli`.

    Raises:
        DocumentError: with every fault by file and line.
    """
    if not path.is_file():
        return {}
    return {
        name: Event(entry["description"], "by" in entry, place)
        for name, (entry, place) in read_catalogue(path, _is_sound).items()
    }


def _is_sound(text: YamlText, event: str, entry: Any, line: int) -> bool:
    before = len(text.faults)
    if not GRAMMAR.fullmatch(event):
        text.fault(line, f"{event} is not an event.", "Write thing.happened in small letters.")
    if not isinstance(entry, dict) or "description" not in entry or not set(entry) <= _KEYS:
        text.fault(line, f"{event} needs a description, and nothing else but `by: cli`.", "Write it.")
        return False
    is_described(text, event, entry, line)
    if entry.get("by", "cli") != "cli":
        text.fault(line, f"{event} is by {entry['by']}.", "Write `by: cli`, or leave it out.")
    return len(text.faults) == before
