"""Files beside the document that list names with their properties: permissions, events, settings.

In a project there are two of each: that of Charter, and that of the project, which adds names. Where a catalogue allows
it, an entry of the project without a description overrides a part of Charter's entry of the same name.
"""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple

from app.spec.document import DocumentError, Fault, Place
from app.spec.document.places import INHERITED
from app.spec.document.sources import file_name, read_file
from app.spec.document.yaml_text import YamlText
from app.spec.suggestions import suggest

IsValid = Callable[[YamlText, str, Any, int], bool]


class Catalogue(NamedTuple):
    """The two files of a kind, or the only one.

    Attributes:
        own: the path of the file beside the document.
        base: in a project, the path of Charter's file.
    """

    own: Path
    base: Path | None = None

    @property
    def exists(self) -> bool:
        """Whether there is a file."""
        return self.own.is_file() or self.base is not None


def read_catalogue(
    catalogue: Catalogue | Path, is_valid: IsValid, *, overridable: Collection[str] = ()
) -> dict[str, tuple[Any, Place]]:
    """Read the entries of a catalogue by name, each with its place.

    Args:
        catalogue: each file is a mapping from names to entries. A project need not have one.
        is_valid: takes the text, a name, its entry and its line; adds the faults, and returns whether there are none.
        overridable: the keys of Charter's entries that a project may override.

    Raises:
        DocumentError: with every fault, each with its file and line.
    """
    own, base = catalogue if isinstance(catalogue, Catalogue) else Catalogue(catalogue)
    faults: list[Fault] = []
    entries: dict[str, tuple[Any, Place]] = {}
    if base is not None:
        entries = _read_file(base, INHERITED + base.name, is_valid, faults)
        if own.is_file():
            joining = _Joining(entries, overridable, is_valid)
            added = _read_file(own, file_name(own, own.parent), joining.is_valid, faults)
            entries = {**entries, **joining.overridden, **{name: added[name] for name in added if name not in entries}}
    else:
        entries = _read_file(own, file_name(own, own.parent), is_valid, faults)
    if faults:
        raise DocumentError(faults)
    return entries


def _read_file(path: Path, name: str, is_valid: IsValid, faults: list[Fault]) -> dict[str, tuple[Any, Place]]:
    if not path.is_file():
        faults.append(Fault(Place(name, 1), "This file does not exist.", "Write it."))
        return {}
    text = read_file(path, name)
    entries = {}
    if isinstance(text.value, dict):
        lines = text.lines[id(text.value)].children
        for key, entry in text.value.items():
            if is_valid(text, key, entry, lines[key]):
                entries[key] = (entry, Place(name, lines[key]))
    elif not text.faults:
        text.fault(1, "This file is not a mapping.", "Write names with their descriptions into it.")
    faults += text.faults
    return entries


class _Joining:
    """Checks the entries of a project beside those of Charter."""

    def __init__(self, base: dict[str, tuple[Any, Place]], overridable: Collection[str], is_valid: IsValid) -> None:
        self._base, self._overridable, self._is_valid = base, overridable, is_valid
        self.overridden: dict[str, tuple[Any, Place]] = {}

    def is_valid(self, text: YamlText, name: str, entry: Any, line: int) -> bool:
        """Return whether an entry is a new name, or overrides what may be overridden; add the faults if not."""
        overrides = isinstance(entry, dict) and bool(entry) and entry.keys() <= set(self._overridable)
        if name not in self._base:
            if not overrides:
                return self._is_valid(text, name, entry, line)
            message = f"{name} has no description, and Charter has no {name} to override."
            text.fault(line, message, suggest(name, self._base, "Describe it in a sentence."))
            return False
        original, place = self._base[name]
        if not overrides:
            fix = "Choose another name."
            if self._overridable:
                fix += f" To override {' or '.join(self._overridable)} of Charter's, write nothing else."
            text.fault(line, f"Charter already has {name}, at {place}.", fix)
            return False
        merged = {**original, **entry}
        if not self._is_valid(text, name, merged, line):
            return False
        self.overridden[name] = (merged, place)
        return True


def is_described(text: YamlText, name: str, entry: dict[str, Any], line: int) -> bool:
    """Return whether an entry has a description; add a fault if not."""
    described = isinstance(entry["description"], str) and bool(entry["description"].strip())
    if not described:
        text.fault(line, f"{name} has no description.", "Describe it in a sentence.")
    return described
