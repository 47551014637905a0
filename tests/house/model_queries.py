"""The queries that code makes with the models: which tables they use, and which privileges they need."""

import ast
from collections.abc import Iterator
from pathlib import Path

import models

# Peewee's own ways to run a query, of a model or of what a query returned.
_OF_A_MODEL = {"count", "create", "exists", "first", "get", "get_by_id", "get_or_create", "get_or_none", "scalar"}
_OF_ANYTHING = {"bulk_create", "bulk_update", "delete_by_id", "delete_instance", "execute", "iterator", "save"}

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
        changes = node.func.attr == "on_conflict" and "action" not in {keyword.arg for keyword in node.keywords}
        if (changes or node.func.attr == "for_update") and (model := _beginning(node.func.value)):
            yield _table(model), "UPDATE"


def own_ways(path: Path) -> Iterator[str]:
    """Yield what runs a query in a way of Peewee's own, outside the functions of `charter`, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, begins_with_a_model = node.func.attr, _beginning(node.func.value) is not None
            # A function of ours that saves something takes it as an argument.
            ours = name == "save" and node.args
            if (name in _OF_ANYTHING and not ours) or (name in _OF_A_MODEL and begins_with_a_model):
                yield f"line {node.lineno}: .{name}()"
        elif isinstance(node, ast.For | ast.comprehension) and _beginning(node.iter) is not None:
            yield f"line {node.iter.lineno}: a loop over a query"


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
