"""The SQL texts in the code: found in the syntax tree, and named by the constant or function that holds them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from peewee import SQL, Model

from app.database import Database, run, run_in_autocommit

# Upper case, and followed by more: a help text begins with `Set`, a privilege is the one word.
_VERBS = "SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|TRUNCATE|LOCK|SHOW|NOTIFY|COPY|VALUES"
_BEGINS = re.compile(rf"\s*\(?({_VERBS})\s+\S")
# Whatever these get is SQL. Named by what they are, so that a new name of one is not overlooked.
_RUNNERS = {function.__name__ for function in (run, run_in_autocommit, Database.execute_sql, Model.raw)}
# In a piece of SQL, a verb counts wherever it stands and however it is written.
_FRAGMENT = SQL.__name__
_VERB = re.compile(rf"\b({_VERBS})\s+\S", re.IGNORECASE)


def sql_texts(path: Path) -> set[str]:
    """Return the names of what holds SQL in a file: `_FIND`, `find()`, or `Store.find()`.

    A text is SQL if it begins with an SQL verb in capitals, if it is passed to what runs SQL, such as `run`, or if it
    is passed to Peewee's `SQL` and has a verb in it.
    """
    return set(_in_body(ast.parse(path.read_text(encoding="utf-8")).body, prefix=""))


def _in_body(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _in_body(node.body, f"{prefix}{node.name}.")
        elif any(_is_sql(part) for part in _walk(node)):
            yield f"{prefix}{_name(node)}"


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return f"{node.name}()"
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    return target.id if isinstance(target, ast.Name) else f"line {node.lineno}"


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what `ast.walk` does, without the constant parts of f-strings: each is a part of a text, and no text."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
            yield from _walk(child)


def _is_sql(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        passed = _text(node.args[0]) if node.args else None
        return passed is not None and (name in _RUNNERS or (name == _FRAGMENT and _VERB.search(passed) is not None))
    text = _text(node)
    return text is not None and _BEGINS.match(text) is not None


def _text(node: ast.AST) -> str | None:
    """Return a string, or what an f-string begins with."""
    if isinstance(node, ast.JoinedStr):
        begin = _text(node.values[0]) if node.values else None
        return None if begin is None else f"{begin}{{}}"
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
