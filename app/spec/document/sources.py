"""The files that a document is made of: read one by one, with their lines and what is wrong with them."""

import os.path
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from app.spec.document.places import INHERITED, Fault, Place
from app.spec.document.tree import Pointer
from app.spec.document.yaml_text import Lines, YamlText, read_yaml


def file_name(path: Path, document_folder: Path) -> str:
    """Return the name of a file in faults: relative to the working directory, else to the document's parent folder."""
    # Unlike Path.resolve, this takes a link that leads to itself.
    bases = (Path.cwd(), Path(os.path.realpath(document_folder)).parent)
    for each in (path, Path(os.path.realpath(path))):
        for base in bases:
            if each.is_relative_to(base):
                return each.relative_to(base).as_posix()
    return path.as_posix()


def read_file(path: Path, name: str) -> YamlText:
    """Return the content of a file; one that cannot be read has a fault.

    Args:
        path: the file.
        name: its name in faults and places.
    """
    try:
        return read_yaml(path.read_bytes(), name)
    except OSError as error:
        text = YamlText(name)
        text.fault(1, f"This file cannot be read: {error.strerror}.", "Put a file there that can be read.")
        return text


class Side(NamedTuple):
    """The files of one author: those of Charter, or those of a project.

    Attributes:
        root: the whole path of the root file.
        inherited: whether they are Charter's and a project has files of its own, so that the two must be told apart.
    """

    root: Path
    inherited: bool = False

    @property
    def folder(self) -> Path:
        """The folder of the document."""
        return self.root.parent

    def name(self, path: Path) -> str:
        """Return the name of a file in faults and places."""
        if self.inherited:
            return INHERITED + path.relative_to(self.folder).as_posix()
        return file_name(path, self.folder)

    def files(self, folder: str) -> list[Path]:
        """Return the YAML files in a folder of the document and below it, in order."""
        return sorted((self.folder / folder).rglob("*.yaml"))


class Sources:
    """The files read so far.

    Args:
        root: the root file of the document.
        base: in a project, the root file of Charter's document.

    Attributes:
        sides: one, or Charter's and the project's.
        texts: what each file holds.
        bases: where the content of each file is in the bundle.
        lines: of each mapping and list, by its `id()`.
        faults: of all files.
        removed: what the overlay of a project removed, with the place of the action.
        before_overlay: the joined document before the overlay; None without an overlay.
    """

    def __init__(self, root: Path, base: Path | None = None) -> None:
        self.own = Side(root.resolve())
        self.base = Side(base.resolve(), inherited=True) if base else None
        self.sides = (self.base, self.own) if self.base else (self.own,)
        self.texts: dict[Path, YamlText] = {}
        self.bases: dict[Path, Pointer] = {}
        self.lines: dict[int, Lines] = {}
        self.faults: list[Fault] = []
        self.removed: list[tuple[tuple[str, ...], Place]] = []
        self.before_overlay: dict[str, Any] | None = None
        self._names: dict[Path, str] = {}
        self._targets: dict[tuple[Path, str], Path | None] = {}

    def side_of(self, path: Path) -> Side:
        """Return the side that a file belongs to."""
        return self.base if self.base and path.is_relative_to(self.base.folder) else self.own

    def place(self, path: Path, line: int) -> Place:
        """Return a line of a file."""
        return Place(self._name(path), line)

    def fault(self, path: Path, line: int, message: str, fix: str) -> None:
        """Add a fault at a line of a file."""
        self.faults.append(Fault(self.place(path, line), message, fix))

    def read(self, path: Path, base: Pointer) -> dict[str, Any] | None:
        """Read a file; return its mapping, None if it has none.

        Args:
            path: the file.
            base: where its content goes in the bundle.
        """
        text = read_file(path, self._name(path))
        self.texts[path], self.bases[path] = text, base
        self.faults.extend(text.faults)
        self.lines.update(text.lines)
        if isinstance(text.value, dict):
            return text.value
        if not text.faults:
            self.fault(path, 1, "This file is not a mapping.", "Write keys and values into it.")
        text.value = None
        return None

    def target(self, holder: Path, reference: str) -> Path | None:
        """Return the file that a reference names, with `..` followed; None if there is none.

        Args:
            holder: the file with the reference.
            reference: without its fragment; with `charter:` before it, it starts in the folder of Charter's document.
        """
        folder = holder.parent
        if self.base and reference.startswith(INHERITED):
            folder, reference = self.base.folder, reference.removeprefix(INHERITED)
        key = folder, reference
        if key not in self._targets:
            path = Path(os.path.normpath(folder / unquote(reference)))
            try:
                self._targets[key] = path if path.is_file() else None
            except (OSError, ValueError):
                self._targets[key] = None  # no file can have such a name
        return self._targets[key]

    def _name(self, path: Path) -> str:
        if path not in self._names:
            self._names[path] = self.side_of(path).name(path)
        return self._names[path]
