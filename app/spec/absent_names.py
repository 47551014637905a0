"""Texts that name an operation which clients of a project do not see, because it is omitted or hidden."""

import re
from collections.abc import Iterator
from typing import Any

from app.spec.document import Document, Fault, nodes

_KEYS = ("summary", "description")


def texts_with_absent_names(document: Document) -> Iterator[Fault]:
    """Yield a warning for each text in the document of the clients that names an operation they do not see.

    An operationId of one word, such as `login`, is an ordinary word, too, and is not looked for.
    """
    choices = document.choices
    names = [name for name in (*choices.omitted, *choices.hidden) if "_" in name]
    if not names:
        return
    absent = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
    published = document.published()
    for node in nodes(published.bundle):
        for key in _KEYS:
            if match := absent.search(_text(node.mapping.get(key))):
                message = f"This text names {match[0]}, which clients do not see."
                yield Fault(published.where((*node.pointer, key)), message, _fix(published, (*node.pointer, key)))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _fix(document: Document, pointer: tuple[str | int, ...]) -> str:
    if document.where(pointer).inherited:
        return "Replace the text in overlay.yaml."
    return "Write it without that name."
