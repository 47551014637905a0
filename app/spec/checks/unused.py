"""Permissions and events that are listed, but that no operation uses."""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from app.spec.checks.check import KnownNames
from app.spec.document import Fault
from app.spec.events import DeclaredEvent
from app.spec.operation import Operation
from app.spec.permissions import Permission
from app.spec.policy import listed_permissions


def check_unused_names(
    operations: Collection[Operation],
    permissions: Mapping[str, Permission],
    events: Mapping[str, DeclaredEvent],
    known: KnownNames,
) -> Iterator[Fault]:
    """Yield a fault for each permission that no operation requires, and each event that nothing records.

    Those of Charter that a project no longer uses stay: its roles may hold them, and its trail may have them.
    """
    required = {permission for operation in operations for permission in listed_permissions(operation)}
    for properties in known.write_permissions.values():
        required |= {permission for _, permission in properties}
    for name, permission in permissions.items():
        if (
            name not in required
            and not permission.place.inherited
            and not _is_misspelt(name, required - {*permissions})
        ):
            yield Fault(permission.place, f"No operation requires the permission {name}.", "Use it or remove it.")
    recorded = {str(operation.body.get("x-audit")) for operation in operations}
    for name, event in events.items():
        if _is_misspelt(name, recorded - {*events}):
            continue
        if name not in recorded and not event.by_command and not event.place.inherited:
            fix = "Use it, remove it, or add `by: cli` if the command records it."
            yield Fault(event.place, f"No operation records the event {name}.", fix)


def _is_misspelt(name: str, unknown: Collection[str]) -> bool:
    """Return whether an operation may mean this name by one that does not exist, which is the fault."""
    return bool(get_close_matches(name, unknown))
