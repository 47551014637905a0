"""The events of the audit trail: read from events.yaml, with those that the command records."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.spec.catalogue import Catalogue, is_described, read_catalogue
from app.spec.document import Place
from app.spec.document.yaml_text import YamlText

GRAMMAR = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_KEYS = frozenset({"description", "by"})


@dataclass(frozen=True, slots=True)
class DeclaredEvent:
    """An event, `thing.happened`.

    Attributes:
        by_command: whether the command `charter` records it, so that no operation needs to.
    """

    description: str
    by_command: bool
    place: Place


def load_events(files: Catalogue | Path) -> dict[str, DeclaredEvent]:
    """Read the events by name; a document without the file has none.

    Args:
        files: mappings from event to `description` and, if the command records it, `by: cli`.

    Raises:
        DocumentError: with every fault, each with its file and line.
    """
    catalogue = files if isinstance(files, Catalogue) else Catalogue(files)
    if not catalogue.exists:
        return {}
    return {
        name: DeclaredEvent(entry["description"], "by" in entry, place)
        for name, (entry, place) in read_catalogue(catalogue, _is_valid).items()
    }


def _is_valid(text: YamlText, event: str, entry: Any, line: int) -> bool:
    before = len(text.faults)
    if not GRAMMAR.fullmatch(event):
        text.fault(line, f"{event} is not a valid event.", "Write thing.happened in lower case.")
    if not isinstance(entry, dict) or "description" not in entry or not set(entry) <= _KEYS:
        text.fault(line, f"{event} must have a description, and no other key than `by: cli`.", "Correct the keys.")
        return False
    is_described(text, event, entry, line)
    if entry.get("by", "cli") != "cli":
        text.fault(line, f"{event} has `by: {entry['by']}`.", "Write `by: cli`, or remove it.")
    return len(text.faults) == before
