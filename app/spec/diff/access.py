"""Compare who may call an operation: permission, owner, security."""

from typing import Any

from app.spec.diff.comparison import Comparison, Spot
from app.spec.owned_rows import OwnedRow

_ANYONE = "no token"


def compare_access(comparison: Comparison, old: Spot, new: Spot) -> None:
    """Compare the access to two operations."""
    _compare_permissions(comparison, old, new)
    _compare_owner(comparison, old, new)
    _compare_security(comparison, old, new)


def _compare_permissions(comparison: Comparison, old: Spot, new: Spot) -> None:
    before, after = _permissions(old), _permissions(new)
    if new.get("x-public") and not old.get("x-public"):
        comparison.report("public-access-added", new, "Everyone may call the operation.", "x-public")
        return
    if old.get("x-public") and not new.get("x-public"):
        text = f"Callers now need {' and '.join(after) or 'a token'}."
        comparison.report("public-access-removed", new, text, "x-permission")
        return
    for name in [name for name in after if name not in before]:
        comparison.report(
            "permission-required", new, f"Callers need the permission `{name}`.", "x-permission", detail=name
        )
    for name in [name for name in before if name not in after]:
        text = f"Callers no longer need the permission `{name}`."
        comparison.report("permission-waived", new if after else old, text, "x-permission", detail=name)


def _permissions(operation: Spot) -> list[str]:
    written = operation.get("x-permission") or []
    return written if isinstance(written, list) else [written]


def _compare_owner(comparison: Comparison, old: Spot, new: Spot) -> None:
    before, after = old.get("x-owner"), new.get("x-owner")
    if before == after:
        return
    if before is None:
        text = f"The owner, named by `{_owner(after)}`, needs no permission."
        comparison.report("owner-access-added", new, text, "x-owner")
    else:
        text = f"The owner was named by `{_owner(before)}`" + (
            f" and is now by `{_owner(after)}`." if after else " and has no rights now."
        )
        comparison.report("owner-access-removed", new if after else old, text, "x-owner")


def _owner(written: Any) -> str:
    return str((OwnedRow.of(written) if isinstance(written, dict) else None) or written)


def _compare_security(comparison: Comparison, old: Spot, new: Spot) -> None:
    before, after = _alternatives(old, {}), _alternatives(new, renamed_schemes(old.root, new.root))
    # Where no token is needed, one that is sent does no harm.
    for shown in [shown for shown in before if shown not in after and _ANYONE not in after]:
        text = f"Callers can no longer authenticate with {shown}."
        spot = new if "security" in new.value else old
        comparison.report("security-alternative-removed", spot, text, "security", detail=shown)
    for shown in [shown for shown in after if shown not in before]:
        spot = new if "security" in new.value else old
        comparison.report("security-alternative-added", spot, f"Callers can use {shown}.", "security", detail=shown)


def renamed_schemes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, str]:
    """Return the former names of the security schemes that only have another name, by their name in the new document.

    Args:
        old: the whole document that clients know.
        new: the whole new document.
    """
    before, after = (dict((root.get("components") or {}).get("securitySchemes") or {}) for root in (old, new))
    return {
        name: former
        for former in before
        if former not in after
        for name in after
        if name not in before and definition_of(after[name]) == definition_of(before[former])
    }


def definition_of(scheme: dict[str, Any]) -> dict[str, Any]:
    """Return what a security scheme is, without its description."""
    return {key: value for key, value in scheme.items() if key != "description"}


def _alternatives(operation: Spot, former_names: dict[str, str]) -> list[str]:
    written: list[dict[str, Any]] = operation.get("security", operation.root.get("security", []))
    named = [{former_names.get(name, name): scopes for name, scopes in each.items()} for each in written]
    return [_shown(requirement) for requirement in named] or [_ANYONE]


def _shown(requirement: dict[str, list[str]]) -> str:
    return " and ".join(f"{name} {scopes or ''}".strip() for name, scopes in sorted(requirement.items())) or _ANYONE
