"""Whatever normalises text looks at its length first: the functions that do stand in one place."""

import ast

from tests.house.repository import ROOT, check, files, shown

ALLOWED = {
    "unicodedata": {"app/text.py"},
    "idna": {"app/addresses.py"},
    # Beside itself, these are told by name: both fold text, and what is folded is compared.
    ".casefold": {"app/text.py"},
    ".swapcase": set[str](),
}


def test_text_is_normalised_in_one_place_only() -> None:
    found = [
        f"{shown(path)}:{line}: {name}"
        for path in files("*.py")
        if path.relative_to(ROOT).parts[0] in ("app", "handlers", "models", "charter")
        for name, line in _named(ast.parse(path.read_text(encoding="utf-8")))
        if name in ALLOWED and shown(path) not in ALLOWED[name]
    ]
    check(found, "Call a function of app/text.py or app/addresses.py instead: they check the length first.")


def _named(tree: ast.AST) -> list[tuple[str, int]]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name.split(".")[0], node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(((node.module or "").split(".")[0], node.lineno))
        elif isinstance(node, ast.Attribute):
            found.append((f".{node.attr}", node.lineno))
    return found
