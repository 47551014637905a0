"""The import statements of a module that is written: those of the names that its text uses."""

import re
from collections.abc import Mapping

_STANDARD = {"Any": "typing", "UUID": "uuid"}
_OTHERS = {
    **dict.fromkeys(
        (
            "Context", "CursorPage", "Listing", "MAX_COUNTED", "Page", "Result", "check_if_match", "errors", "execute",
            "fetch", "fetch_one", "fetch_value", "rfc3339", "transaction",
        ),
        "charter",
    ),
    **dict.fromkeys(("Record", "User", "choice", "moment", "reference", "text", "version"), "charter.models"),
    **dict.fromkeys(("People", "Person", "data", "refusal"), "charter.testing"),
    **dict.fromkeys(
        (
            "BooleanField", "DateField", "DecimalField", "DoubleField", "IntegerField",
            "JSONField", "SQL", "Select", "UUIDField", "fn",
        ),
        "peewee",
    ),
}  # fmt: skip


def with_imports(text: str, own: Mapping[str, str]) -> str:
    """Return a module with its imports below the first line, which is its docstring.

    Args:
        own: names of the project's, with the module or package that each is imported from.
    """
    docstring, _, body = text.partition("\n")
    code = re.sub(r'"""(?s:.*?)"""|"[^"\n]*"', _only_braces, body)
    blocks = [_statements(code, names) for names in (_STANDARD, {**_OTHERS}, own)]
    if re.search(r"\bpytest\.", code):
        blocks[1].insert(0, "import pytest")
    made = "\n\n".join("\n".join(block) for block in blocks if block)
    body = body.lstrip("\n")
    gap = "\n\n\n" if body.startswith(("def ", "class ", "@")) else "\n\n"
    return f"{docstring}\n\n{made}{gap}{body}" if made else f"{docstring}\n{gap[1:]}{body}"


def _only_braces(found: re.Match[str]) -> str:
    """Return the parts of a text in quotes that are code in an f-string."""
    return " ".join(re.findall(r"\{[^{}]*\}", found[0]))


def _statements(code: str, names: Mapping[str, str]) -> list[str]:
    used: dict[str, list[str]] = {}
    for name, module in names.items():
        if re.search(rf"(?<![.\w]){name}\b(?!=[^=])", code):
            used.setdefault(module, []).append(name)
    return [f"from {module} import {', '.join(sorted(used[module], key=order))}" for module in sorted(used)]


def order(name: str) -> tuple[int, str]:
    """Return what ruff sorts imported names by: constants, classes, functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)
