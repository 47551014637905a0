"""One change of the document, and what must be found."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
GONE = object()
"""The value of what is removed."""


@dataclass(frozen=True)
class Edit:
    """A change.

    Args:
        name: says what is done.
        rules: the ids of exactly the rules that apply.
        changes: the new value at each path; GONE removes it, a function computes it from the old one.
    """

    name: str
    rules: tuple[str, ...]
    changes: dict[Path, Any]

    def applied(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return a changed copy of a document."""
        changed = copy.deepcopy(document)
        for path, value in self.changes.items():
            holder: Any = changed
            for step in path[:-1]:
                holder = _step(holder, step)
            if value is GONE:
                del holder[path[-1]]
            else:
                holder[path[-1]] = value(holder[path[-1]]) if isinstance(value, Callable) else value
        return changed


def _step(holder: Any, step: Any) -> Any:
    return holder[step] if isinstance(holder, list) else holder.setdefault(step, {})


def edit(name: str, rules: str, *pairs: Any) -> Edit:
    """Return an edit.

    Args:
        name: says what is done.
        rules: ids, separated by spaces.
        pairs: path, value, path, value …
    """
    return Edit(name, tuple(rules.split()), dict(zip(pairs[::2], pairs[1::2], strict=True)))
