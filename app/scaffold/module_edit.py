"""Adds functions and imports to a Python module, and changes nothing else in it."""

import ast
import sys
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from app.scaffold.imports import order, statement

OWN_PACKAGES = frozenset({"handlers", "models", "services", "tests"})
"""The packages of a project."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module that has been read.

    Attributes:
        bound: what each name at the top is: a function or class, or where it is imported from; else None.
        doubtful: names that are bound inside of another statement, such as `if TYPE_CHECKING`, with their lines.
    """

    text: str
    tree: ast.Module
    bound: Mapping[str, ast.AST | str | None]
    doubtful: Mapping[str, int] = field(default_factory=dict)

    def line_of(self, name: str) -> int:
        """Return the line where a name is bound; 0 if it is not."""
        for node in self.tree.body:
            if any(each == name for each, _ in _bindings(node)):
                return node.lineno
        return self.doubtful.get(name, 0)

    def arguments(self, name: str) -> list[str] | None:
        """Return the names of the arguments of a function; None if it is no function here."""
        node = self.bound.get(name)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return None
        given = node.args
        return [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]

    def source(self, name: str) -> str:
        """Return the text of a function or class, without a line break at its end."""
        node = self.bound[name]
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        return "".join(self.text.splitlines(keepends=True)[first - 1 : node.end_lineno]).rstrip("\n")


def read_module(content: str | bytes, name: str) -> Module:
    """Return a module with the names that it binds; `name` is that of its file, for errors.

    Raises:
        SyntaxError: it is not Python.
    """
    tree = ast.parse(content, name)
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    bound = {name: value for node in tree.body for name, value in _bindings(node)}
    nested = {
        name: node.lineno
        for outer in tree.body
        if isinstance(outer, ast.If | ast.Try | ast.With | ast.For | ast.While)
        for node in ast.walk(outer)
        if isinstance(node, ast.stmt)
        for name, _ in _bindings(node)
    }
    return Module(text, tree, bound, {name: line for name, line in nested.items() if name not in bound})


def _bindings(node: ast.stmt) -> Iterator[tuple[str, ast.AST | str | None]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name, node
    elif isinstance(node, ast.ImportFrom):
        dots = "." * node.level
        yield from ((each.asname or each.name, f"{dots}{node.module or ''}:{each.name}") for each in node.names)
    elif isinstance(node, ast.Import):
        yield from ((each.asname or each.name.partition(".")[0], each.name) for each in node.names)
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [each for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
        yield from ((each.id, None) for each in names)


def module_path(root: Path, module: str) -> str:
    """Return the path of a module of the project, which may be a package."""
    path = module.replace(".", "/")
    return f"{path}/__init__.py" if (root / path / "__init__.py").is_file() else f"{path}.py"


def names_in(node: ast.AST) -> set[str]:
    """Return every name that a piece of code uses."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def with_code(module: Module, imports: Iterable[tuple[str, str]], blocks: Sequence[str]) -> str:
    """Return the text of a module with more imports, and with functions at its end.

    Args:
        imports: (module, name) of names that the module does not bind.
        blocks: the text of each function.
    """
    text = module.text if module.text.endswith("\n") else f"{module.text}\n"
    wanted: dict[str, set[str]] = {}
    for source, name in imports:
        wanted.setdefault(source, set()).add(name)
    for source in sorted(wanted, key=_rank):
        text = _with_import(read_module(text, ""), source, wanted[source])
    return "".join([text, *(f"\n\n{block}\n" for block in blocks)])


def _with_import(module: Module, source: str, names: set[str]) -> str:
    start, end, text = _import_edit(module, source, names)
    lines = module.text.splitlines(keepends=True)
    lines[start:end] = [text]
    return "".join(lines)


def _import_edit(module: Module, source: str, names: set[str]) -> tuple[int, int, str]:
    """Return the lines that a statement replaces, and its text."""
    statements = [node for node in module.tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    rank = _rank(source)
    for node in statements:
        if isinstance(node, ast.ImportFrom) and node.module == source and not node.level and _is_plain(module, node):
            known = [(each.name, f"{each.name} as {each.asname}" if each.asname else each.name) for each in node.names]
            return node.lineno - 1, node.end_lineno or 0, _statement(source, [*known, *((n, n) for n in names)])
    text = _statement(source, [(name, name) for name in names])
    earlier = [node for node in statements if _rank_of(node) <= rank]
    if earlier and _rank_of(earlier[-1])[0] == rank[0]:
        end = earlier[-1].end_lineno or 0
        return end, end, text
    later = [node for node in statements if _rank_of(node) > rank]
    if later:
        start = later[0].lineno - 1
        return start, start, text if _rank_of(later[0])[0] == rank[0] else f"{text}\n"
    if statements:
        end = statements[-1].end_lineno or 0
        return end, end, f"\n{text}"
    docstring = module.tree.body[0] if ast.get_docstring(module.tree, clean=False) is not None else None
    end = (docstring.end_lineno or 0) if docstring else 0
    return end, end, f"\n{text}" if docstring else f"{text}\n"


def _statement(source: str, names: Sequence[tuple[str, str]]) -> str:
    written = [text for _, text in sorted(dict.fromkeys(names), key=lambda pair: order(pair[0]))]
    return statement(source, written) + "\n"


def _is_plain(module: Module, node: ast.ImportFrom) -> bool:
    """Return whether nothing but the statement is on its lines: no comment, no other statement, no star."""
    lines = module.text.splitlines()[node.lineno - 1 : node.end_lineno]
    tokens = list(tokenize.generate_tokens(StringIO("\n".join(lines) + "\n").readline))
    odd = any(token.type == tokenize.COMMENT or token.string in (";", "*") for token in tokens)
    return not odd and not node.col_offset


def _rank_of(node: ast.Import | ast.ImportFrom) -> tuple[int, str]:
    if isinstance(node, ast.Import):
        # These come before the others of their section.
        return _rank(node.names[0].name)[0], ""
    return (4, "") if node.level else _rank(node.module or "")


def _rank(source: str) -> tuple[int, str]:
    """Return the section of an import as ruff sorts them, and its place there."""
    first = source.partition(".")[0]
    if first == "__future__":
        return 0, source
    if first in sys.stdlib_module_names:
        return 1, source
    return (3 if first in OWN_PACKAGES else 2), source
