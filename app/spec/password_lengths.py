"""The lengths of new passwords: the files of the document have the widest limits, a server those of its configuration.

So clients that read the served document know the limits of the deployment, and a password that is too short is told the
right length at once. Released documents stay as they are written.
"""

from typing import Any

_SCHEMA = "NewPassword"
_LENGTHS = ("minLength", "maxLength")


def set_password_lengths(bundle: dict[str, Any], *, minimum: int, maximum: int) -> None:
    """Write limits into the schema of new passwords, if the document has it and allows shorter or longer ones."""
    schema = _schema(bundle)
    if schema is not None:
        schema["minLength"] = max(minimum, schema.get("minLength", 0))
        schema["maxLength"] = min(maximum, schema.get("maxLength", maximum))


def copy_password_lengths(served: dict[str, Any], written: dict[str, Any]) -> None:
    """Write the limits of a served document into one from files, so that a comparison does not find them.

    Only where the files allow them: a deployment may demand more than its release.
    """
    ours, theirs = _schema(served), _schema(written)
    if ours is not None and theirs is not None and all(isinstance(ours.get(name), int) for name in _LENGTHS):
        set_password_lengths(written, minimum=ours["minLength"], maximum=ours["maxLength"])


def _schema(bundle: dict[str, Any]) -> dict[str, Any] | None:
    schema = bundle.get("components", {}).get("schemas", {}).get(_SCHEMA)
    return schema if isinstance(schema, dict) and schema.get("type") == "string" else None
