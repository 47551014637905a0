"""The error codes that a team's code raises: each is one of errors.yaml. The code is read, not run."""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

from app.spec.document import Fault, Place
from app.spec.document.sources import file_name
from app.spec.project_code import python_files
from app.spec.suggestions import suggest

# The second is the class of the first.
_NAMES = ("declared", "DeclaredError")


def raised_code_faults(folders: Collection[Path], codes: Collection[str]) -> Iterator[Fault]:
    """Yield a fault for each call of `errors.declared` whose code is not declared, or is not written out.

    Args:
        folders: with Python files; one that does not exist has none.
        codes: those of errors.yaml.
    """
    for folder in folders:
        for path in sorted(python_files(folder)):
            raw = path.read_bytes()
            # Parsing takes much longer than this search, and most files raise no such error.
            if any(f"{name}(".encode() in raw for name in _NAMES):
                yield from _faults_of(path, raw, codes)


def _faults_of(path: Path, raw: bytes, codes: Collection[str]) -> Iterator[Fault]:
    try:
        tree = ast.parse(raw)
    except (SyntaxError, ValueError):
        return  # the import of the module tells it better
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not _is_call(node):
            continue
        place = Place(file_name(path, path.parent), node.lineno)
        code = node.args[0] if node.args else next((one.value for one in node.keywords if one.arg == "code"), None)
        if not isinstance(code, ast.Constant) or not isinstance(code.value, str):
            yield Fault(place, "errors.declared is called without a code.", 'Write it out: errors.declared("CODE").')
        elif code.value not in codes:
            fix = suggest(code.value, codes, "Declare it in errors.yaml.")
            yield Fault(place, f"There is no error code {code.value}.", fix)


def _is_call(node: ast.Call) -> bool:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr in _NAMES and isinstance(function.value, ast.Name) and function.value.id == "errors"
    return isinstance(function, ast.Name) and function.id in _NAMES
