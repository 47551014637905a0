"""The error codes that a team's code raises: each is one of errors.yaml. The code is read, not run."""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

from app.spec.document import Fault, Place
from app.spec.document.sources import file_name
from app.spec.project_code import python_files
from app.spec.suggestions import suggest

_MODULE = "charter.errors"
# The second is the class of the first.
_NAMES = ("declared", "DeclaredError")


def raised_code_faults(folders: Collection[Path], codes: Collection[str]) -> Iterator[Fault]:
    """Yield a fault for each code that is not declared, and for a call of `errors.declared` that does not write it out.

    A code is the argument of `errors.declared`, the argument `code` of another error, or the attribute `code` of a
    class that derives from one.

    Args:
        folders: with Python files; one that does not exist has none.
        codes: those of errors.yaml.
    """
    for folder in folders:
        for path in sorted(python_files(folder)):
            raw = path.read_bytes()
            # Parsing takes much longer than this search, and most files raise no such error.
            if b"errors" in raw and (b"code" in raw or any(f"{name}(".encode() in raw for name in _NAMES)):
                yield from sorted(_faults_of(path, raw, codes), key=lambda fault: fault.place.line)


def _faults_of(path: Path, raw: bytes, codes: Collection[str]) -> Iterator[Fault]:
    try:
        tree = ast.parse(raw)
    except (SyntaxError, ValueError):
        return  # the import of the module tells it better
    imported = _imported(tree)
    for node in ast.walk(tree):
        code: ast.expr | None = None
        if isinstance(node, ast.Call) and (name := _error_name(node.func, imported)):
            code = next((one.value for one in node.keywords if one.arg == "code"), None)
            if name in _NAMES:
                code = node.args[0] if node.args else code
                if not isinstance(code, ast.Constant) or not isinstance(code.value, str):
                    place = Place(file_name(path, path.parent), node.lineno)
                    fix = 'Write it out: errors.declared("CODE").'
                    yield Fault(place, "errors.declared is called without a code.", fix)
        elif isinstance(node, ast.ClassDef) and any(_error_name(base, imported) for base in node.bases):
            code = next(filter(None, map(_class_code, node.body)), None)
        if isinstance(code, ast.Constant) and isinstance(code.value, str) and code.value not in codes:
            place = Place(file_name(path, path.parent), code.lineno)
            fix = suggest(code.value, codes, "Declare it in errors.yaml.")
            yield Fault(place, f"There is no error code {code.value}.", fix)


def _imported(tree: ast.AST) -> dict[str, str]:
    """Return what a module imports from charter.errors, by the name that it has here."""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == _MODULE
        for alias in node.names
    }


def _error_name(node: ast.expr, imported: dict[str, str]) -> str | None:
    """Return the name of an error in charter.errors; None for any other expression."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "errors":
        return node.attr
    return imported.get(node.id) if isinstance(node, ast.Name) else None


def _class_code(node: ast.stmt) -> ast.expr | None:
    """Return the value that a statement in a class gives to `code`."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    named = any(isinstance(target, ast.Name) and target.id == "code" for target in targets)
    return node.value if named and isinstance(node, ast.Assign | ast.AnnAssign) else None
