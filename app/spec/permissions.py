"""The permissions: read from permissions.yaml, with the built-in roles that hold them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.security.permissions import EVERYBODY
from app.spec.catalogue import Catalogue, is_described, read_catalogue
from app.spec.document import Place
from app.spec.document.yaml_text import YamlText

GRAMMAR = re.compile(r"[a-z][a-z0-9_]*:[a-z][a-z0-9_]*")
# The built-in roles except admin, which holds all permissions without being listed.
BUILT_IN_ROLES = ("guest", "user")
_KEYS = frozenset({"description", "roles"})


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission, `resource:action`.

    Attributes:
        roles: the built-in roles that hold it, besides admin.
    """

    description: str
    roles: tuple[str, ...]
    place: Place


def load_permissions(files: Catalogue | Path) -> dict[str, Permission]:
    """Read the permissions by name.

    Args:
        files: mappings from permission to `description` and `roles`. A project may override the roles that hold a
            permission of Charter's.

    Raises:
        DocumentError: with every fault, each with its file and line.
    """
    return {
        name: Permission(entry["description"], tuple(entry["roles"]), place)
        for name, (entry, place) in read_catalogue(files, _is_valid, overridable=("roles",)).items()
    }


def _is_valid(text: YamlText, permission: str, entry: Any, line: int) -> bool:
    before = len(text.faults)
    if not GRAMMAR.fullmatch(permission):
        text.fault(line, f"{permission} is not a valid permission.", "Write resource:action in lower case.")
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        text.fault(line, f"{permission} must have a description and roles, and no other key.", "Correct the keys.")
        return False
    is_described(text, permission, entry, line)
    roles = entry["roles"]
    if permission in EVERYBODY and isinstance(roles, list) and set(map(str, roles)) < set(BUILT_IN_ROLES):
        text.fault(line, f"Every role holds {permission}.", f"Write `roles: [{', '.join(BUILT_IN_ROLES)}]`.")
    if not isinstance(roles, list) or not set(map(str, roles)) <= set(BUILT_IN_ROLES) or len(set(roles)) < len(roles):
        text.fault(
            line,
            f"The roles of {permission} are not a list of built-in roles.",
            f"List each of {', '.join(BUILT_IN_ROLES)} at most once; admin holds all permissions unlisted.",
        )
    return len(text.faults) == before
