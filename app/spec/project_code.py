"""The Python files of a project: none reaches into the private modules of Charter, or hides the package.

What is public is in the package `charter`; everything else may change with any release.
"""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from app.project import Project
from app.spec.document import Fault, Place
from app.spec.document.sources import file_name

_PACKAGE = "charter"
# In a checkout Charter's private code is the package `app`; a project may have a package of that name.
_PRIVATE_IN_CHECKOUT = "app"
# A file without one of these has no reach, and is not parsed.
_SUSPICIOUS = re.compile(rb"\bcharter\b[^\n]*(\._|\b_)|\bimport\s+\(|^\s*(from|import)\s+app\b", re.MULTILINE)
_NOT_OURS = frozenset({"node_modules", "__pycache__", "build", "dist", "site-packages"})
_FIX = f"Use what `import {_PACKAGE}` offers."


def check_project_code(project: Project) -> Iterator[Fault]:
    """Yield a fault for each use of a private module, and for a module of the project that is called charter."""
    for path in (project.root / _PACKAGE, project.root / f"{_PACKAGE}.py"):
        if path.is_file() or (path / "__init__.py").is_file():
            file = path if path.is_file() else path / "__init__.py"
            yield Fault(_place(project, file, 1), f"This hides the package {_PACKAGE}.", "Give it another name.")
    private = {_PRIVATE_IN_CHECKOUT} if not _has_module(project.root, _PRIVATE_IN_CHECKOUT) else set()
    for path in python_files(project.root):
        try:
            raw = path.read_bytes()
            tree = ast.parse(raw) if _SUSPICIOUS.search(raw) else None
        except (OSError, SyntaxError, ValueError):
            continue  # where it matters, importing it will say so
        for line, name in _reaches(tree, private) if tree else ():
            yield Fault(_place(project, path, line), f"{name} is private to Charter.", _FIX)


def python_files(root: Path) -> Iterator[Path]:
    """Yield the Python files of a project, but for environments and what is hidden or built."""
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in _NOT_OURS and not (here / name / "pyvenv.cfg").is_file()
        )
        yield from (here / name for name in sorted(files) if name.endswith(".py"))


def _reaches(tree: ast.AST, private: set[str]) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each private module that is used."""
    for node in ast.walk(tree):
        for name in _names(node):
            first, *rest = name.split(".")
            if first in private or (first == _PACKAGE and any(_is_private(each) for each in rest)):
                yield node.lineno, name  # type: ignore[attr-defined]  # imports, attributes and calls have a line
                break


def _names(node: ast.AST) -> list[str]:
    """Return the dotted names that a node imports or uses."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == _PACKAGE:
        return [f"{_PACKAGE}.{node.attr}"]
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        value = node.args[0].value
        if isinstance(value, str) and value.startswith(f"{_PACKAGE}._"):  # import_module("charter._…")
            return [value]
    return []


def _is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def _has_module(root: Path, name: str) -> bool:
    return (root / name).is_dir() or (root / f"{name}.py").is_file()


def _place(project: Project, path: Path, line: int) -> Place:
    return Place(file_name(path, project.openapi), line)
