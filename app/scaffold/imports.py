"""The import statements of a module that is written: those of the names that its text uses."""

import ast
from collections.abc import Mapping, Sequence, Set

WIDTH = 120
"""The length of a line in a project."""

_STANDARD = {"Any": "typing", "UUID": "uuid"}
_OTHERS = {
    **dict.fromkeys(
        (
            "Context", "CursorPage", "Listing", "Page", "Result", "check_if_match", "errors", "execute", "fetch_one",
            "fetch_value", "page_of", "rfc3339", "transaction",
        ),
        "charter",
    ),
    **dict.fromkeys(("Record", "User", "choice", "flag", "moment", "reference", "text", "version"), "charter.models"),
    **dict.fromkeys(("People", "Person", "data", "refusal"), "charter.testing"),
    **dict.fromkeys(
        (
            "BooleanField", "DateField", "DecimalField", "DoubleField", "IntegerField",
            "JSONField", "UUIDField",
        ),
        "peewee",
    ),
}  # fmt: skip
IMPORTED = frozenset({*_STANDARD, *_OTHERS, "pytest"})
"""The names that the modules import from others than the project."""
MODEL_FUNCTIONS = frozenset(name for name, module in _OTHERS.items() if module == "charter.models" and name.islower())
"""The functions that make the fields of models."""


def with_imports(text: str, own: Mapping[str, str]) -> str:
    """Return a module with its imports below the first line, which is its docstring.

    Args:
        own: names of the project's, with the module or package that each is imported from.
    """
    docstring, _, body = text.partition("\n")
    used = {
        node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    blocks = [_statements(used, names) for names in (_STANDARD, _OTHERS, own)]
    if "pytest" in used:
        blocks[1].insert(0, "import pytest")
    made = "\n\n".join("\n".join(block) for block in blocks if block)
    body = body.lstrip("\n")
    gap = "\n\n\n" if body.startswith(("def ", "class ", "@")) else "\n\n"
    if not made:
        return f"{docstring}\n{gap[1:]}{body}" if body else f"{docstring}\n"
    return f"{docstring}\n\n{made}{gap}{body}"


def _statements(used: Set[str], names: Mapping[str, str]) -> list[str]:
    by_module: dict[str, list[str]] = {}
    for name in names.keys() & used:
        by_module.setdefault(names[name], []).append(name)
    return [statement(module, sorted(by_module[module], key=order)) for module in sorted(by_module)]


def statement(module: str, names: Sequence[str]) -> str:
    """Return an import statement, without a line break at its end, as ruff lays it out."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {each},\n" for each in names) + ")"


def order(name: str) -> tuple[int, str]:
    """Return what ruff sorts imported names by: constants, classes, functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)
