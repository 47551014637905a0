"""The queries that code makes with the models: which tables they use, and which privileges they need."""

import ast
from collections.abc import Iterator
from pathlib import Path

import models

_NEEDS = {
    "select": ("SELECT",),
    "insert": ("INSERT",),
    "insert_many": ("INSERT",),
    "update": ("SELECT", "UPDATE"),
    "delete": ("SELECT", "DELETE"),
}


def privileges(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (table, privilege) for each query of a file that begins with a model, such as `Role.select(…)`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if model := _model(node.func.value):
            for privilege in _NEEDS.get(node.func.attr, ()):
                yield _table(model), privilege
        if node.func.attr in ("join", "left_outer_join") and node.args and (joined := _model(node.args[0])):
            yield _table(joined), "SELECT"
        if node.func.attr in ("for_update", "on_conflict") and (model := _beginning(node.func.value)):
            yield _table(model), "UPDATE"


def _beginning(node: ast.expr) -> str | None:
    """Return the model that a chain of calls begins with."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    return _model(node)


def _model(node: ast.expr) -> str | None:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
    return name if name in models.__all__ else None


def _table(model: str) -> str:
    return str(getattr(models, model)._meta.table_name)
