"""Adds what an operation needs to modules that exist: its handler, and the functions and imports that this one uses."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.scaffold.module_edit import OWN_PACKAGES, Module, module_path, names_in, read_module, with_code


@dataclass(slots=True)
class Additions:
    """What operations need that is not there.

    Attributes:
        functions: names of functions and classes by path.
        imports: (module, name) by path.
        problems: why it cannot be added, each with file and line.
    """

    functions: dict[str, list[str]] = field(default_factory=dict)
    imports: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def include(self, other: "Additions") -> None:
        """Take over what another operation needs."""
        for path, names in other.functions.items():
            own = self.functions.setdefault(path, [])
            own += [name for name in names if name not in own]
        for path, imports in other.imports.items():
            self.imports.setdefault(path, set()).update(imports)


class Appender:
    """The modules of a resource: as they are, and as they would be written for all of its operations.

    Args:
        root: the folder of the project.
        made: the text of each Python file by path, as it would be written.
    """

    def __init__(self, root: Path, made: Mapping[str, str]) -> None:
        self._root = root
        self._made = {
            module_path(root, path.removesuffix(".py").replace("/", ".")): read_module(text, path)
            for path, text in made.items()
            if not path.endswith("__init__.py")
        }
        self._known: dict[str, Module | None] = {}

    def needed(self, handlers: str, operation: str, test: str) -> Additions:
        """Return what an operation needs.

        Args:
            handlers: the module of its handler.
            test: the path of its tests, which are written, too.

        Raises:
            SyntaxError: a file that exists is not Python.
        """
        found = Additions()
        self._need(module_path(self._root, handlers), operation, found)
        for name, origin in self._made[test].bound.items():
            if isinstance(origin, str):
                self._need_imported(name, origin, self._made[test].tree, found)
        return found

    def texts(self, additions: Additions) -> Iterator[tuple[str, str | None, str]]:
        """Yield the path, the present text and the new text of each file; a file without a present text is new."""
        for path, names in additions.functions.items():
            known, made = self._module(path, additions), self._made[path]
            blocks = [made.source(name) for name in made.bound if name in names]
            imports = additions.imports.get(path, ())
            if known is None:
                known = read_module(f'"""{ast.get_docstring(made.tree, clean=False)}"""\n', path)
                yield path, None, with_code(known, imports, blocks)
            else:
                yield path, known.text, with_code(known, imports, blocks)

    def shown(self, additions: Additions) -> str:
        """Return what is to be added, as a person would write it."""
        parts = []
        for path, names in additions.functions.items():
            if path.startswith("tests/"):
                continue  # only the tests of the operation need it, and they are not written
            blocks = [self._made[path].source(name) for name in self._made[path].bound if name in names]
            text = with_code(read_module("", path), additions.imports.get(path, ()), blocks)
            parts.append(f"# {path}\n\n{text.strip()}")
        return "\n\n".join(parts)

    def _module(self, path: str, found: Additions) -> Module | None:
        """Return a module that exists."""
        if path not in self._known:
            file = self._root / path
            if not file.is_file():
                self._known[path] = None
            else:
                raw = file.read_bytes()
                if problem := _cannot_keep(raw):
                    found.problems.append(f"{path}:{problem}")
                self._known[path] = read_module(raw, str(file))
        return self._known[path]

    def _need(self, path: str, name: str, found: Additions) -> None:
        names = found.functions.get(path, [])
        if name in names:
            return
        known, made = self._module(path, found), self._made[path]
        if known is not None and known.line_of(name):
            there, wanted = known.arguments(name), made.arguments(name)
            if there is not None and wanted is not None and there != wanted:
                takes = f"{name} takes ({', '.join(there)}), not ({', '.join(wanted)})"
                found.problems.append(f"{path}:{known.line_of(name)}: {takes}")
            return
        found.functions[path] = [*names, name]
        node = made.bound[name]
        assert isinstance(node, ast.AST)
        for used in sorted(names_in(node) & made.bound.keys() - {name}):
            origin = made.bound[used]
            if not isinstance(origin, str):
                self._need(path, used, found)
                continue
            if known is None or known.bound.get(used) != origin:
                if known is not None and (line := known.line_of(used)):
                    found.problems.append(f"{path}:{line}: {used} is not what {_statement(origin)} gives")
                found.imports.setdefault(path, set()).add(_pair(origin))
            self._need_imported(used, origin, node, found)

    def _need_imported(self, name: str, origin: str, node: ast.AST, found: Additions) -> None:
        """Let there be what a name is imported from, if that is in the project."""
        module, original = _pair(origin)
        if module == "services":
            for attribute in _attributes(node, name):
                self._need(module_path(self._root, f"services.{original}"), attribute, found)
            return
        path = module_path(self._root, module)
        # A model that does not exist is written together with its migration.
        is_new_model = module.startswith("models.") and not (self._root / path).is_file()
        if module.partition(".")[0] in OWN_PACKAGES and path in self._made and not is_new_model:
            self._need(path, original, found)


def with_rows(page: str, made: str, names: Sequence[str]) -> str:
    """Return a feature page with the rows of operations at the end of its table; as it is if it has no such table.

    Args:
        made: the page as it would be written for all operations.
    """
    rows = [line for name in names for line in made.splitlines(keepends=True) if line.startswith(f"| `{name}` |")]
    header = next(line for line in made.splitlines(keepends=True) if line.startswith("|"))
    before, found, after = page.partition(header)
    if not found:
        return page
    lines = after.splitlines(keepends=True)
    end = next((number for number, line in enumerate(lines) if not line.startswith("|")), len(lines))
    return "".join([before, header, *lines[:end], *(row for row in rows if row not in lines), *lines[end:]])


def _pair(origin: str) -> tuple[str, str]:
    module, _, name = origin.partition(":")
    return module, name


def _statement(origin: str) -> str:
    return "from {} import {}".format(*_pair(origin))


def _attributes(node: ast.AST, name: str) -> Sequence[str]:
    """Return the attributes of a name that a piece of code uses."""
    found = [
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == name
    ]
    return list(dict.fromkeys(found))


def _cannot_keep(raw: bytes) -> str | None:
    """Return the line, and why the text of a file would not stay as it is if something was added; None if it would."""
    if b"\r" in raw:
        return f"{raw[: raw.index(13)].count(10) + 1}: the line ends as on Windows"
    if raw.startswith(b"\xef\xbb\xbf"):
        return "1: the file begins with a byte order mark"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"{raw.count(10, 0, error.start) + 1}: the line is not UTF-8"
    return None
