"""The built-in roles `user` and `guest` hold what the document gives them; `admin` holds everything anyway."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from app.database import run, transaction
from app.identifiers import new_id
from app.services.roles import GUEST, USER

_NAMES = [GUEST, USER]

_HELD = """
SELECT r.name, ARRAY(SELECT permission FROM role_permissions WHERE role_id = r.id)
FROM roles r WHERE r.name = ANY(%(names)s) ORDER BY r.name
"""

# Lighter than FOR UPDATE: accounts can be made meanwhile.
_LOCK = "SELECT id FROM roles WHERE name = ANY(%(names)s) ORDER BY id FOR NO KEY UPDATE"

_GIVE = """
INSERT INTO role_permissions (id, role_id, permission, created_at)
SELECT made.id, r.id, made.permission, %(now)s
FROM unnest(%(ids)s::uuid[], %(added)s::text[]) AS made (id, permission), roles r WHERE r.name = %(role)s
"""

_TAKE = """
DELETE FROM role_permissions p USING roles r
WHERE r.id = p.role_id AND r.name = %(role)s AND p.permission = ANY(%(removed)s::text[])
"""

_RENEW = "UPDATE roles SET version = DEFAULT, updated_at = %(now)s WHERE name = %(role)s"


class Difference(NamedTuple):
    """What a role lacks of what it is given, and holds beyond it; both sorted."""

    role: str
    added: list[str]
    removed: list[str]


def differences(*, given: Mapping[str, Collection[str]]) -> list[Difference]:
    """Return each built-in role that holds something else than it is given.

    Args:
        given: every permission of the document, with the built-in roles that hold it besides admin.
    """
    found = []
    for role, rows in run(_HELD, {"names": _NAMES}):
        wanted, held = _held_by(role, given), frozenset(rows)
        if wanted != held:
            found.append(Difference(role, sorted(wanted - held), sorted(held - wanted)))
    return found


def bring_in_line(*, given: Mapping[str, Collection[str]], now: datetime) -> list[Difference]:
    """Have the built-in roles hold what they are given and nothing else; whoever comes second finds nothing to do.

    Args:
        given: as `differences`.

    Returns:
        What was changed.
    """
    with transaction():
        # A statement of its own: the next one sees what was committed while this one waited.
        run(_LOCK, {"names": _NAMES})
        changes = differences(given=given)
        for role, added, removed in changes:
            run(_TAKE, {"role": role, "removed": removed})
            run(_GIVE, {"role": role, "ids": [new_id() for _ in added], "added": added, "now": now})
            run(_RENEW, {"role": role, "now": now})
    return changes


def _held_by(role: str, given: Mapping[str, Iterable[str]]) -> frozenset[str]:
    return frozenset(permission for permission, roles in given.items() if role in roles)
