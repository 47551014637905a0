"""Everybody who might call an operation, and what the document's policy makes of each."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.security.permissions import EVERYBODY
from tests.integration.every_operation.described import Described, Ending
from tests.integration.every_operation.requests import Request
from tests.integration.every_operation.world import World

# name -> whose token it is; None: nobody's, or one got for the occasion.
_TOKENS: Mapping[str, str | None] = {
    "nobody": None,
    "guest": "guest",
    "user": "user",
    "owner": "owner",
    "admin": "admin",
    "just_that_permission": "tailored",
    "everything_else": "tailored",
    "suspended": "suspended",
    "revoked_session": "ended",
    "expired_token": "expired",
    "tampered_token": "tampered",
    "signed_in_long_ago": None,
}
# In front of a permission, where an operation needs several.
_ALL_BUT = "everything_but_"
_BEFORE_A_DECISION = {
    "nobody": Ending(401, "UNAUTHENTICATED"),
    "expired_token": Ending(401, "INVALID_TOKEN"),
    "tampered_token": Ending(401, "INVALID_TOKEN"),
}
_SESSION_OVER = {"suspended": "account_suspended", "revoked_session": "session_ended"}


class Verdict(NamedTuple):
    """What a caller must meet.

    Attributes:
        fields: properties of the body that are refused by name.
        decision: the columns of the one row of the trail; None: there must be none.
        event: (action, outcome) of the one event; None: there must be none.
    """

    ending: Ending
    fields: tuple[str, ...]
    decision: dict[str, Any] | None
    event: tuple[str, str] | None


def callers_of(described: Described) -> list[str]:
    """Return who is to try an operation: everybody, the owner and the one who signed in long ago where it has them."""
    policy = described.policy
    absent = {"owner"} if policy.owner is None else set()
    absent |= {"signed_in_long_ago"} if policy.step_up is None else set()
    one_short = [f"{_ALL_BUT}{name}" for name in policy.permissions] if len(policy.permissions) > 1 else []
    return [name for name in _TOKENS if name not in absent] + one_short


def person_behind(described: Described, caller: str) -> str:
    """Return the name of the person who calls; bad tokens speak of the admin."""
    if caller == "signed_in_long_ago":
        return "owner" if described.policy.owner else "admin"
    owner_of_token = _token_name(caller) or "nobody"
    return "admin" if owner_of_token in ("expired", "tampered") else owner_of_token


def held_by(described: Described, caller: str) -> frozenset[str]:
    """Return the permissions of a caller, as permissions.yaml and the operation's policy have it."""
    needed, all_there_are = frozenset(described.policy.permissions), frozenset(described.permissions)
    person = person_behind(described, caller)
    if caller == "just_that_permission":
        return EVERYBODY | needed
    if caller == "everything_else":
        return (all_there_are - needed) | EVERYBODY
    if caller.startswith(_ALL_BUT):
        return (all_there_are - {caller.removeprefix(_ALL_BUT)}) | EVERYBODY
    if person in ("admin", "suspended", "ended"):
        return all_there_are
    role = "guest" if person == "owner" else person
    return frozenset(name for name, permission in described.permissions.items() if role in permission.roles)


def token_of(described: Described, caller: str, world: World) -> str | None:
    """Have the caller ready, and return their token."""
    if _token_name(caller) == "tailored":
        world.grant(*held_by(described, caller))
    if caller == "signed_in_long_ago":
        assert described.policy.step_up is not None
        recency = world.service.config.recencies[described.policy.step_up]
        return world.grow_old(person_behind(described, caller), recency + 1)
    name = _token_name(caller)
    return world.tokens[name] if name else None


def verdict_on(
    described: Described, caller: str, request: Request, world: World, *, held: frozenset[str] | None = None
) -> Verdict:
    """Return what the policy says to a caller's request.

    Args:
        held: the permissions of their role; None: those of `held_by`.
    """
    policy, success = described.policy, Ending(described.success, None)
    if policy.public:
        return Verdict(success, (), None, None)
    if caller in _BEFORE_A_DECISION:
        return Verdict(_BEFORE_A_DECISION[caller], (), None, None)
    person = world.people[person_behind(described, caller)]
    held = held_by(described, caller) if held is None else held
    is_owner = policy.owner is not None and request.values[policy.owner] == str(person.id)
    fields: tuple[str, ...] = ()
    reason, ending = None, success
    if caller in _SESSION_OVER:
        reason, ending = _SESSION_OVER[caller], Ending(401, "SESSION_ENDED")
    elif not is_owner and not held.issuperset(policy.permissions):
        reason, ending = "permission_missing", Ending(403, "FORBIDDEN")
    elif caller == "signed_in_long_ago":
        reason, ending = "step_up_required", Ending(403, "STEP_UP_REQUIRED")
    elif refused := [path for path, name in policy.write_permissions if name not in held and _sets(request.body, path)]:
        fields, ending = tuple(".".join(path) for path in refused), Ending(403, "FORBIDDEN")
    target = f"{policy.target[0]}:{request.values[policy.target[1]]}" if policy.target else None
    decision = {
        "actor": person.id,
        "role": person.role,
        "action": policy.operation_id,
        "permission": " ".join(policy.permissions),
        "outcome": "denied" if reason else "allowed",
        "reason": reason,
        "target": target,
        "details": None,
    }
    outcome = "succeeded" if ending == success else "failed"
    return Verdict(ending, fields, decision, None if reason or policy.safe else (policy.event, outcome))


def _token_name(caller: str) -> str | None:
    return "tailored" if caller.startswith(_ALL_BUT) else _TOKENS[caller]


def _sets(body: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if not isinstance(body, dict) or name not in body:
            return False
        body = body[name]
    return True
