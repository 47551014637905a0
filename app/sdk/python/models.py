"""What the generator of models does not do by itself: names of the members of enums, and secrets that stay hidden."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.sdk.document import GenerationError, resolve

_CLASS = re.compile(r"^class (\w+):$", re.MULTILINE)
_FIELD = r"^(    (?:{names}): [^=\n]+?)( = UNSET)?$"


def name_members(document: dict[str, Any]) -> None:
    """Give each member of an enum the name that its value reads as: `users:read` is USERS_READ.

    A value that begins with a minus sign means a descending order: `-email` is EMAIL_DESCENDING.

    Raises:
        GenerationError: two values of an enum would have the same name.
    """
    for name, schema in document["components"]["schemas"].items():
        values = schema.get("enum", ())
        if values and all(isinstance(value, str) for value in values):
            members = [_member(value) for value in values]
            if len(set(members)) < len(members):
                raise GenerationError(f"Two values of {name} would have the same name in Python.")
            schema["x-enum-varnames"] = members


def _member(value: str) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "_", value).strip("_").upper()
    if value.startswith("-"):
        words += "_DESCENDING"
    return words if words[:1].isalpha() else f"VALUE_{words}"


def hide_secrets(document: dict[str, Any], folder: Path) -> None:
    """Have no model show a property with the format `password` when it is printed.

    Args:
        folder: has the models that were written from the document.
    """
    for path in folder.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        found = _CLASS.search(text)
        names = list(_secrets(document, found[1])) if found else []
        if names:
            field = re.compile(_FIELD.format(names="|".join(names)), re.MULTILINE)
            path.write_text(field.sub(_hidden, text), encoding="utf-8")


def _secrets(document: dict[str, Any], name: str) -> Iterator[str]:
    schema = document["components"]["schemas"].get(name, {})
    for key, value in schema.get("properties", {}).items():
        if resolve(document, value).get("format") == "password":
            yield key


def _hidden(match: re.Match[str]) -> str:
    default = "default=UNSET, " if match[2] else ""
    return f"{match[1]} = _attrs_field({default}repr=False)"
