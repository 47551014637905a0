"""The numbers of rate limits, cache policies and step-ups: declared in policies.yaml, replaced by the environment.

The configuration needs them, and it is the lowest layer: nothing that reads the document can be used here.
"""

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from app import config_parsers as parse
from app import resources
from app.config_checks import ConfigError, ConfigFault, value_fault
from app.project import find_project

Kind = Literal["rate_limits", "cache", "step_ups"]


class _Form(NamedTuple):
    """How the numbers of a kind are written.

    Attributes:
        prefix: of the environment variables.
        key: of the number in the file.
        read: takes the text of a number, in the file or in a variable.
    """

    prefix: str
    key: str
    read: Callable[[str], Any]


_FORMS: Mapping[str, _Form] = {
    "rate_limits": _Form("LIMIT_", "limit", parse.bucket),
    "cache": _Form("CACHE_", "seconds", parse.whole(1, 86_400)),
    "step_ups": _Form("STEP_UP_", "seconds", parse.whole(60, 86_400)),
}
_NAME = re.compile("[a-z][a-z0-9]*(_[a-z0-9]+)*")
# What x-rate-limit says where there is no limit.
_RESERVED = frozenset({"none"})
_Loader: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_Pairs = list[tuple[yaml.Node, yaml.Node]]


@dataclass(frozen=True, slots=True)
class PolicyNumber:
    """A declared number.

    Attributes:
        variable: the environment variable that replaces it.
        default: as the configuration has it.
        about: what it means, without its first capital and its full stop.
        place: file and line.
    """

    kind: str
    name: str
    variable: str
    default: Any
    about: str
    place: str


@dataclass(frozen=True, slots=True)
class PolicyNumbers:
    """All declared numbers, in the order of their files."""

    declared: tuple[PolicyNumber, ...]

    def of(self, kind: Kind) -> tuple[PolicyNumber, ...]:
        """Return those of a kind."""
        return tuple(one for one in self.declared if one.kind == kind)

    def values(self, kind: Kind, environ: Mapping[str, str], faults: list[ConfigFault]) -> dict[str, Any]:
        """Return the numbers of a kind by name: that of the environment, else the declared one.

        Args:
            environ: variables; an empty one is ignored, and one that is wrong is added to the faults.
        """
        values = {}
        for one in self.of(kind):
            values[one.name] = one.default
            if text := environ.get(one.variable, "").strip():
                try:
                    values[one.name] = _FORMS[kind].read(text)
                except ValueError as error:
                    faults.append(value_fault(one.variable, text, str(error), secret=False))
        return values

    def taken(self, known: Collection[str]) -> list[ConfigFault]:
        """Return a fault for each number whose variable means something else.

        Args:
            known: the other variables.
        """
        return [
            ConfigFault(
                one.variable,
                f"{one.place}: {one.name} would have the variable {one.variable}, which means something else.",
                "choose another name",
            )
            for one in self.declared
            if one.variable in known
        ]


def policy_files() -> tuple[Path, ...]:
    """Return the files that declare the numbers of this process: Charter's, and those of the project it runs in."""
    project = find_project(os.environ, Path.cwd()) if resources.CHECKOUT is None else None
    folders = [resources.OPENAPI, *([project.openapi] if project else [])]
    return tuple(folder / "policies.yaml" for folder in folders)


def defaults(kind: Kind) -> dict[str, Any]:
    """Return the declared numbers of a kind by name."""
    return {one.name: one.default for one in read().of(kind)}


def read(paths: Iterable[Path] | None = None) -> PolicyNumbers:
    """Read what the files declare; a file that does not exist declares nothing.

    Args:
        paths: None: those of this process, which are read once.

    Raises:
        ConfigError: with every fault, each with its file and line.
    """
    return _read_once(policy_files()) if paths is None else _read(paths)


def _read(paths: Iterable[Path]) -> PolicyNumbers:
    reader = _Reader()
    for path in paths:
        if path.is_file():
            reader.read(path)
    if reader.faults:
        raise ConfigError(reader.faults)
    return PolicyNumbers(tuple(reader.found.values()))


_read_once = cache(_read)


def _shown(path: Path) -> str:
    """Return how faults name a file: that of Charter as in the document, others from the working directory."""
    if path.parent == resources.OPENAPI and resources.CHECKOUT is None:
        return f"charter:{path.name}"
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else path.as_posix()


class _Reader:
    def __init__(self) -> None:
        self.found: dict[tuple[str, str], PolicyNumber] = {}
        self.faults: list[ConfigFault] = []
        self._file = ""

    def read(self, path: Path) -> None:
        self._file = _shown(path)
        try:
            root = yaml.compose(path.read_text("utf-8"), Loader=_Loader)
        except UnicodeDecodeError as error:
            self._fault(error.object.count(b"\n", 0, error.start) + 1, "The file is not UTF-8.", "save it as UTF-8")
            return
        except (yaml.YAMLError, OSError) as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or str(error).splitlines()[0]
            self._fault(mark.line + 1 if mark else 1, f"This cannot be read: {problem}.", "correct it")
            return
        for kind, line, entries in self._mapping(root, 1, "This file"):
            if kind not in _FORMS:
                self._fault(line, f"There is no {kind}.", f"choose one of {', '.join(_FORMS)}")
                continue
            for name, at, entry in self._mapping(entries, line, kind):
                self._add(kind, name, at, entry)

    def _add(self, kind: str, name: str, line: int, entry: yaml.Node) -> None:
        form, before = _FORMS[kind], len(self.faults)
        parts = {key: (node, at) for key, at, node in self._mapping(entry, line, name)}
        if not _NAME.fullmatch(name) or name in _RESERVED:
            self._fault(line, f"{name} is not a valid name of {kind}.", "write words in lower case with _ between them")
        if set(parts) != {form.key, "description"}:
            self._fault(line, f"{name} must have {form.key} and description, and no other key.", "correct the keys")
        if len(self.faults) > before:
            return
        number, about = (self._text(*parts[key]) for key in (form.key, "description"))
        place, variable = f"{self._file}:{line}", f"{form.prefix}{name.upper()}"
        try:
            default = form.read(number)
        except ValueError as error:
            predicate, _, fix = str(error).partition("; ")
            said = f', not "{number}"' if predicate.startswith("must ") else ""
            self._fault(parts[form.key][1], f"The {form.key} of {name} {predicate}{said}.", fix)
        if not re.fullmatch(r"[A-Z].*\.", about):
            self._fault(
                parts["description"][1], f"The description of {name} is not a sentence.", "write one line of it"
            )
        if (kind, name) in self.found:
            self._fault(line, f"{self.found[kind, name].place} declares {name}, too.", "choose another name")
        if len(self.faults) == before:
            about = about[0].lower() + about[1:-1]
            self.found[kind, name] = PolicyNumber(kind, name, variable, default, about, place)

    def _mapping(self, node: Any, line: int, what: str) -> Iterable[tuple[str, int, yaml.Node]]:
        """Yield key, line and value of each entry of a mapping; any other node is a fault."""
        if not isinstance(node, yaml.MappingNode):
            self._fault(line, f"{what} is not a mapping.", "write names with their numbers into it")
            return
        yield from self._entries(node.value)

    def _entries(self, pairs: _Pairs) -> Iterator[tuple[str, int, yaml.Node]]:
        seen: set[str] = set()
        for key, value in pairs:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                self._fault(line, f"The key {getattr(key, 'value', '')} is here twice, or is no text.", "correct it")
                continue
            seen.add(key.value)
            yield key.value, line, value

    def _text(self, node: yaml.Node, line: int) -> str:
        if isinstance(node, yaml.ScalarNode):
            return str(node.value).strip()
        self._fault(line, "This must be one value, not a list or a mapping.", "write a number or a sentence")
        return ""

    def _fault(self, line: int, message: str, fix: str) -> None:
        place = f"{self._file}:{line}"
        self.faults.append(ConfigFault(place, f"{place}: {message}", fix))
