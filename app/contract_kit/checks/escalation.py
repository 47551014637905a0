"""Nobody gives, takes or touches what they do not hold: one permission is no way to the others."""

from typing import Any

from app.contract_kit.kit import Kit
from app.contract_kit.person import Person

# Operations on accounts and roles, with the permissions of a caller who must not reach an admin by them.
_ON_ACCOUNTS: dict[str, Any] = {
    "set_user_role": {"role": "guest"},
    "suspend_user": {"reason": "none"},
    "restore_user": None,
    "update_user": {"email_verified": True},
    "delete_user": None,
}


def check(kit: Kit) -> None:
    """Try to rise, and to act on somebody who has more rights."""
    for name, body in _ON_ACCOUNTS.items():
        if name in kit.document and name not in kit.skipped:
            with kit.trying(name, "an account with more rights"):
                _refused(kit, name, kit.people.spare_admin().id, body)
    target = kit.people.target().id
    for name in ("create_user", "create_role", "update_role", "set_user_role"):
        if name in kit.document and name not in kit.skipped:
            with kit.trying(name, "more rights than the caller has"):
                _rising(kit, name, target)


def _caller(kit: Kit, *names: str) -> Person:
    needed = {permission for name in names for permission in kit.document[name].permissions}
    return kit.people.tailor(frozenset(needed | {part for name in names for _, part in kit.document[name].guarded}))


def _refused(kit: Kit, name: str, user_id: str, body: Any) -> None:
    caller = _caller(kit, name)
    response = kit.call(name, caller, values={"user_id": user_id}, body=body)
    kit.expect_status(response, 403, code="FORBIDDEN", why="the account has permissions that the caller lacks")


def _rising(kit: Kit, name: str, target: str) -> None:
    caller = _caller(kit, name)
    everything = sorted(kit.people.held["admin"] - kit.people.held[caller.role])[:1]
    role = {"name": kit.unique("risen"), "description": "None.", "permissions": everything}
    account = {"email": kit.people.address("new"), "password": kit.people.password(), "role": "admin"}
    requests: dict[str, dict[str, Any]] = {
        "create_user": {"body": account},
        "create_role": {"body": role},
        "update_role": {"values": {"role_name": caller.role}, "body": {"permissions": everything}},
        "set_user_role": {"values": {"user_id": target}, "body": {"role": "admin"}},
    }
    response = kit.call(name, caller, **requests[name])
    if response.ok:
        kit.values.note(kit.document[name], response)
    kit.expect_status(response, 403, code="FORBIDDEN", why="it gives a permission that the caller lacks")
