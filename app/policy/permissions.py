"""The permissions there are: read from permissions.yaml, with the built-in roles that hold them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.policy.document import DocumentError, Fault, Place
from app.policy.document.bundle import file_name
from app.policy.document.yaml_text import YamlText, read_yaml

GRAMMAR = re.compile(r"[a-z][a-z0-9_]*:[a-z][a-z0-9_]*")
# Every built-in role but admin, which holds all permissions without being listed.
BUILT_IN_ROLES = ("guest", "user")
_KEYS = frozenset({"description", "roles"})


@dataclass(frozen=True, slots=True)
class Permission:
    """One right, `resource:action`.

    Attributes:
        roles: built-in roles that hold it besides admin.
    """

    description: str
    roles: tuple[str, ...]
    place: Place


def load_permissions(path: Path) -> dict[str, Permission]:
    """Read the permissions by name.

    Args:
        path: a mapping from permission to `description` and `roles`.

    Raises:
        DocumentError: with every fault by file and line.
    """
    name = file_name(path, path.parent)
    if not path.is_file():
        raise DocumentError([Fault(Place(name, 1), "This file does not exist.", "Write it.")])
    text = read_yaml(path.read_bytes(), name)
    found = {}
    if isinstance(text.value, dict):
        lines = text.lines[id(text.value)].children
        for permission, entry in text.value.items():
            if _is_sound(text, permission, entry, lines[permission]):
                place = Place(name, lines[permission])
                found[permission] = Permission(entry["description"], tuple(entry["roles"]), place)
    elif not text.faults:
        text.fault(1, "This file is not a mapping.", "Write permissions into it.")
    if text.faults:
        raise DocumentError(text.faults)
    return found


def _is_sound(text: YamlText, permission: str, entry: Any, line: int) -> bool:
    before = len(text.faults)
    if not GRAMMAR.fullmatch(permission):
        text.fault(line, f"{permission} is not a permission.", "Write resource:action in small letters.")
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        text.fault(line, f"{permission} needs a description and roles, and nothing else.", "Write these two keys.")
        return False
    if not isinstance(entry["description"], str) or not entry["description"].strip():
        text.fault(line, f"{permission} has no description.", "Say what it allows.")
    roles = entry["roles"]
    if not isinstance(roles, list) or not set(map(str, roles)) <= set(BUILT_IN_ROLES) or len(set(roles)) < len(roles):
        text.fault(
            line,
            f"The roles of {permission} are not a list of built-in roles.",
            f"List each of {', '.join(BUILT_IN_ROLES)} at most once; admin holds everything unlisted.",
        )
    return len(text.faults) == before
