"""A team's project: the folder with its own document, handlers, services, models and migrations.

A project is a folder whose pyproject.toml has a table [tool.charter]. Nothing here imports its code.
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, Literal, NamedTuple, overload

VARIABLE = "CHARTER_PROJECT"
"""The environment variable with the folder of the project, which need not be above the working directory."""

FILE = "pyproject.toml"
NAME = re.compile(r"[a-z][a-z0-9_-]*")
OWN_NAME = "charter"
_ITS_PACKAGES = frozenset({"handlers", "migrations", "models", "openapi", "services", "tests"})
# What a team may write in [tool.charter]. The table marks the folder; nothing in it needs to be set.
_KEYS = frozenset({"commands"})
_COMMAND = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_MARKS = re.compile(rb"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*charter[ \t]*[\].]|^[ \t]*charter[ \t]*[=.]", re.MULTILINE)
_LINE_OF_TOML_ERROR = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")


class ProjectFault(NamedTuple):
    """One thing wrong with the pyproject.toml of a project."""

    file: str
    line: int
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} {self.fix}"


class ProjectError(Exception):
    """A project that cannot be used.

    Attributes:
        faults: all of them, by line.
    """

    def __init__(self, faults: list[ProjectFault]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class Project:
    """A team's project.

    Attributes:
        name: that of the package in its pyproject.toml.
        root: its folder, an absolute path.
        handlers: the name of the package of its handlers, which has a module for each of its tags.
        commands: what it adds to the `charter` command, such as `services.commands:import_projects`.
    """

    name: str
    root: Path
    handlers: str = "handlers"
    commands: tuple[str, ...] = ()

    @property
    def pyproject(self) -> Path:
        """The file that marks and names it."""
        return self.root / FILE

    @property
    def openapi(self) -> Path:
        """The folder of its part of the document."""
        return self.root / "openapi"

    @property
    def document(self) -> Path:
        """The root file of its part of the document."""
        return self.openapi / "openapi.yaml"

    @property
    def migrations(self) -> Path:
        """The folder of its migrations."""
        return self.root / "migrations"

    @property
    def models(self) -> str:
        """The name of the package of its models."""
        return "models"


def find_project(environ: Mapping[str, str], start: Path) -> Project | None:
    """Return the project that CHARTER_PROJECT names, else the one that a folder is in; None if it is in none.

    Args:
        environ: the environment variables.
        start: the folder to start from, usually the working directory; those above it are searched after it.

    Raises:
        ProjectError: CHARTER_PROJECT names no project, or the pyproject.toml of the project is wrong.
    """
    if chosen := environ.get(VARIABLE, "").strip():
        return _read(Path(chosen).absolute(), start, demanded=True)
    for folder in (start.absolute(), *start.absolute().parents):
        if project := _read(folder, start, demanded=False):
            return project
    return None


@overload
def _read(root: Path, start: Path, *, demanded: Literal[True]) -> Project: ...
@overload
def _read(root: Path, start: Path, *, demanded: Literal[False]) -> Project | None: ...
def _read(root: Path, start: Path, *, demanded: bool) -> Project | None:
    """Return the project of a folder; None if it is no project, which is an error if it is demanded."""
    path = root / FILE
    shown = path.relative_to(start).as_posix() if path.is_relative_to(start) else str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        if not demanded:
            return None
        message = f"{VARIABLE} names {root}, whose {FILE} cannot be read: {error.strerror}."
        raise ProjectError([ProjectFault(shown, 1, message, "Name the folder of a project.")]) from None
    if not demanded and not _MARKS.search(raw):
        return None
    values = _parsed(raw, shown)
    table = values.get("tool", {}).get("charter") if isinstance(values.get("tool"), dict) else None
    if table is None:
        if not demanded:
            return None
        message = f"{VARIABLE} names {root}, which is not a project: its {FILE} has no table [tool.charter]."
        raise ProjectError([ProjectFault(shown, 1, message, "Add the table, or name another folder.")])
    lines = _Lines(raw.decode("utf-8"), shown)
    name = values["project"].get("name") if isinstance(values.get("project"), dict) else None
    if faults := [*_name_faults(name, lines), *_table_faults(table, lines)]:
        raise ProjectError(faults)
    return Project(str(name), root, commands=tuple(table.get("commands", ())))


def hidden_modules(project: Project, path: Sequence[str]) -> list[ProjectFault]:
    """Return a fault for each module of the project that takes the place of one that Charter or Python needs.

    The folder of the project comes first in the import path.

    Args:
        path: where modules are imported from.
    """
    others = [place for place in path if Path(place or ".").resolve() != project.root.resolve()]
    faults = []
    for entry in sorted(project.root.iterdir()):
        is_package = (entry / "__init__.py").is_file()
        name = entry.name if is_package else entry.stem
        if name in _ITS_PACKAGES or not (is_package or (entry.suffix == ".py" and name.isidentifier())):
            continue
        if name in sys.stdlib_module_names or PathFinder.find_spec(name, others):
            file = f"{entry.name}/__init__.py" if is_package else entry.name
            owner = "of Python" if name in sys.stdlib_module_names else "that is installed"
            faults.append(ProjectFault(file, 1, f"This hides the module {name} {owner}.", "Give it another name."))
    return faults


def commands_fault(project: Project, message: str, fix: str) -> ProjectFault:
    """Return a fault at the line that names the commands of a project."""
    return _Lines(project.pyproject.read_text(encoding="utf-8"), FILE).fault("tool.charter", "commands", message, fix)


def _parsed(raw: bytes, shown: str) -> dict[str, Any]:
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ProjectError([ProjectFault(shown, line, "The file is not UTF-8.", "Save it as UTF-8.")]) from None
    except tomllib.TOMLDecodeError as error:
        found = _LINE_OF_TOML_ERROR.search(str(error))
        line = int(found[1]) if found and found[1] else raw.rstrip().count(b"\n") + 1
        problem = _LINE_OF_TOML_ERROR.sub("", str(error)).rstrip()
        message = f"This is not TOML: {problem[:1].lower()}{problem[1:]}."
        raise ProjectError([ProjectFault(shown, line, message, "Correct the syntax.")]) from None


@dataclass(frozen=True, slots=True)
class _Lines:
    """Where tables and keys are in a TOML file that could be parsed."""

    text: str
    file: str

    def fault(self, table: str, key: str | None, message: str, fix: str) -> ProjectFault:
        """Return a fault at the line of a key, else of its table, else of the file."""
        here, at = "", 1
        for number, line in enumerate(self.text.splitlines(), 1):
            if header := re.match(r"\s*\[+\s*([^\]#]*?)\s*\]", line):
                here = re.sub(r"\s|[\"']", "", header[1])
                at = number if here == table else at
            elif key and here == table and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line):
                at = number
                break
        return ProjectFault(self.file, at, message, fix)


def _name_faults(name: object, lines: _Lines) -> Iterator[ProjectFault]:
    fix = "Write a word of lower-case letters, digits, hyphens and underscores that begins with a letter, such as shop."
    if name is None:
        yield lines.fault("project", None, "The project has no name.", f"Add `name` to [project]. {fix}")
    elif not isinstance(name, str) or not NAME.fullmatch(name):
        yield lines.fault("project", "name", f"{name!r} cannot be the name of a project.", fix)
    elif name == OWN_NAME:
        message = f"The project is called {OWN_NAME}, as the package that it uses."
        yield lines.fault("project", "name", message, "Choose another name.")


def _table_faults(table: object, lines: _Lines) -> Iterator[ProjectFault]:
    if not isinstance(table, dict):
        yield lines.fault("tool", "charter", "tool.charter is not a table.", "Write [tool.charter].")
        return
    for key in sorted(set(table) - _KEYS):
        similar = get_close_matches(key, _KEYS, n=1)
        fix = f"Write {similar[0]}, or remove it." if similar else "Remove it."
        yield lines.fault("tool.charter", key, f"There is no key {key} in [tool.charter].", fix)
    commands = table.get("commands", [])
    if not isinstance(commands, list) or not all(isinstance(c, str) and _COMMAND.fullmatch(c) for c in commands):
        fix = 'Write a list such as ["services.commands:import_projects"].'
        yield lines.fault("tool.charter", "commands", f"{commands!r} are no commands.", fix)
