"""The enum of permissions that clients import gets the permissions of a project."""

from collections.abc import Iterable
from typing import Any

from app.spec.document import Document, resolve

SCHEMA = "PermissionName"


def add_permission_names(document: Document, permissions: Iterable[str]) -> None:
    """Add the permissions that the enum lacks. A document without the schema stays as it is."""
    schema: Any = resolve(document.bundle, document.bundle["components"].get("schemas", {}).get(SCHEMA))
    if isinstance(schema, dict) and isinstance(schema.get("enum"), list):
        schema["enum"] = sorted({*map(str, schema["enum"]), *permissions})
