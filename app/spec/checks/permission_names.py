"""The enum of permissions that clients import: it has the names of permissions.yaml."""

from collections.abc import Iterator, Mapping

from app.spec.document import Document, Fault
from app.spec.permissions import Permission
from app.spec.suggestions import suggest

_SCHEMA = ("components", "schemas", "PermissionName")


def check_permission_names(document: Document, permissions: Mapping[str, Permission]) -> Iterator[Fault]:
    """Yield a fault for each permission that the enum lacks, and for each of its values that is not a permission."""
    schema = document.bundle.get("components", {}).get("schemas", {}).get(_SCHEMA[-1])
    if not isinstance(schema, dict):
        return
    names, place = schema.get("enum", []), document.where((*_SCHEMA, "enum"))
    for name in permissions:
        if name not in names:
            message = f"The schema PermissionName lacks the permission {name}."
            yield Fault(place, message, f"Add the line `- {name}` to its enum.")
    for name in names:
        if name not in permissions:
            fix = suggest(name, permissions, "Remove it, or list it in permissions.yaml.")
            yield Fault(place, f"The enum of PermissionName has {name}, which is not a permission.", fix)
