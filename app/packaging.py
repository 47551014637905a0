"""How the wheel is built from the checkout: setuptools calls it, nothing else does, and the wheel leaves it out.

In the checkout, Charter's code has the names `app`, `handlers` and `models`. A team's project has packages of these
names, too, so in the wheel all of Charter is in `charter`: the private packages and the files that they read move to
`charter/_internal/`, and the import statements change with them. Nothing else in a file changes, and each line stays
where it is (docs/decisions/0025).
"""

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

from setuptools.command.build_py import build_py
from setuptools.command.egg_info import egg_info

PRIVATE = "charter._internal"
MOVED = ("app", "handlers", "models")
DATA = {"migrations": "migrations", "openapi": "openapi", "sdk_layers": "sdk"}
"""Folders without packages: what pyproject.toml calls them, as parts of `app`, and their names."""
LEFT_OUT = ("app/packaging.py",)

_DOCSTRING = '"""Charter\'s own code. It may change with any release: import from `charter` instead."""\n'

Edit = tuple[int, int, str, str]
"""A line and a byte in it, counted from 1 and 0; what is there, and what replaces it."""


class BuildPackages(build_py):
    """Puts the packages into the wheel, and leaves them where they are for an editable installation."""

    def run(self) -> None:
        """Copy what pyproject.toml lists, then move and change it."""
        if self.editable_mode:
            super().run()
            return
        # What an earlier build left there would be packed, too.
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        arrange(Path(self.build_lib))
        shutil.copy("LICENSE", Path(self.build_lib, *PRIVATE.split(".")))


class NamePackages(egg_info):
    """Says in the metadata which name is installed."""

    def write_file(self, what: str, filename: str, data: str) -> None:
        """Write a file of the metadata."""
        super().write_file(what, filename, "charter\n" if Path(filename).name == "top_level.txt" else data)


def arrange(folder: Path) -> None:
    """Move the private packages in a folder to their place in the wheel, and change their names in every import.

    Raises:
        ValueError: an import cannot be changed; with the file, the line and the fix.
    """
    # Every file is read before the first is written or moved.
    changed = {path: renamed(path.read_bytes(), path.relative_to(folder)) for path in folder.rglob("*.py")}
    for path, source in changed.items():
        path.write_bytes(source)
    for name in LEFT_OUT:
        (folder / name).unlink()
    private = folder.joinpath(*PRIVATE.split("."))
    private.mkdir()
    (private / "__init__.py").write_text(_DOCSTRING, encoding="utf-8")
    for part, name in DATA.items():
        (folder / "app" / part).rename(private / name)
    for name in MOVED:
        (folder / name).rename(private / name)


def renamed(source: bytes, path: Path) -> bytes:
    """Return a file whose import statements name the packages as the wheel does.

    Args:
        path: named if an import cannot be changed.

    Raises:
        ValueError: as of `arrange`.
    """
    lines = source.splitlines(keepends=True)
    edits = [edit for node in ast.walk(ast.parse(source)) for edit in _edits(node, path)]
    for line, start, old, new in sorted(edits, reverse=True):
        text = lines[line - 1]
        end = start + len(old)
        if text[start:end] != old.encode():
            raise ValueError(f"{path}:{line}: This import cannot be renamed. Write it as ruff formats it.")
        lines[line - 1] = text[:start] + new.encode() + text[end:]
    return b"".join(lines)


def _edits(node: ast.AST, path: Path) -> Iterator[Edit]:
    if isinstance(node, ast.ImportFrom) and node.module and _is_moved(node.module) and not node.level:
        old = f"from {node.module} "
        yield node.lineno, node.col_offset, old, f"from {PRIVATE}.{node.module} "
    elif isinstance(node, ast.Import):
        for alias in node.names:
            if not _is_moved(alias.name):
                continue
            if alias.asname is None and "." in alias.name:
                package, _, module = alias.name.rpartition(".")
                fix = f"Write `from {package} import {module}`."
                raise ValueError(f"{path}:{alias.lineno}: `import {alias.name}` binds the name of a package. {fix}")
            bound = "" if alias.asname else f" as {alias.name}"
            yield alias.lineno, alias.col_offset, alias.name, f"{PRIVATE}.{alias.name}{bound}"


def _is_moved(module: str) -> bool:
    return module.partition(".")[0] in MOVED
