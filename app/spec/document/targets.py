"""The kinds of targets that the audit trail records: what the paths of the document name, and Charter's own."""

import re
from collections.abc import Iterable
from typing import Any

# The rows of the command and of earlier releases have these, even if the document leaves their operations out.
_ALWAYS = ("user", "role", "session", "setting")

# `badge_id` and `badge_name` name a badge, and `key` names a setting.
_PARAMETER = re.compile(r"([a-z][a-z0-9_]*)_(?:id|name)")
PLACEHOLDER = "{audit_targets}"


def target_of(path: str) -> tuple[str, str] | None:
    """Return the kind of what the last parameter of a path names, and the parameter; None if it names no target."""
    parameters = re.findall(r"\{([^{}]*)\}", path)
    name = parameters[-1] if parameters else ""
    if name == "key":
        return "setting", name
    match = _PARAMETER.fullmatch(name)
    return (match[1], name) if match else None


def write_target_kinds(bundle: dict[str, Any]) -> None:
    """Write the kinds into the parameters that ask for one: into the description, and into the pattern."""
    parameters = bundle.get("components", {}).get("parameters", {})
    kinds = _kinds(bundle["paths"])
    words = [f"`{kind}`" for kind in kinds]
    for parameter in parameters.values():
        if not isinstance(parameter, dict):
            continue
        schema = parameter.get("schema")
        _replace(parameter, "description", f"{', '.join(words[:-1])} or {words[-1]}")
        if isinstance(schema, dict):
            _replace(schema, "pattern", f"({'|'.join(kinds)})")


def _kinds(paths: Iterable[Any]) -> list[str]:
    named = {target[0] for path in paths if (target := target_of(str(path)))}
    return [*_ALWAYS, *sorted(named - {*_ALWAYS})]


def _replace(node: dict[str, Any], key: str, text: str) -> None:
    if isinstance(node.get(key), str):
        node[key] = node[key].replace(PLACEHOLDER, text)
