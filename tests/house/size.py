"""How large the code is, room by room, and what in it is longest: `make size`. It prints, and judges nothing."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.house.repository import files, shown

ROOMS = ("app", "charter", "handlers", "models", "migrations", "openapi", "sdk", "tests")
LONGEST = 10
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Measured(NamedTuple):
    """A file, or a function in one; lines are those of code, without blanks, comments and docstrings."""

    name: str
    lines: int


def code_lines(text: str, tree: ast.Module) -> set[int]:
    """Return the numbers of the lines of a Python text that hold code: no blanks, comments or docstrings.

    Args:
        tree: the text, parsed.
    """
    documented: set[int] = set()
    quoted: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if ast.get_docstring(node, clean=False) is not None:
                documented.update(_span(node.body[0]))
        elif isinstance(node, ast.Constant | ast.JoinedStr):
            quoted.update(_span(node))
    return {
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and number not in documented and (number in quoted or not line.lstrip().startswith("#"))
    }


def functions(path: Path) -> Iterator[Measured]:
    """Yield every function of a Python file, methods and inner ones too, by its qualified name."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    held = code_lines(text, tree)
    stack: list[tuple[str, ast.AST]] = [("", tree)]
    while stack:
        prefix, node = stack.pop()
        for child in ast.iter_child_nodes(node):
            name = prefix
            if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
                name = f"{prefix}{child.name}."
                if not isinstance(child, ast.ClassDef):
                    yield Measured(f"{shown(path)}:{child.lineno} {name[:-1]}", len(held.intersection(_span(child))))
            if not isinstance(child, ast.expr):
                stack.append((name, child))


def size_of(path: Path) -> int:
    """Return the lines of code of a Python or YAML file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return len(code_lines(text, ast.parse(text)))
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in text.splitlines())


def report() -> str:
    """Return the tables: rooms, longest files, longest functions."""
    rooms = {room: files(f"{room}/*.py", f"{room}/*.yaml") for room in ROOMS}
    sizes = {path: size_of(path) for paths in rooms.values() for path in paths}
    whole = sum(sizes.values())
    rows = [
        (room, str(len(paths)), str(lines), f"{100 * lines / whole:.1f} %")
        for room, paths in rooms.items()
        for lines in [sum(sizes[path] for path in paths)]
    ]
    rows.append(("all", str(len(sizes)), str(whole), "100.0 %"))
    parts = [_table(("room", "files", "lines", "share"), rows)]
    for title, folders in (("outside tests", ROOMS[:-1]), ("in tests", ROOMS[-1:])):
        chosen = [path for room in folders for path in rooms[room]]
        parts.append(_longest(f"longest files {title}", (Measured(shown(path), sizes[path]) for path in chosen)))
        found = (function for path in chosen if path.suffix == ".py" for function in functions(path))
        parts.append(_longest(f"longest functions {title}", found))
    return "\n\n".join(parts)


def _span(node: ast.stmt | ast.expr) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _longest(title: str, measured: Iterable[Measured]) -> str:
    most = sorted(measured, key=lambda item: (-item.lines, item.name))[:LONGEST]
    return _table((title, "lines"), [(item.name, str(item.lines)) for item in most])


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return columns as wide as their widest cell, all but the first to the right."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines
    )


if __name__ == "__main__":
    print(report())
